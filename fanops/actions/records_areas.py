"""What a brand's service fixes are about: its own list of areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, select

from fanops.access import Actor
from fanops.access.organisation import brand_choice, set_brand_choice
from fanops.actions.fix_states import AREAS
from fanops.errors import Conflict, InvalidInput
from fanops.tables import Fix

_AREAS = "fix_areas"  # name of a brand's own areas
_LONGEST_AREA = 10


@dataclass(frozen=True)
class FixAreas:
    """What fixes are about: name in the database → word on the screen."""

    labels: dict[str, str] = field(default_factory=lambda: dict(AREAS))


def areas(session: Session, actor: Actor) -> dict[str, str]:
    """Give the brand's areas, name in the database → word on the screen."""
    return brand_choice(session, actor, _AREAS, FixAreas()).labels


def set_areas(session: Session, actor: Actor, words: Sequence[str]) -> dict[str, str]:
    """Keep the brand's own list of areas; one in use can't be left out.

    Raises:
        InvalidInput: None, two alike, or a word too long.
        Conflict: An area in use is missing.
    """
    words = [word.strip() for word in words if word.strip()]
    if not words or len(set(words)) < len(words) or max(map(len, words)) > _LONGEST_AREA:
        raise InvalidInput("类别要有至少一个，不能重名。", f"每个不超过 {_LONGEST_AREA} 个字。")
    known = areas(session, actor)
    by_word = {word: name for name, word in known.items()}
    chosen = {by_word.get(word, word): word for word in words}
    used = set(session.exec(select(Fix.area).where(Fix.brand_id == actor.brand_id).distinct()))
    if lost := used - set(chosen):
        raise Conflict(f"“{'”“'.join(known.get(name, name) for name in sorted(lost))}”还有改进在用。", "先留着它。")
    set_brand_choice(session, actor, _AREAS, FixAreas(chosen))
    return chosen
