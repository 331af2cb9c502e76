"""Priority (优先级): an open sum of parts between 0 and 1, each shown, with weights that a person may change."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

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
    "tiers": "核心粉丝占比",
    "negativity": "不满占比",
    "trend": "上升或突出的倍数",
    "ease": "容易做",
}


def parts(
    people: int, core_share: float, negative_share: float, ratio: float, effort: str = "medium"
) -> dict[str, float]:
    """Give each part of the score, 0–1.

    Args:
        people: Distinct people who said it.
        core_share: Share of core fans among them, 0–1, NaN counts as 0.
        negative_share: Share of displeased units, 0–1, NaN counts as 0.
        ratio: How many times as often as on the other side of the comparison; infinite for new themes.
        effort: A key of EFFORTS, judged by a person.
    """

    def known(value: float) -> float:
        return 0.0 if math.isnan(value) else min(1.0, max(0.0, value))

    return {
        "reach": min(1.0, math.log1p(people) / math.log1p(_MUCH)),
        "tiers": known(core_share),
        "negativity": known(negative_share),
        "trend": 1.0 if math.isinf(ratio) else known(1 - 1 / ratio) if ratio > 0 else 0.0,
        "ease": _EASE[effort],
    }


def score(found: dict[str, float], weights: Weights = Weights()) -> float:
    """Give the weighted mean of the parts, 0–100; 0 when every weight is 0."""
    total = sum(getattr(weights, each.name) for each in fields(weights))
    return 100 * sum(getattr(weights, name) * value for name, value in found.items()) / total if total else 0.0
