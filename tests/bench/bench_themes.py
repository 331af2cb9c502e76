"""Themes against rivals on the same vectors, in one run: V-measure, themes, unassigned, seconds.

    python tests/bench/bench_themes.py DATA_FOLDER OUT_FOLDER

Writes ``themes.json`` and ``themes.md``. Deterministic but for the clock.
"""

from __future__ import annotations

import collections
import csv
import io
import json
import platform
import random
import sys
import time
import zipfile
from pathlib import Path

import numpy as np

from fanops.text.encoder import load_encoder
from fanops.text.tokens import tokenizer
from fanops.themes.discovery import discover
from fanops.themes.parameters import Parameters


def restaurant_clauses(folder: Path) -> tuple[list[str], list[str]]:
    """At most 700 clauses of each aspect."""
    with (folder / "restaurant_clauses.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    by_aspect = collections.defaultdict(list)
    for row in rows:
        by_aspect[row["aspect"]].append(row["text"])
    draw = random.Random(0)
    texts, labels = [], []
    for aspect, group in sorted(by_aspect.items()):
        for text in draw.sample(group, min(700, len(group))):
            texts.append(text)
            labels.append(aspect)
    return texts, labels


def shopping_reviews(folder: Path) -> tuple[list[str], list[str]]:
    """All reviews of ten categories."""
    with zipfile.ZipFile(folder / "online_shopping_10_cats.zip") as archive:
        text = archive.read("online_shopping_10_cats.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    return [row["review"] for row in rows], [row["cat"] for row in rows]


def written_sets() -> dict[str, tuple[list[str], list[str]]]:
    """Sentences that one person wrote for measuring, without seeing what the encoder learns from; topic of each."""
    found = {}
    for path in sorted((Path(__file__).parents[1] / "data" / "unseen").glob("*.csv")):
        with path.open(encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        found[f"own set: {path.stem}"] = [row["text"] for row in rows], [row["topic"] for row in rows]
    return found


def score(name: str, method: str, labels: np.ndarray, truth: list[str], seconds: float) -> dict:
    """One row of the table; unassigned units count as a label of their own."""
    from sklearn.metrics import v_measure_score

    found = np.asarray(labels)
    return {"data": name, "method": method, "v": round(float(v_measure_score(truth, found)), 3),
            "themes": len(set(found.tolist()) - {-1}), "unassigned": round(float((found < 0).mean()), 3),
            "seconds": round(seconds, 1)}  # fmt: skip


def main(folder: Path, out: Path) -> None:
    """Run everything and write the table."""
    from sklearn.cluster import KMeans

    encoder, words = load_encoder(), tokenizer()
    rows = []
    for name, (texts, truth) in {
        "restaurant clauses": restaurant_clauses(folder),
        "shopping reviews": shopping_reviews(folder),
        **written_sets(),
    }.items():
        for granularity in ("coarse", "normal", "fine"):
            began = time.perf_counter()
            found = discover(texts, None, encoder, words, Parameters(granularity=granularity))
            rows.append(score(name, f"fanops {granularity}", found.labels, truth, time.perf_counter() - began))
        began = time.perf_counter()
        found = discover(texts, None, encoder, words, Parameters(method="hdbscan"))
        rows.append(score(name, "hdbscan, same vectors", found.labels, truth, time.perf_counter() - began))
        began = time.perf_counter()
        labels = KMeans(len(set(truth)), n_init=1, random_state=0).fit_predict(found.vectors)
        rows.append(score(name, "k-means, number of labels known", labels, truth, time.perf_counter() - began))
    out.mkdir(parents=True, exist_ok=True)
    about = {
        "machine": platform.platform(),
        "python": platform.python_version(),
        "encoder": encoder.fingerprint,
        "rows": rows,
    }
    (out / "themes.json").write_text(json.dumps(about, ensure_ascii=False, indent=1), "utf-8")
    lines = ["| data | method | V | themes | unassigned | seconds |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {r['data']} | {r['method']} | {r['v']} | {r['themes']} | {r['unassigned']:.1%} | {r['seconds']} |"
        for r in rows
    ]
    (out / "themes.md").write_text("\n".join(lines) + "\n", "utf-8")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
