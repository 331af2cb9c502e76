"""Which themes a sentence could belong to (拿不准时可能是哪个主题): those in use, the nearest first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.errors import Conflict
from fanops.settings import settings
from fanops.tables import Theme
from fanops.text.encoder import load_encoder
from fanops.themes.assign import load_live_registry
from fanops.themes.records_edit import own_units, vectors_of_units
from fanops.themes.records_evidence import alike_units

_COMPARED = 25  # of those who said the same: what says the same has nearly the same vector


def likely_themes(session: Session, actor: Actor, said: Sequence[Sequence[int]]) -> list[list[int]]:
    """Give for each saying (units that say the same, as ``alike_units`` gives them) its likely themes; see ``suggest_themes``."""
    likely = suggest_themes(session, actor, [unit for units in said for unit in units[:_COMPARED]])
    return [likely.get(units[0], []) for units in said]


def unsure_alike(session: Session, actor: Actor, unit_ids: Sequence[int]) -> list[int]:
    """Give all doubtful units in the actor's scope that say the same as one of these.

    Raises:
        Conflict: One of these is not doubtful, or not in the actor's stores.
    """
    wanted = set(unit_ids)
    found = [unit for units in alike_units(session, actor, unsure=True) if wanted & set(units) for unit in units]
    if not wanted <= set(found):
        gone = "、".join(map(str, sorted(wanted - set(found))))
        raise Conflict(f"拿不准的句子里没有 {gone}。", "用 fanops themes unsure 看现在有哪些。")
    return sorted(found)


def suggest_themes(session: Session, actor: Actor, unit_ids: Sequence[int]) -> dict[int, list[int]]:
    """Give the themes in use that each of these units is nearest to.

    The theme that it lies in is not asked for first: what a person is asked about lies between themes.

    Returns:
        Unit id → theme ids, nearest first; empty where another encoder is set, which takes seconds to load, and before the first run.

    Raises:
        NotFound: One of the units is not there, or not in the actor's stores.
    """
    if settings().encoder or not unit_ids:
        return {}
    encoder = load_encoder()
    registry = load_live_registry(session, actor.brand_id, encoder)
    vectors = vectors_of_units(session, encoder, own_units(session, actor, unit_ids))
    if registry is None or not vectors:
        return {}
    likeness = registry.likeness(np.stack(list(vectors.values())))
    in_use = set(session.exec(select(Theme.id).where(Theme.id.in_(registry.theme_ids), Theme.state == "active")))
    order = np.argsort(-likeness, axis=1, kind="stable").tolist()
    return {
        unit: [registry.theme_ids[at] for at in places if registry.theme_ids[at] in in_use]
        for unit, places in zip(vectors, order, strict=True)
    }
