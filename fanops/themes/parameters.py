"""The parameters of a theme run: stored on the run, so that it can be repeated."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from fanops.errors import InvalidInput

GRANULARITIES = {"coarse": 0.2, "normal": 0.5, "fine": 1.2}
METHODS = ("graph", "hdbscan")
FEWEST = 10


@dataclass(frozen=True)
class Parameters:
    """运行参数.

    Attributes:
        granularity: ``coarse``, ``normal`` or ``fine``: fewer, larger themes or more, smaller ones.
        method: ``graph`` (communities of a neighbour graph) or ``hdbscan`` (dense cores, the rest unassigned).
        min_people: A theme is said by at least this many distinct people.
        neighbours: Neighbours per unit in the graph, at most; fewer are used for small sets.
        fit_most: Distinct texts the partition is fitted on; the rest is assigned.
        least_strength: Units whose best similarity is lower stay unassigned (0: none, 1: all).
        seed: Of every random step.
    """

    granularity: str = "normal"
    method: str = "graph"
    min_people: int = 3
    neighbours: int = 20
    fit_most: int = 12_000
    least_strength: float = 0.15
    seed: int = 7

    def __post_init__(self) -> None:
        if self.granularity not in GRANULARITIES:
            raise InvalidInput(f"没有“{self.granularity}”这种粗细。", f"可用：{'、'.join(GRANULARITIES)}。")
        if self.method not in METHODS:
            raise InvalidInput(f"没有“{self.method}”这种方法。", f"可用：{'、'.join(METHODS)}。")

    @property
    def resolution(self) -> float:
        """Resolution of the community search."""
        return GRANULARITIES[self.granularity]

    def fingerprint(self) -> str:
        """Hash of all parameters, 16 hexadecimal digits."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]
