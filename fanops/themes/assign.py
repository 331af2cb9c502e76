"""Daily: new units go to the registered themes at once, with strength; those that fit badly wait in a pile for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, record_audit
from fanops.access.accounts import owner_actor
from fanops.database import Database, insert_many
from fanops.settings import settings
from fanops.tables import Brand, Theme, ThemeAssignment, ThemeRun, Unit, Voice
from fanops.text.encoder import Encoder, load_encoder
from fanops.themes.context import unit_vectors
from fanops.themes.discovery import strengths
from fanops.themes.parameters import Parameters
from fanops.themes.records_edit import centre_of_units, edit_in_turn, end_of_merges, newest_run


@dataclass(frozen=True)
class Registry:
    """The themes of a brand as new units are compared with them: those in use, and retired ones, whose units are nobody else's.

    Attributes:
        run_id: The run that the centroids come from.
        least_strength: Units less alike than this stay unassigned.
        theme_ids: Themes, k of them.
        middle: Their centroids, shape (k, d).
        sub_ids: Their parts, m of them: sub-themes, and None for a theme that was merged into them.
        sub_middle: The parts' centroids, shape (m, d).
        parent: Place of each part's theme, shape (m,).
        positions: Where each theme lies on the map, shape (k, 2).
    """

    run_id: int
    least_strength: float
    theme_ids: list[int]
    middle: NDArray[np.float32]
    sub_ids: list[int | None]
    sub_middle: NDArray[np.float32]
    parent: NDArray[np.int32]
    positions: NDArray[np.float64]

    def likeness(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give how alike units and themes are: by a theme's centre, or that of what was merged into it; shape (n, k).

        Not by its sub-themes': one that happens to be near is right less often than the whole.
        """
        similarity = vectors @ self.middle.T
        for part, sub_id in enumerate(self.sub_ids):
            if sub_id is None:
                own = similarity[:, self.parent[part]]
                np.maximum(own, vectors @ self.sub_middle[part], out=own)
        return similarity


def load_live_registry(session: Session, brand_id: int, encoder: Encoder) -> Registry | None:
    """Load what new units are compared with; None without themes, or with those of another encoder."""
    run = newest_run(session, brand_id)
    if run is None or run.versions.get("encoder") != encoder.fingerprint:
        return None
    rows = session.exec(
        select(Theme)
        .where(Theme.brand_id == brand_id, Theme.state.in_(["active", "retired", "merged"]))
        .order_by(Theme.id)
    ).all()
    top = {theme.id: theme for theme in rows if theme.parent_id is None}
    centres = _centres(session, brand_id, encoder, list(top.values()))
    themes = [theme_id for theme_id in centres if top[theme_id].state != "merged"]
    if not themes:
        return None
    place = {theme_id: at for at, theme_id in enumerate(themes)}
    # What was merged into a theme is a part of it, so that its sentences still go there before a run has seen the two as one.
    parts: list[tuple[int | None, int, bytes]] = [
        (None, place[into], centre)
        for theme_id, centre in centres.items()
        if theme_id not in place and (into := end_of_merges(session, top[theme_id]).id) in place
    ]
    filled = set(
        session.exec(select(ThemeAssignment.subtheme_id).where(ThemeAssignment.theme_id.in_(themes)).distinct())
    )
    parts += [
        (sub.id, place[sub.parent_id], sub.centroid)
        for sub in rows
        if sub.parent_id in place
        and sub.seen_run_id == run.id
        and sub.state == "active"
        and sub.centroid
        and sub.id in filled
    ]
    where = {
        theme_id: (x, y)
        for theme_id, x, y in session.exec(
            select(ThemeAssignment.theme_id, func.avg(ThemeAssignment.x), func.avg(ThemeAssignment.y))
            .where(ThemeAssignment.theme_id.in_(themes), ThemeAssignment.x.is_not(None))
            .group_by(ThemeAssignment.theme_id)
        )
    }
    return Registry(
        run.id,
        float(run.parameters.get("least_strength", Parameters().least_strength)),
        themes,
        _stacked([centres[theme_id] for theme_id in themes]),
        [sub_id for sub_id, _, _ in parts],
        _stacked([centre for _, _, centre in parts]),
        np.array([at for _, at, _ in parts], dtype=np.int32),
        np.array([where.get(theme_id, (0.0, 0.0)) for theme_id in themes], dtype=float),
    )


