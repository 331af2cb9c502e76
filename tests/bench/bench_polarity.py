"""Polarity on text of domains that the model never saw: accuracy and seconds.

    python tests/bench/bench_polarity.py DATA_FOLDER OUT_FOLDER

Writes ``polarity.json`` and ``polarity.md``. The reviews have two labels; a value of 0 counts as wrong.
"""

from __future__ import annotations

import collections
import csv
import io
import json
import sys
import time
import zipfile
from pathlib import Path

import numpy as np

from fanops.text.polarity import polarity

_CLAUSE = {"POS": 1, "NEU": 0, "NEG": -1}
_OWN = Path(__file__).parents[1] / "data"


def labelled_sets(folder: Path) -> dict[str, tuple[list[str], list[int]]]:
    """Texts and values by name of the set."""
    found: dict[str, tuple[list[str], list[int]]] = {}
    with (folder / "waimai_10k.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    found["delivery reviews"] = [row["review"] for row in rows], [1 if row["label"] == "1" else -1 for row in rows]
    with zipfile.ZipFile(folder / "online_shopping_10_cats.zip") as archive:
        text = archive.read("online_shopping_10_cats.csv").decode("utf-8-sig")
    groups = collections.defaultdict(list)
    for row in csv.DictReader(io.StringIO(text)):
        groups[row["cat"]].append(row)
    for category, group in groups.items():
        found[f"reviews: {category}"] = [r["review"] for r in group], [1 if r["label"] == "1" else -1 for r in group]
    with (folder / "restaurant_clauses.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    found["restaurant clauses (trained on)"] = [r["text"] for r in rows], [_CLAUSE[r["polarity"]] for r in rows]
    for path in (_OWN / "negation.csv", _OWN / "negation_wide.csv", *sorted((_OWN / "unseen").glob("*.csv"))):
        with path.open(encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        found[f"own set: {path.stem}"] = [r["text"] for r in rows], [int(r["polarity"]) for r in rows]
    return found


def main(folder: Path, out: Path) -> None:
    """Run everything and write the table."""
    polarity(["热身"])
    rows = []
    for name, (texts, truth) in labelled_sets(folder).items():
        began = time.perf_counter()
        found = polarity(texts)
        seconds = time.perf_counter() - began
        alone = polarity(texts, adapt=False)
        right, right_alone = (float(np.mean(each.values == np.array(truth))) for each in (found, alone))
        rows.append({"data": name, "texts": len(texts), "accuracy": round(right, 3), "each text alone": round(right_alone, 3),
                     "seconds": round(seconds, 1)})  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / "polarity.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
    lines = ["| data | texts | accuracy | each text alone | seconds |", "|---|---|---|---|---|"]
    lines += ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows]
    (out / "polarity.md").write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
