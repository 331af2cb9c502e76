"""What twenty corrections per theme bring: V and share of rightly placed units, on the units that nobody corrected.

    python tests/bench/bench_teach.py DATA_FOLDER OUT_FOLDER

A person is simulated who takes twenty units of each label at random and puts each into the theme that is its label's (one theme per label,
best match first; a label without one gets a new theme). Three draws each, the mean is shown. ``ceiling`` is the V of a classifier on the same
vectors that was given half of all labels: what no number of corrections can pass. Writes ``teach.json`` and ``teach.md``.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from pathlib import Path

import numpy as np
from bench_themes import restaurant_clauses, shopping_reviews, written_sets
from scipy.optimize import linear_sum_assignment

from fanops.text.encoder import load_encoder
from fanops.text.tokens import tokenizer
from fanops.themes.discovery import discover
from fanops.themes.parameters import Parameters
from fanops.themes.teach import generalise

EACH, DRAWS, MOST = 20, 3, 12_000


def theme_of_label(truth: np.ndarray, themes: np.ndarray) -> dict[str, int]:
    """Give the theme that stands for each label: one to one by shared units, the labels left over get new ones."""
    labels = np.unique(truth)
    shared = np.array([np.bincount(themes[truth == label], minlength=themes.max() + 1)[1:] for label in labels])
    rows, columns = linear_sum_assignment(-shared)
    found = {labels[row]: int(column) + 1 for row, column in zip(rows, columns, strict=True)}
    new = iter(range(int(themes.max()) + 1, int(themes.max()) + 1 + len(labels)))
    return {label: found[label] if label in found else next(new) for label in labels}


def ceiling(vectors: np.ndarray, truth: np.ndarray) -> float:
    """Give the V of a classifier taught with every second unit, on the others."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import v_measure_score

    model = LogisticRegression(C=10, max_iter=300).fit(vectors[::2], truth[::2])
    return float(v_measure_score(truth[1::2], model.predict(vectors[1::2])))


def corrected(name: str, texts: list[str], labels: list[str], parameters: Parameters) -> dict:
    """Give one row of the table."""
    from sklearn.metrics import v_measure_score

    found = discover(texts, None, load_encoder(), tokenizer(), parameters)
    truth, themes = np.array(labels), found.labels.astype(np.int64) + 1
    to = theme_of_label(truth, themes)
    right = np.array([to[label] for label in truth])
    figures = []
    for seed in range(DRAWS):
        draw = np.random.default_rng(seed)
        chosen = np.concatenate([
            draw.choice(np.flatnonzero(truth == label), min(EACH, int((truth == label).sum())), replace=False) for label in to
        ])  # fmt: skip
        rest = np.setdiff1d(np.arange(len(truth)), chosen)
        began = time.process_time()
        after = generalise(found.vectors, themes, {int(at): int(right[at]) for at in chosen})
        seconds = time.process_time() - began
        figures.append([
            v_measure_score(truth[rest], themes[rest]), v_measure_score(truth[rest], after[rest]),
            np.mean(themes[rest] == right[rest]), np.mean(after[rest] == right[rest]), seconds,
        ])  # fmt: skip
    mean = np.mean(figures, axis=0)
    return {
        "data": name, "texts": len(texts), "start": f"{parameters.method} {parameters.granularity}", "labels": len(to),
        "V before": round(mean[0], 3), "V after": round(mean[1], 3), "ceiling": round(ceiling(found.vectors, truth), 3),
        "right before": round(mean[2], 3), "right after": round(mean[3], 3), "CPU seconds": round(mean[4], 1),
    }  # fmt: skip


def main(folder: Path, out: Path) -> None:
    """Run everything and write the table."""
    shopping = shopping_reviews(folder)
    some = np.sort(np.random.default_rng(0).choice(len(shopping[0]), MOST, replace=False))
    with (folder / "waimai_10k.csv").open(encoding="utf-8-sig") as file:
        delivery = list(csv.DictReader(file))
    sets = {
        "restaurant clauses, aspect": restaurant_clauses(folder),
        "shopping reviews, category": tuple([part[at] for at in some] for part in shopping),
        "delivery reviews, pleased or not": ([row["review"] for row in delivery], [row["label"] for row in delivery]),
        **written_sets(),
    }
    starts = [Parameters(), Parameters(granularity="fine"), Parameters(method="hdbscan")]
    rows = [corrected(name, *data, start) for name, data in sets.items() for start in starts]
    out.mkdir(parents=True, exist_ok=True)
    (out / "teach.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    lines += ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows]
    (out / "teach.md").write_text("\n".join(lines) + "\n", "utf-8")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
