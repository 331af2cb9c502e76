"""Identity: two runs, the second with 10 % more data; how many units keep their theme, how many themes their name.

    python tests/bench/bench_identity.py DATA_FOLDER OUT_FOLDER

Every eleventh text is left out of the first run, by draw; the second run has all. What a run does with the registry is done as
``run_discovery`` does it, without a database. The last rows are the hard case: 12,000 foreign reviews join the sample chain's voices.
Writes ``identity.json`` and ``identity.md``. Deterministic but for the clock.
"""

from __future__ import annotations

import csv
import json
import sys
from datetime import date
from pathlib import Path

import numpy as np
from bench_themes import restaurant_clauses, shopping_reviews

from fanops.sample.sayings import make_reviews
from fanops.text.encoder import load_encoder
from fanops.text.no_content import no_content
from fanops.text.tokens import tokenizer
from fanops.text.units import unit_texts
from fanops.themes.continuity import Known, stay
from fanops.themes.discovery import discover
from fanops.themes.identity import Registered, match_clusters
from fanops.themes.parameters import GRANULARITIES, Parameters

DRAWS, MOST, LEFT_OUT = 3, 12_000, 11
_SAME_NAME_SHARE = 0.7


def units_of(texts: list[str]) -> tuple[list[str], list[int]]:
    """Cut texts into units with content; with the voice of each."""
    units = [(voice, unit) for voice, text in enumerate(texts) for unit in unit_texts(text)]
    empty = no_content(unit for _, unit in units)
    kept = [each for each, without in zip(units, empty, strict=True) if not without]
    return [unit for _, unit in kept], [voice for voice, _ in kept]


def two_runs(texts: list[str], voices: list[int], early: np.ndarray, parameters: Parameters) -> dict:
    """Run on the early texts, then on all.

    Args:
        texts: All texts.
        voices: Voice of each.
        early: Places of those that the first run has, in ascending order.
        parameters: Of both runs.
    """
    encoder, words = load_encoder(), tokenizer()
    first = discover([texts[at] for at in early], None, encoder, words, parameters, voices=[voices[at] for at in early])
    before = np.zeros(len(texts), dtype=np.int64)
    before[early] = first.labels + 1
    registry = [
        Registered(label + 1, frozenset(np.flatnonzero(before == label + 1).tolist()), group.centroid)
        for label, group in enumerate(first.themes)
    ]
    found = discover(texts, None, encoder, words, parameters, known=Known(before - 1), voices=voices)
    clusters = [frozenset(np.flatnonzero(found.labels == label).tolist()) for label in range(len(found.themes))]
    matching = match_clusters(registry, clusters, np.stack([group.centroid for group in found.themes]))
    ids = np.array([match.theme_id or 1000 + match.cluster for match in matching.matches])
    after = np.where(found.labels >= 0, ids[found.labels], 0)
    centres = {int(theme): group.centroid for theme, group in zip(ids, found.themes, strict=True) if theme < 1000}
    after = stay(found.vectors, after, before, centres)
    named = 0
    for match in matching.matches:
        own = (found.labels == match.cluster) & ((before == 0) | (before == match.theme_id))
        named += match.theme_id is not None and match.shared_units >= _SAME_NAME_SHARE * int(own.sum())
    kinds = [match.kind for match in matching.matches]
    lay = before > 0
    return {
        "units": len(texts), "kept": float(np.mean(after[lay] == before[lay])), "themes": len(first.themes),
        "names kept": int(named), "new": kinds.count("born") + kinds.count("split"), "ended": len(matching.died),
    }  # fmt: skip


def more(name: str, texts: list[str], voices: list[int], granularity: str) -> dict:
    """Give the row of one set: the mean and the worst of some draws of what comes later."""
    rows = []
    for seed in range(DRAWS):
        said = np.unique(voices)
        late = np.random.default_rng(seed).choice(said, len(said) // LEFT_OUT, replace=False)
        early = np.flatnonzero(~np.isin(voices, late))
        rows.append(two_runs(texts, voices, early, Parameters(granularity=granularity)))
    mean = {
        key: round(float(np.mean([row[key] for row in rows])), 1) for key in rows[0] if key not in ("units", "kept")
    }
    kept = [row["kept"] for row in rows]
    return {"data": name, "units": len(texts), "granularity": granularity, "kept": f"{np.mean(kept):.1%}",
            "worst draw": f"{min(kept):.1%}"} | mean  # fmt: skip


def main(folder: Path, out: Path) -> None:
    """Run everything and write the table."""
    with (folder / "waimai_10k.csv").open(encoding="utf-8-sig") as file:
        delivery = [row["review"] for row in csv.DictReader(file)]
    shopping = shopping_reviews(folder)[0]
    some = np.sort(np.random.default_rng(0).choice(len(shopping), MOST, replace=False))
    sample, sample_voices = units_of([said.text for said in make_reviews(date(2026, 3, 1))])
    foreign = [shopping[at] for at in some]
    rowwise = {
        "restaurant clauses": restaurant_clauses(folder)[0],
        "delivery reviews": delivery,
        "shopping reviews": foreign,
    }
    sets = {name: (texts, list(range(len(texts)))) for name, texts in rowwise.items()}
    sets |= {"delivery reviews, units": units_of(delivery), "sample chain, units": (sample, sample_voices)}
    rows = [more(name, *each, granularity) for name, each in sets.items() for granularity in GRANULARITIES]
    for granularity in GRANULARITIES:
        voices = [*sample_voices, *range(sample_voices[-1] + 1, sample_voices[-1] + 1 + len(foreign))]
        row = two_runs(sample + foreign, voices, np.arange(len(sample)), Parameters(granularity=granularity))
        rows.append({"data": "sample chain, then 12,000 foreign reviews", "units": row.pop("units"),
                     "granularity": granularity, "kept": f"{row['kept']:.1%}", "worst draw": ""}
                    | {key: value for key, value in row.items() if key != "kept"})  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / "identity.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    lines += ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows]
    (out / "identity.md").write_text("\n".join(lines) + "\n", "utf-8")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
