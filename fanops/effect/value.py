"""What an effect is worth: revenue more than there would have been, per store and in all, with interval; pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from fanops.effect.did import Effect
from fanops.effect.panel import Panel


@dataclass(frozen=True)
class Value:
    """带来的营业额 since the start, in the units of the panel (yuan).

    Attributes:
        total: Over all treated stores and periods.
        low: Lower end of its 95 % interval.
        high: Upper end.
        by_store: ``unit, periods, value, low, high``.
    """

    total: float
    low: float
    high: float
    by_store: pd.DataFrame


def value_of(panel: Panel, effect: Effect) -> Value:
    """Turn relative effects into amounts: what was taken, minus what would have been.

    Args:
        panel: The panel that the effect was estimated on.
        effect: Its estimate; each store's share and interval are in ``by_store``.
    """
    place = {unit: n for n, unit in enumerate(panel.units)}
    rows = []
    for row in effect.by_store.itertuples():
        after = panel.values[place[row.unit], panel.start[place[row.unit]] :]
        taken = after[np.isfinite(after)]
        amounts = [_more(effect, taken, share) for share in (row.estimate_share, row.low_share, row.high_share)]
        rows.append((row.unit, len(taken), *amounts))
    by_store = pd.DataFrame(rows, columns=["unit", "periods", "value", "low", "high"])
    everything = np.concatenate([panel.values[place[u], panel.start[place[u]] :] for u in by_store["unit"]])
    taken = everything[np.isfinite(everything)]
    total, low, high = (_more(effect, taken, s) for s in (effect.estimate_share, effect.low_share, effect.high_share))
    return Value(total, low, high, by_store)


def _more(effect: Effect, taken: np.ndarray, share: float) -> float:
    if effect.scale == "log":
        return float(taken.sum() * share / (1 + share))
    return float(share * abs(effect.counterfactual) * len(taken))
