"""Which store says what more often than the others: every theme in every store, false discoveries controlled; pure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fanops.intervals import more_often, wilson


def contrast_stores(frame: pd.DataFrame) -> pd.DataFrame:
    """Compare each theme's share in each store with its share in all other stores together.

    With a dozen stores and themes some cell is always half as much again as the others, by chance alone.

    Args:
        frame: Rows of ``theme_by_store``; ``independent`` may be missing: then each unit counts as one.

    Returns:
        The same rows with ``share`` and its interval ``low, high``, ``other_share`` (NaN without another store), and ``q``:
        the chance of so much more in this store, corrected for all cells, also those in which nothing was said.

    Source:
        Conditional binomial test (Przyborowski & Wilenski 1940); Benjamini & Hochberg 1995; counts over a design effect, as
        one person's units are no independent ones (Rao & Scott 1992; the effective number is Kish's).
    """
    from scipy.stats import false_discovery_control

    told = frame.assign(independent=frame.get("independent", frame["units"]).astype(float))
    stores = told.drop_duplicates("store_id")["store_units"]
    whole = told.groupby("theme_id")[["units", "independent"]].transform("sum")
    others = (whole["units"] - told["units"]).to_numpy()
    other_worth = (whole["independent"] - told["independent"]).to_numpy()
    other_base = (stores.sum() - told["store_units"]).to_numpy()
    each = (told["units"] / told["independent"]).to_numpy()  # units that count as one
    with np.errstate(invalid="ignore", divide="ignore"):
        other_each = np.where(others > 0, others / other_worth, each)
        other_share = others / other_base
    base = told["store_units"].to_numpy() / each
    chances = more_often(told["independent"], base, other_worth, other_base / other_each)
    silent = told["theme_id"].nunique() * len(stores) - len(told)
    corrected = false_discovery_control(np.append(chances, np.ones(silent)))[: len(told)]
    low, high = wilson(told["independent"], base)
    return told.assign(
        share=told["units"] / told["store_units"], low=low, high=high, other_share=other_share, q=corrected
    )
