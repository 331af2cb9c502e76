"""Themes against the tools that people pick today, on the same vectors, in one run: quality of the partition and of the words.

    pip install --group bench; python tests/bench/bench_rivals.py DATA_FOLDER OUT_FOLDER [most texts per set]

BERTopic as it comes (UMAP to five dimensions, HDBSCAN from ten texts on) is given our vectors and our words; UMAP + HDBSCAN is the same with
clusters from 1 % of the texts on; both are warmed up beforehand, as numba compiles at the first call. Units in no theme count as a label
of their own. NPMI of the ten first words of each theme over the texts themselves; diversity: share of different words among them.
Writes ``rivals.json`` and ``rivals.md``.
"""

from __future__ import annotations

import itertools
import json
import platform
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from bench_themes import restaurant_clauses, shopping_reviews
from scipy import sparse

from fanops.text.encoder import load_encoder
from fanops.text.table_file import read_sheet
from fanops.text.tokens import tokenizer
from fanops.themes.discovery import discover
from fanops.themes.keywords import WordCounts
from fanops.themes.parameters import Parameters

Found = tuple[np.ndarray, list[list[str]]]
WORDS = 10


def coherence(words: Sequence[Sequence[str]], tokens: Sequence[Sequence[str]]) -> float:
    """Give the mean normalised pointwise mutual information of the word pairs of each theme; −1 to 1."""
    wanted = {word: at for at, word in enumerate(sorted(set(itertools.chain.from_iterable(words))))}
    rows, columns = [], []
    for row, text in enumerate(tokens):
        for word in set(text) & wanted.keys():
            rows.append(row)
            columns.append(wanted[word])
    stands = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(tokens), len(wanted)))
    together = np.asarray((stands.T @ stands).todense()) / len(tokens)
    alone = together.diagonal()
    per_theme = []
    for group in words:
        pairs = [(wanted[a], wanted[b]) for a, b in itertools.combinations(group, 2)]
        values = [
            np.log(together[a, b] / (alone[a] * alone[b])) / -np.log(together[a, b]) if together[a, b] else -1.0
            for a, b in pairs
        ]
        if values:
            per_theme.append(float(np.mean(values)))
    return float(np.mean(per_theme))


def rivals(
    texts: list[str], vectors: np.ndarray, tokens: list[list[str]], truth: list[str] | None
) -> dict[str, Callable[[], Found]]:
    """Give what is compared, by name; each gives a label per text and words per theme."""
    encoder, words = load_encoder(), tokenizer()
    counts = WordCounts(tokens, np.ones(len(texts), dtype=np.int64))

    def ours(granularity: str) -> Callable[[], Found]:
        def run() -> Found:
            found = discover(texts, None, encoder, words, Parameters(granularity=granularity))
            return found.labels, [[word for word, _ in group.keywords[:WORDS]] for group in found.themes]

        return run

    def with_words(labels: np.ndarray) -> Found:
        labels = np.asarray(labels, dtype=np.int32)
        return labels, [[word for word, _ in group] for group in counts.keywords(labels, WORDS)]

    def bertopic() -> Found:
        from bertopic import BERTopic
        from sklearn.feature_extraction.text import CountVectorizer
        from umap import UMAP

        vectorizer = CountVectorizer(tokenizer=words.content_tokens, token_pattern=None, lowercase=False)
        reduced = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=0, n_jobs=1)
        # told that the texts are English, as it is by default, it would throw every Chinese character away
        model = BERTopic(
            language="chinese (simplified)", umap_model=reduced, vectorizer_model=vectorizer, top_n_words=WORDS
        )
        labels, _ = model.fit_transform(texts, vectors)
        topics = [topic for topic in sorted(model.get_topics()) if topic >= 0]
        return np.array(labels), [[word for word, _ in model.get_topic(topic) if word] for topic in topics]

    def umap_hdbscan() -> Found:
        from hdbscan import HDBSCAN
        from umap import UMAP

        reduced = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=0, n_jobs=1)
        return with_words(
            HDBSCAN(min_cluster_size=max(10, len(texts) // 100)).fit_predict(reduced.fit_transform(vectors))
        )

    def k_means() -> Found:
        from sklearn.cluster import KMeans

        return with_words(KMeans(len(set(truth or ())), n_init=1, random_state=0).fit_predict(vectors))

    named = {f"fanops {each}": ours(each) for each in ("coarse", "normal", "fine")}
    named |= {"BERTopic": bertopic, "UMAP + HDBSCAN": umap_hdbscan}
    return named | ({"k-means, number of labels known": k_means} if truth else {})


def measured(
    name: str, method: str, run: Callable[[], Found], truth: list[str] | None, tokens: list[list[str]]
) -> dict:
    """Give one row of the table."""
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    began = time.perf_counter()
    cpu = time.process_time()
    labels, words = run()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    first = list(itertools.chain.from_iterable(words))
    return {
        "data": name, "texts": len(labels), "method": method,
        "v": round(float(v_measure_score(truth, labels)), 3) if truth else None,
        "ari": round(float(adjusted_rand_score(truth, labels)), 3) if truth else None,
        "themes": len(set(labels.tolist()) - {-1}), "unassigned": round(float((labels < 0).mean()), 3),
        "npmi": round(coherence(words, tokens), 3), "diversity": round(len(set(first)) / max(1, len(first)), 3),
        "seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1),
    }  # fmt: skip


def main(folder: Path, out: Path, most: int | None) -> None:
    """Run everything and write the table."""
    warnings.simplefilter("ignore")
    encoder, words = load_encoder(), tokenizer()
    reviews = [text for text in read_sheet(folder / "waimai_10k.csv", "review").column("review") if text.strip()]
    sets = {
        "restaurant clauses": restaurant_clauses(folder), "delivery reviews": (reviews, None),
        "shopping reviews": shopping_reviews(folder),
    }  # fmt: skip
    rows = []
    for name, (texts, truth) in sets.items():
        if most and len(texts) > most:
            chosen = np.sort(np.random.default_rng(0).choice(len(texts), most, replace=False))
            texts, truth = [texts[at] for at in chosen], [truth[at] for at in chosen] if truth else None
        vectors, tokens = encoder.encode(texts), [words.content_tokens(text[:400]) for text in texts]
        if not rows:
            few = slice(0, 600)
            for each in rivals(texts[few], vectors[few], tokens[few], None).values():
                each()
        for method, run in rivals(texts, vectors, tokens, truth).items():
            rows.append(measured(name, method, run, truth, tokens))
            sys.stderr.write(f"{rows[-1]}\n")
    out.mkdir(parents=True, exist_ok=True)
    tools = {each: version(each) for each in ("bertopic", "umap-learn", "hdbscan", "scikit-learn", "numpy", "numba")}
    about = {
        "machine": platform.platform(),
        "python": platform.python_version(),
        "encoder": encoder.fingerprint,
        "versions": tools,
    }
    (out / "rivals.json").write_text(json.dumps({**about, "rows": rows}, ensure_ascii=False, indent=1), "utf-8")
    heading = list(rows[0])
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    lines += [
        "| " + " | ".join("—" if row[each] is None else str(row[each]) for each in heading) + " |" for row in rows
    ]
    (out / "rivals.md").write_text("\n".join(lines) + "\n", "utf-8")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
