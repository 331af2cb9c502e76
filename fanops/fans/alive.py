"""Chance of being alive and expected orders: the BG/NBD model, fitted by maximum likelihood, checked on held-out time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, gammaln, hyp2f1

LEAST_FANS = 100


@dataclass(frozen=True)
class AliveModel:
    """A fitted BG/NBD model.

    Attributes:
        r: Shape of the gamma over purchase rates.
        alpha: Its scale, days.
        a: First parameter of the beta over dropping out after a purchase.
        b: Its second.

    Source:
        Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2).
    """

    r: float
    alpha: float
    a: float
    b: float

    def alive(self, history: pd.DataFrame) -> NDArray[np.float64]:
        """Give each customer's chance of being still a customer, 0–1 (see ``histories`` for the columns)."""
        x, last, age = (history[name].to_numpy(float) for name in ("repeats", "last_day", "age_days"))
        odds = (
            np.log(self.a) - np.log(self.b + np.maximum(x, 1) - 1)
            + (self.r + x) * (np.log(self.alpha + age) - np.log(self.alpha + last))
        )  # fmt: skip
        return np.where(x == 0, 1.0, expit(-odds))

    def expected(self, history: pd.DataFrame, days: float) -> NDArray[np.float64]:
        """Give each customer's expected number of orders in the next ``days``."""
        x, age = history["repeats"].to_numpy(float), history["age_days"].to_numpy(float)
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        share = days / (alpha + age + days)
        grown = ((alpha + age) / (alpha + age + days)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, share)
        return (a + b + x - 1) / (a - 1) * (1 - grown) * self.alive(history)


def histories(orders: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    """Give what the model reads of each buyer.

    Args:
        orders: Rows ``fan_id, placed_at``; several orders of a day are one purchase.
        until: End of the time observed.

    Returns:
        By fan id: ``repeats`` (purchase days after the first), ``last_day`` (days from first to last), ``age_days`` (days from
        first to ``until``).
    """
    known = orders[orders["placed_at"] <= until]
    days = (
        known.assign(day=known["placed_at"].dt.floor("D")).drop_duplicates(["fan_id", "day"]).groupby("fan_id")["day"]
    )
    first, last = days.min(), days.max()
    return pd.DataFrame(
        {"repeats": days.size() - 1, "last_day": (last - first).dt.days, "age_days": (until.floor("D") - first).dt.days}
    )


def fit_alive(history: pd.DataFrame) -> AliveModel:
    """Fit the model.

    Args:
        history: As ``histories`` gives it.

    Raises:
        ValueError: Fewer than 100 buyers.
    """
    if len(history) < LEAST_FANS:
        raise ValueError(f"at least {LEAST_FANS} buyers")
    cells = history.groupby(["repeats", "last_day", "age_days"]).size()
    x, last, age = (cells.index.get_level_values(place).to_numpy(float) for place in range(3))
    weight = cells.to_numpy(float) / len(history)

    def loss(logs: NDArray[np.float64]) -> float:
        r, alpha, a, b = np.exp(logs)
        base = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + _log_beta(a, b + x) - _log_beta(a, b)
        alive = -(r + x) * np.log(alpha + age)
        with np.errstate(divide="ignore"):
            gone = np.where(
                x > 0, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + last), -np.inf
            )
        # A little pull to the middle keeps tiny samples from running away.
        return float(-(weight @ (base + np.logaddexp(alive, gone))) + 1e-3 * np.mean(logs**2))

    found = minimize(loss, np.log([1.0, 10.0, 1.5, 3.0]), method="L-BFGS-B", bounds=[(-6, 8)] * 4)
    return AliveModel(*(float(value) for value in np.exp(found.x)))


def _log_beta(a: float, b: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return gammaln(a) + gammaln(b) - gammaln(a + b)


def calibration(orders: pd.DataFrame, until: pd.Timestamp, held_out_days: int = 28, groups: int = 5) -> pd.DataFrame:
    """Check the model: fit without the last days, predict them, and compare with what happened.

    Args:
        orders: Rows ``fan_id, placed_at``.
        until: End of the held-out days.
        held_out_days: How many are held out.
        groups: Fans are grouped by predicted orders into so many equal groups.

    Returns:
        Rows ``group`` (1 the least), ``fans, predicted, observed``: mean orders (purchase days) per fan in the held-out days.

    Raises:
        ValueError: Fewer than 100 buyers before the held-out days.
    """
    border = until - pd.Timedelta(days=held_out_days)
    history = histories(orders, border)
    predicted = pd.Series(fit_alive(history).expected(history, held_out_days), index=history.index)
    later = orders[(orders["placed_at"] > border) & (orders["placed_at"] <= until)]
    days = later.assign(day=later["placed_at"].dt.floor("D")).drop_duplicates(["fan_id", "day"])
    observed = days.groupby("fan_id").size().reindex(history.index, fill_value=0)
    place = np.ceil(predicted.rank(method="first") * groups / len(predicted)).astype(int)
    table = pd.DataFrame({"group": place, "predicted": predicted, "observed": observed}).groupby("group")
    return table.agg(
        fans=("predicted", "size"), predicted=("predicted", "mean"), observed=("observed", "mean")
    ).reset_index()
