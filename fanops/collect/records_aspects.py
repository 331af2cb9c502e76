"""The aspects a brand looks at: its industry's pack, or its own words in the pack's place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import pandas as pd
from sqlalchemy import update
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.access.organisation import set_brand_choice
from fanops.tables import Brand, Unit, Voice
from fanops.text.aspects import AspectPack, aspects, general_pack, load_pack, packs, read_pack

CHOICE = "aspect_pack"
PREVIEWED_UNITS = 5_000
_AT_ONCE = 20_000


@dataclass(frozen=True)
class AspectChoice:
    """A brand's own aspects with their cue words; none: the industry's pack is in force."""

    cues: dict[str, list[str]] = field(default_factory=dict)


def brand_pack(session: Session, brand_id: int) -> AspectPack:
    """Give the aspects in force: the brand's own, else its industry's, else those of all industries together."""
    brand = session.get_one(Brand, brand_id)
    own = brand.settings.get(CHOICE, {}).get("cues")
    if own:
        return AspectPack(brand.name, {aspect: tuple(words) for aspect, words in own.items()})
    return industry_pack(brand.industry)


@lru_cache(maxsize=64)
def industry_pack(industry: str) -> AspectPack:
    """Give the shipped pack of an industry; one without a pack is judged by all packs together."""
    return load_pack(industry) if industry in packs() else general_pack()


def is_own(session: Session, brand_id: int) -> bool:
    """Say whether the brand has changed its aspects."""
    return bool(session.get_one(Brand, brand_id).settings.get(CHOICE, {}).get("cues"))


def preview_pack(session: Session, actor: Actor, lines: str) -> tuple[pd.DataFrame, int]:
    """Say what typed aspects would change, on the newest units, before anything is kept.

    Returns:
        Rows ``text, before, after`` of the units that would change, and how many units were looked at.

    Raises:
        InvalidInput: Lines that can't be used.
    """
    pack = read_pack(lines, "")
    statement = _units(actor.brand_id).order_by(Unit.id.desc()).limit(PREVIEWED_UNITS)
    rows = session.exec(statement).all()
    texts = [text[start:end] for _, text, start, end, _ in rows]
    before, after = aspects(texts, brand_pack(session, actor.brand_id)), aspects(texts, pack)
    frame = pd.DataFrame({"text": texts, "before": before, "after": after})
    return frame[frame["before"] != frame["after"]].reset_index(drop=True), len(rows)


def keep_pack(session: Session, actor: Actor, lines: str) -> int:
    """Put typed aspects in force, for what is there and what comes; head office only.

    Args:
        session: Open for writing.
        actor: Who asks.
        lines: One aspect a line (see ``read_pack``); empty goes back to the industry's pack.

    Returns:
        How many units have another aspect now.

    Raises:
        InvalidInput: Lines that can't be used.
        NotAllowed: Not for this role.
    """
    cues = {aspect: list(words) for aspect, words in read_pack(lines, "").cues.items()} if lines.strip() else {}
    set_brand_choice(session, actor, CHOICE, AspectChoice(cues))
    session.flush()
    pack = brand_pack(session, actor.brand_id)
    changed = 0
    for rows in _parts(session, actor.brand_id):
        found = aspects([text[start:end] for _, text, start, end, _ in rows], pack)
        new = [{"id": row[0], "aspect": now} for row, now in zip(rows, found, strict=True) if row[4] != now]
        if new:
            session.execute(update(Unit), new)
        changed += len(new)
    return changed


def _units(brand_id: int):
    return (
        select(Unit.id, Voice.text, Unit.start, Unit.end, Unit.aspect)
        .join(Voice, Voice.id == Unit.voice_id)
        .where(Voice.brand_id == brand_id)
    )


def _parts(session: Session, brand_id: int) -> Iterator[list]:
    last = 0
    while True:
        rows = session.exec(_units(brand_id).where(Unit.id > last).order_by(Unit.id).limit(_AT_ONCE)).all()
        if not rows:
            return
        yield rows
        last = rows[-1][0]
