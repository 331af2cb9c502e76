"""Voices made ready before any transaction begins: cut into units, each judged. Pure, so that it can run anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fanops.text.aspects import AspectPack, aspects
from fanops.text.no_content import no_content
from fanops.text.polarity import polarity
from fanops.text.units import split_many


@dataclass(frozen=True)
class PreparedUnits:
    """Units of many texts, judged; every array has one entry per unit.

    Attributes:
        voice: Place of its text.
        start: First character.
        end: Past the last character.
        no_content: Says nothing.
        polarity: −1, 0 or 1; −9 where it was not judged.
        probability: Of the polarity, NaN where it was not judged.
        aspect: "" where none was found.
    """

    voice: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    no_content: NDArray[np.bool_]
    polarity: NDArray[np.int64]
    probability: NDArray[np.float64]
    aspect: Sequence[str]

    @classmethod
    def joined(cls, parts: Sequence[PreparedUnits], texts_per_part: int) -> PreparedUnits:
        """Join the units of consecutive parts, each of ``texts_per_part`` texts (the last may have fewer)."""
        shifted = [part.voice + place * texts_per_part for place, part in enumerate(parts)]
        arrays = [
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("start", "end", "no_content", "polarity", "probability")
        ]
        return cls(np.concatenate(shifted), *arrays, aspect=[name for part in parts for name in part.aspect])


def take_units(units: PreparedUnits, kept: NDArray[np.bool_]) -> PreparedUnits:
    """Keep the units of some texts, which are then counted anew.

    Args:
        units: Of all texts.
        kept: Per text.
    """
    mask = kept[units.voice]
    place = np.cumsum(kept) - 1
    aspect = [name for name, keep in zip(units.aspect, mask.tolist(), strict=True) if keep]
    return PreparedUnits(
        place[units.voice[mask]], units.start[mask], units.end[mask], units.no_content[mask], units.polarity[mask],
        units.probability[mask], aspect,
    )  # fmt: skip


def prepare_units(texts: Sequence[str], pack: str | AspectPack | None = "茶饮") -> PreparedUnits:
    """Cut texts into units and judge each: says nothing or something, how it feels, what it is about by the brand's pack."""
    voice, start, end = split_many(texts)
    units = [texts[v][s:e] for v, s, e in zip(voice.tolist(), start.tolist(), end.tolist(), strict=True)]
    feeling, probability, aspect = judge(units, pack)
    return PreparedUnits(voice, start, end, no_content(units), feeling, probability, aspect)


def judge(
    units: Sequence[str], pack: str | AspectPack | None
) -> tuple[NDArray[np.int64], NDArray[np.float64], list[str]]:
    """Give polarity, its probability and aspect of units; None judges aspects by all packs together."""
    judged = polarity(units, level="clause")  # a unit is judged the same in whatever company it comes
    return judged.values.astype(np.int64), judged.probability.astype(np.float64), aspects(units, pack)
