"""Priority (优先级): an open sum of parts between 0 and 1, each shown, with weights that a person may change."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from fanops.intervals import wilson

EFFORTS = {"small": "小", "medium": "中", "large": "大"}
_EASE = {"small": 1.0, "medium": 0.5, "large": 0.0}
_MUCH = 200  # distinct people from which reach counts fully


@dataclass(frozen=True)
class Weights:
    """How much each part counts; 0 leaves it out."""

    reach: float = 3.0
    tiers: float = 2.0
    negativity: float = 2.0
    trend: float = 2.0
    ease: float = 1.0


PARTS = {
    "reach": "影响面",
    "tiers": "核心粉丝至少占",
    "negativity": "不满至少占",
    "trend": "比平常多出的人",
    "ease": "容易做",
}


def parts(
    people: int,
    core_share: float,
    negative_share: float,
    ratio: float,
    effort: str = "medium",
    spoke: int | None = None,
) -> dict[str, float]:
    """Give each part of the score, 0–1.

    Five people of whom all are displeased core fans must not come before two hundred: shares count with the lower end of
    their interval, and what stands out counts by the people it is more than usual, not by how many times.

    Args:
        people: Distinct people who said it, the base of the shares.
        core_share: Share of core fans among them, 0–1, NaN counts as 0.
        negative_share: Share of displeased units, 0–1, NaN counts as 0.
        ratio: How many times as often as on the other side of the comparison; infinite for new themes.
        effort: A key of EFFORTS, judged by a person.
        spoke: Distinct people who said it on the side that stands out; ``people`` where not given.
    """

    def at_least(share: float) -> float:
        if math.isnan(share) or share <= 0:
            return 0.0
        return float(wilson([min(1.0, share) * people], [people])[0][0])

    def much(count: float) -> float:
        return min(1.0, math.log1p(max(0.0, count)) / math.log1p(_MUCH))

    usual = 0.0 if math.isinf(ratio) else 1 / ratio if ratio > 0 else 1.0
    return {
        "reach": much(people),
        "tiers": at_least(core_share),
        "negativity": at_least(negative_share),
        "trend": much((people if spoke is None else spoke) * (1 - usual)),
        "ease": _EASE[effort],
    }


def score(found: dict[str, float], weights: Weights = Weights()) -> float:
    """Give the weighted mean of the parts, 0–100; 0 when every weight is 0."""
    total = sum(getattr(weights, each.name) for each in fields(weights))
    return 100 * sum(getattr(weights, name) * value for name, value in found.items()) / total if total else 0.0