def _centres(session: Session, brand_id: int, encoder: Encoder, themes: list[Theme]) -> dict[int, bytes]:
    """Give the centre of each theme that has one of this encoder.

    A theme that a person split off and no run of this encoder has found gets that of what people put in it.
    """
    runs = session.exec(select(ThemeRun).where(ThemeRun.brand_id == brand_id))
    ours = {run.id for run in runs if run.versions.get("encoder") == encoder.fingerprint}
    by_hand: dict[int, list[int]] = {}
    placed = select(ThemeAssignment.theme_id, ThemeAssignment.unit_id).where(ThemeAssignment.by_hand.is_(True))
    for theme_id, unit_id in session.exec(placed.where(ThemeAssignment.theme_id.in_([theme.id for theme in themes]))):
        by_hand.setdefault(theme_id, []).append(unit_id)
    found = {}
    for theme in themes:
        centre = theme.centroid if theme.seen_run_id in ours else None
        if centre is None and theme.id in by_hand:
            centre = centre_of_units(session, encoder, by_hand[theme.id])
        if centre is not None:
            found[theme.id] = centre
    return found


def _stacked(centres: list[bytes]) -> NDArray[np.float32]:
    rows = [np.frombuffer(centre, dtype=np.float32) for centre in centres]
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)


def assign_new_units(db: Database, actor: Actor) -> dict[str, int]:
    """Assign the brand's units that no run has seen.

    Returns:
        ``new, assigned, unsure, unassigned``; all 0 while there are no themes.
    """
    encoder = load_encoder(settings().encoder or None)
    with db.read() as session:
        registry = load_live_registry(session, actor.brand_id, encoder)
        rows = session.exec(_unseen(actor.brand_id)).all() if registry else []
    counts = {"new": len(rows), "assigned": 0, "unsure": 0, "unassigned": 0}
    if registry is None or not rows:
        return counts
    vectors = unit_vectors(encoder, [text[start:end] for *_, text, start, end in rows], [row[1] for row in rows])
    similarity = registry.likeness(vectors)
    labels = np.argmax(similarity, axis=1).astype(np.int32)
    labels[similarity.max(axis=1) < registry.least_strength] = -1
    strength, unsure = strengths(similarity, labels)
    subs = _subthemes(vectors, labels, registry)
    places = _places(vectors, labels, registry)
    found = [
        {
            "unit_id": rows[at][0], "theme_id": registry.theme_ids[label] if label >= 0 else None,
            "subtheme_id": subs[at], "run_id": None, "strength": float(strength[at]),
            "unsure": bool(unsure[at]), "by_hand": False, "x": float(places[at, 0]), "y": float(places[at, 1]),
        }
        for at, label in enumerate(labels.tolist())
    ]  # fmt: skip
    with db.write() as session:
        edit_in_turn(session, actor.brand_id)
        if newest_run(session, actor.brand_id).id == registry.run_id:
            return _save(session, actor, registry, found)
    # A run has ended meanwhile: the themes that these were compared with may not be there any more.
    return assign_new_units(db, actor)


def _save(session: Session, actor: Actor, registry: Registry, found: list[dict[str, Any]]) -> dict[str, int]:
    """Write what is still unseen, in what the themes have been merged into meanwhile."""
    still = set(session.exec(select(Unit.id).where(Unit.id.in_(_unseen(actor.brand_id).with_only_columns(Unit.id)))))
    kept = [row for row in found if row["unit_id"] in still]
    for row in kept:
        theme = session.get(Theme, row["theme_id"]) if row["theme_id"] is not None else None
        if theme is not None and theme.state == "merged":
            row |= {"theme_id": end_of_merges(session, theme).id, "subtheme_id": None}
    insert_many(session, ThemeAssignment, kept)
    assigned = sum(row["theme_id"] is not None for row in kept)
    counts = {
        "new": len(kept), "assigned": assigned, "unsure": sum(row["unsure"] for row in kept),
        "unassigned": len(kept) - assigned,
    }  # fmt: skip
    if kept:
        record_audit(session, actor, "assign_new_units", f"theme_run:{registry.run_id}", **counts)
    return counts


def _places(vectors: NDArray[np.float32], labels: NDArray[np.int32], registry: Registry) -> NDArray[np.float64]:
    """Give places on the map, shape (n, 2): the middle of a unit's theme, between the themes for a unit of none (``place_units``)."""
    pull = np.maximum(vectors @ registry.middle.T, 0) ** 3 + 1e-6
    between = (pull @ registry.positions) / pull.sum(axis=1, keepdims=True)
    return np.where((labels >= 0)[:, None], registry.positions[np.maximum(labels, 0)], between)


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
