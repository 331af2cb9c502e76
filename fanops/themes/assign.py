"""Daily: new units go to the registered themes at once, with strength; those that fit badly wait in a pile for a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, record_audit
from fanops.access.accounts import owner_actor
from fanops.database import Database, insert_many
from fanops.settings import settings
from fanops.tables import Brand, Theme, ThemeAssignment, ThemeRun, Unit, Voice
from fanops.text.encoder import load_encoder
from fanops.themes.context import unit_vectors
from fanops.themes.discovery import strengths, theme_similarity
from fanops.themes.parameters import Parameters


@dataclass(frozen=True)
class Registry:
    """The live themes of a brand as new units are compared with them.

    Attributes:
        run_id: The run that the centroids come from.
        least_strength: Units less alike than this stay unassigned.
        theme_ids: Themes, k of them.
        middle: Their centroids, shape (k, d).
        sub_ids: Sub-themes, m of them.
        sub_middle: Their centroids, shape (m, d).
        parent: Place of each sub-theme's theme, shape (m,).
        positions: Where each theme lies on the map, shape (k, 2).
    """

    run_id: int
    least_strength: float
    theme_ids: list[int]
    middle: NDArray[np.float32]
    sub_ids: list[int]
    sub_middle: NDArray[np.float32]
    parent: NDArray[np.int32]
    positions: NDArray[np.float64]


def load_live_registry(session: Session, brand_id: int, encoder: str) -> Registry | None:
    """Load what new units are compared with; None without themes, or with those of another encoder."""
    run = session.exec(select(ThemeRun).where(ThemeRun.brand_id == brand_id).order_by(ThemeRun.id.desc())).first()
    if run is None or run.versions.get("encoder") != encoder:
        return None
    rows = session.exec(
        select(Theme)
        .where(Theme.brand_id == brand_id, Theme.state == "active", Theme.centroid.is_not(None))
        .order_by(Theme.id)
    ).all()
    themes = [theme for theme in rows if theme.parent_id is None]
    place = {theme.id: at for at, theme in enumerate(themes)}
    subs = [theme for theme in rows if theme.parent_id in place and theme.seen_run_id == run.id]
    if not themes:
        return None
    where = {
        theme_id: (x, y)
        for theme_id, x, y in session.exec(
            select(ThemeAssignment.theme_id, func.avg(ThemeAssignment.x), func.avg(ThemeAssignment.y))
            .where(ThemeAssignment.theme_id.in_(list(place)))
            .group_by(ThemeAssignment.theme_id)
        )
    }
    return Registry(
        run.id,
        float(run.parameters.get("least_strength", Parameters().least_strength)),
        [theme.id for theme in themes],
        _stacked(themes),
        [theme.id for theme in subs],
        _stacked(subs),
        np.array([place[theme.parent_id] for theme in subs], dtype=np.int32),
        np.array([where.get(theme.id, (0.0, 0.0)) for theme in themes], dtype=float),
    )


def _stacked(themes: list[Theme]) -> NDArray[np.float32]:
    rows = [np.frombuffer(theme.centroid, dtype=np.float32) for theme in themes]
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)


def assign_new_units(db: Database, actor: Actor) -> dict[str, int]:
    """Assign the brand's units that no run has seen.

    Returns:
        ``new, assigned, unsure, unassigned``; all 0 while there are no themes.
    """
    encoder = load_encoder(settings().encoder or None)
    with db.read() as session:
        registry = load_live_registry(session, actor.brand_id, encoder.fingerprint)
        rows = session.exec(_unseen(actor.brand_id)).all() if registry else []
    counts = {"new": len(rows), "assigned": 0, "unsure": 0, "unassigned": 0}
    if registry is None or not rows:
        return counts
    vectors = unit_vectors(encoder, [text[start:end] for *_, text, start, end in rows], [row[1] for row in rows])
    similarity = theme_similarity(vectors, registry.middle, registry.sub_middle, registry.parent)
    labels = np.argmax(similarity, axis=1).astype(np.int32)
    labels[similarity.max(axis=1) < registry.least_strength] = -1
    strength, unsure = strengths(similarity, labels)
    subs = _subthemes(vectors, labels, registry)
    with db.write() as session:
        # A run may have finished meanwhile: what it has seen is no longer new.
        still = set(
            session.exec(select(Unit.id).where(Unit.id.in_(_unseen(actor.brand_id).with_only_columns(Unit.id))))
        )
        kept = [place for place, row in enumerate(rows) if row[0] in still]
        insert_many(
            session, ThemeAssignment,
            (
                {
                    "unit_id": rows[at][0], "theme_id": registry.theme_ids[labels[at]] if labels[at] >= 0 else None,
                    "subtheme_id": subs[at], "run_id": registry.run_id, "strength": float(strength[at]),
                    "unsure": bool(unsure[at]), "by_hand": False,
                    "x": float(registry.positions[max(labels[at], 0), 0]), "y": float(registry.positions[max(labels[at], 0), 1]),
                }
                for at in kept
            ),
        )  # fmt: skip
        counts |= {
            "new": len(kept), "assigned": int((labels[kept] >= 0).sum()), "unsure": int(unsure[kept].sum()),
            "unassigned": int((labels[kept] < 0).sum()),
        }  # fmt: skip
        if kept:
            record_audit(session, actor, "assign_new_units", f"theme_run:{registry.run_id}", **counts)
    return counts


def _subthemes(vectors: NDArray[np.float32], labels: NDArray[np.int32], registry: Registry) -> list[int | None]:
    if not registry.sub_ids:
        return [None] * len(labels)
    likeness = vectors @ registry.sub_middle.T
    likeness[registry.parent[None, :] != labels[:, None]] = -np.inf
    best = np.argmax(likeness, axis=1)
    return [registry.sub_ids[sub] if np.isfinite(likeness[at, sub]) else None for at, sub in enumerate(best.tolist())]


def _unseen(brand_id: int):
    return (
        select(Unit.id, Unit.voice_id, Voice.text, Unit.start, Unit.end)
        .join(Voice, Voice.id == Unit.voice_id)
        .outerjoin(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        .where(
            Voice.brand_id == brand_id,
            Unit.no_content.is_(False),
            Voice.copy_of_id.is_(None),
            ThemeAssignment.id.is_(None),
        )
        .order_by(Unit.voice_id, Unit.start)
    )


class NewUnits:
    """Watches for new units on behalf of the worker: looks only when units have come since it last looked."""

    def __init__(self) -> None:
        self._seen = 0

    def __call__(self, db: Database) -> None:
        """Assign what is new, in every brand."""
        with db.read() as session:
            newest = session.exec(select(func.max(Unit.id))).one() or 0
            if newest <= self._seen:
                return
            actors = [owner_actor(session, name) for name in session.exec(select(Brand.name).order_by(Brand.id))]
        for actor in actors:
            assign_new_units(db, actor)
        self._seen = newest
