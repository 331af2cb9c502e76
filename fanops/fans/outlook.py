"""What is expected of one fan: chance of being alive, orders in the next weeks, the next purchase; with the model's own record; pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from fanops.fans.alive import AliveModel, calibration, fit_alive, histories

LEAST_DAYS = 3  # purchase days of a fan below which nothing is said of them
HELD_OUT_DAYS = 28
FURTHEST_DAYS = 180
GROUPS = 5


@dataclass(frozen=True)
class FittedModel:
    """The brand's model as it was fitted at night, small enough to be kept with the brand.

    Attributes:
        r: See AliveModel; 0 where there is no model.
        alpha: See AliveModel.
        a: See AliveModel.
        b: See AliveModel.
        fitted_on: Day, ``2026-11-26``.
        buyers: How many buyers it was fitted on.
        bounds: Upper bounds of predicted orders of the groups of the calibration, GROUPS − 1 values.
        predicted: Mean predicted orders (purchase days) per fan and group in the held-out days.
        observed: Mean observed ones.
    """

    r: float = 0.0
    alpha: float = 0.0
    a: float = 0.0
    b: float = 0.0
    fitted_on: str = ""
    buyers: int = 0
    bounds: tuple[float, ...] = ()
    predicted: tuple[float, ...] = ()
    observed: tuple[float, ...] = ()

    @property
    def model(self) -> AliveModel:
        """The model itself."""
        return AliveModel(self.r, self.alpha, self.a, self.b)


@dataclass(frozen=True)
class Outlook:
    """What is expected of one fan.

    Attributes:
        purchase_days: Days on which they bought: the base.
        alive: Chance of still being a customer, 0–1.
        orders: Expected purchase days in the next HELD_OUT_DAYS.
        next_in_days: Days until one purchase is expected; None when later than FURTHEST_DAYS.
        predicted: Mean the model predicted for fans like this one in the held-out days.
        observed: What these fans did.
    """

    purchase_days: int
    alive: float
    orders: float
    next_in_days: int | None
    predicted: float
    observed: float


def fitted(orders: pd.DataFrame, until: pd.Timestamp) -> FittedModel:
    """Fit the model and its calibration.

    Args:
        orders: Rows ``fan_id, placed_at``.
        until: End of what is known.

    Returns:
        The model; an empty one (``buyers`` as counted) where there are too few buyers.
    """
    history = histories(orders, until)
    try:
        table = calibration(orders, until, HELD_OUT_DAYS, GROUPS)
        model = fit_alive(history)
    except ValueError:
        return FittedModel(fitted_on=f"{until:%Y-%m-%d}", buyers=len(history))
    bounds = np.quantile(model.expected(history, HELD_OUT_DAYS), np.arange(1, GROUPS) / GROUPS)
    return FittedModel(
        model.r, model.alpha, model.a, model.b, f"{until:%Y-%m-%d}", len(history),
        tuple(round(float(each), 6) for each in bounds), tuple(round(float(each), 4) for each in table["predicted"]),
        tuple(round(float(each), 4) for each in table["observed"]),
    )  # fmt: skip


def outlook_of(fit: FittedModel, moments: pd.Series, until: pd.Timestamp) -> Outlook | None:
    """Say what is expected of one fan.

    Args:
        fit: The brand's model.
        moments: When the fan's orders were placed.
        until: Now.

    Returns:
        None where there is no model or the fan bought on fewer than LEAST_DAYS days.
    """
    history = histories(pd.DataFrame({"fan_id": 0, "placed_at": moments}), until)
    days = int(history["repeats"].iloc[0]) + 1 if len(history) else 0
    if not fit.bounds or days < LEAST_DAYS:
        return None
    ahead = np.arange(1, FURTHEST_DAYS + 1)
    curve = np.array([fit.model.expected(history, float(day))[0] for day in ahead])
    reached = np.flatnonzero(curve >= 1)
    orders = float(curve[HELD_OUT_DAYS - 1])
    group = int(np.searchsorted(fit.bounds, orders, side="right"))
    return Outlook(
        days, float(fit.model.alive(history)[0]), orders, int(ahead[reached[0]]) if len(reached) else None,
        fit.predicted[group], fit.observed[group],
    )  # fmt: skip
