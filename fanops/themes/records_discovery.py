"""What a run reads and writes: units, the registry, corrections; themes, assignments, lineage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import delete, func, update
from sqlmodel import Session, select

from fanops.database import insert_many
from fanops.tables import Fan, Theme, ThemeAssignment, ThemeLineage, ThemeRun, Unit, Voice
from fanops.text.aspects import GENERAL, OTHER
from fanops.themes.continuity import stay
from fanops.themes.discovery import Discovery
from fanops.themes.identity import Matching, Registered
from fanops.themes.teach import NO_THEME, generalise

_SAME_NAME_SHARE = 0.7


def load_units(session: Session, brand_id: int) -> pd.DataFrame:
    """Load the brand's units with content, copies left out.

    Returns:
        Rows ``unit_id, text, person, store_id, aspect, voice_id``, the units of a voice together and in order; a voice without a
        fan is a person of its own (negative id).
    """
    person = func.coalesce(Fan.merged_into_id, Voice.fan_id, -Voice.id)
    statement = (
        select(Unit.id, Voice.text, Unit.start, Unit.end, person, Voice.store_id, Unit.aspect, Voice.id)
        .join(Voice, Voice.id == Unit.voice_id)
        .outerjoin(Fan, Fan.id == Voice.fan_id)
        .where(Voice.brand_id == brand_id, Unit.no_content.is_(False), Voice.copy_of_id.is_(None))
        .order_by(Unit.voice_id, Unit.start)
    )
    rows = session.exec(statement).all()
    frame = pd.DataFrame(
        {
            "unit_id": [row[0] for row in rows],
            "text": [row[1][row[2] : row[3]] for row in rows],
            "person": [row[4] for row in rows],
            "store_id": [row[5] for row in rows],
            "aspect": [row[6] for row in rows],
            "voice_id": [row[7] for row in rows],
        }
    )
    return frame[frame["text"].str.strip() != ""].reset_index(drop=True) if len(frame) else frame


def load_registry(session: Session, brand_id: int) -> list[Registered]:
    """Load the registered themes: live, retired and died ones (merged ones live on in what they were merged into)."""
    themes = session.exec(
        select(Theme).where(
            Theme.brand_id == brand_id, Theme.parent_id.is_(None), Theme.state.in_(["active", "retired", "died"])
        )
    ).all()
    held: dict[int, set[int]] = {}
    statement = (
        select(ThemeAssignment.theme_id, ThemeAssignment.unit_id)
        .join(Theme, Theme.id == ThemeAssignment.theme_id)
        .where(Theme.brand_id == brand_id)
    )
    for theme_id, unit_id in session.exec(statement):
        held.setdefault(theme_id, set()).add(unit_id)
    return [
        Registered(
            theme.id,
            frozenset(held.get(theme.id, ())),
            np.frombuffer(theme.centroid, dtype=np.float32) if theme.centroid else None,
            theme.state != "died",
        )
        for theme in sorted(themes, key=lambda theme: theme.id)
    ]


def joined_by_hand(session: Session, brand_id: int) -> set[int]:
    """Give the ids of the themes into which a person merged others."""
    statement = select(Theme.merged_into_id).where(Theme.brand_id == brand_id, Theme.state == "merged")
    return set(session.exec(statement).all())


def last_granularity(session: Session, brand_id: int) -> str | None:
    """Give the granularity of the brand's newest run, None without one."""
    run = session.exec(select(ThemeRun).where(ThemeRun.brand_id == brand_id).order_by(ThemeRun.id.desc())).first()
    return run.parameters.get("granularity") if run else None


def corrected_units(session: Session, brand_id: int) -> dict[int, int | None]:
    """Give the units that a person placed: unit id → theme id (None: out of all)."""
    statement = (
        select(ThemeAssignment.unit_id, ThemeAssignment.theme_id)
        .join(Unit, Unit.id == ThemeAssignment.unit_id)
        .join(Voice, Voice.id == Unit.voice_id)
        .where(Voice.brand_id == brand_id, ThemeAssignment.by_hand.is_(True))
    )
    return dict(session.exec(statement).all())


def save_themes(
    session: Session, brand_id: int, run_id: int, found: Discovery, matching: Matching, units: pd.DataFrame,
    firm: NDArray[np.float64], before: NDArray[np.int64],
) -> list[Theme]:  # fmt: skip
    """Bring the registry up to date with a run over ``units`` (as ``load_units`` gives them); ``firm`` is its stability; ``before`` the
    live theme that each unit lay in, 0 none.

    Returns:
        The registered theme of each cluster, in label order.
    """
    known = {theme.id: theme for theme in session.exec(select(Theme).where(Theme.brand_id == brand_id))}
    taken = {theme.name for theme in known.values() if theme.state == "active" and theme.parent_id is None}
    unit_ids = units["unit_id"].to_numpy()
    main = _main_aspects(units["aspect"], found.labels, len(found.themes))
    aspects = [GENERAL if group.general else aspect for group, aspect in zip(found.themes, main, strict=True)]
    result: list[Theme] = []
    for match, group, aspect, sure in zip(matching.matches, found.themes, aspects, firm.tolist(), strict=True):
        theme = known.get(match.theme_id) if match.theme_id is not None else None
        if theme is None:
            theme = Theme(brand_id=brand_id, born_run_id=run_id, name=_free_name(group.name, taken))
            taken.add(theme.name)
        else:
            if theme.state == "died":
                theme.state = "active"
            # what lay in another theme mostly stays there (see ``stay``): it is not new here
            own = (found.labels == match.cluster) & ((before == 0) | (before == theme.id))
            size = int(own.sum())
            # Three in ten are new: the old name, unless a person gave it, would speak for what is no longer most of it.
            if not (theme.named_by_hand or theme.pinned) and match.shared_units < _SAME_NAME_SHARE * size:
                taken.discard(theme.name)
                theme.name = _free_name(group.name, taken)
                taken.add(theme.name)
        theme.seen_run_id, theme.aspect = run_id, aspect
        theme.stability = None if sure != sure else round(sure, 3)
        theme.keywords = [word for word, _ in group.keywords]
        theme.quote_unit_ids = [int(unit_ids[place]) for place in group.quotes]
        theme.centroid = np.asarray(group.centroid, dtype=np.float32).tobytes()
        session.add(theme)
        result.append(theme)
    for theme_id in matching.died:
        if not known[theme_id].pinned and known[theme_id].state == "active":
            known[theme_id].state = "died"
            session.add(known[theme_id])
    session.flush()
    _save_subthemes(session, brand_id, run_id, found, result, known)
    return result


def _main_aspects(aspect: pd.Series, labels: NDArray[np.int32], count: int) -> list[str]:
    """Give the aspect that most units of each theme are about, among those about any."""
    told = pd.DataFrame({"label": labels, "aspect": aspect.to_numpy()})
    told = told[(told["label"] >= 0) & ~told["aspect"].isin(["", OTHER])]
    often = told.value_counts().reset_index().sort_values(["count", "aspect"], ascending=[False, True])
    first = often.drop_duplicates("label").set_index("label")["aspect"].to_dict()
    return [first.get(label, OTHER) for label in range(count)]


def _free_name(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(f"{name}（{number}）" for number in range(2, 10_000) if f"{name}（{number}）" not in taken)


def _save_subthemes(session, brand_id: int, run_id: int, found: Discovery, themes: list[Theme], known) -> None:
    """Keep sub-themes by name under their theme; those that no run finds any more die."""
    before = {(t.parent_id, t.name): t for t in known.values() if t.parent_id is not None}
    kept = set()
    for group in found.subthemes:
        parent = themes[group.parent]
        sub = before.get((parent.id, group.name)) or Theme(
            brand_id=brand_id, born_run_id=run_id, parent_id=parent.id, name=group.name
        )
        sub.seen_run_id, sub.state = run_id, "active"
        sub.centroid = np.asarray(group.centroid, dtype=np.float32).tobytes()
        session.add(sub)
        session.flush()
        kept.add(sub.id)
    for sub in before.values():
        if sub.id not in kept and sub.state == "active":
            sub.state = "died"
            session.add(sub)
    session.flush()


def keep_corrections(
    found: Discovery, unit_ids: NDArray[np.int64], themes: Sequence[Theme], taught: dict[int, int | None],
    before: NDArray[np.int64],
) -> NDArray[np.int64]:  # fmt: skip
    """Give the theme id of each unit (0: none) after where it lay ``before`` (``stay``) and what people taught (``generalise``)."""
    ids = np.array([theme.id for theme in themes], dtype=np.int64)
    final = np.where(found.labels >= 0, ids[found.labels], NO_THEME)
    again = set(before.tolist())
    centres = {theme.id: group.centroid for theme, group in zip(themes, found.themes, strict=True) if theme.id in again}
    final = stay(found.vectors, final, before, centres)
    place = {int(unit): i for i, unit in enumerate(unit_ids.tolist())}
    here = {place[unit]: theme or NO_THEME for unit, theme in taught.items() if unit in place}
    return generalise(found.vectors, final, here) if here else final


def save_assignments(
    session: Session, brand_id: int, run_id: int, unit_ids: NDArray[np.int64], found: Discovery, final: NDArray[np.int64],
    themes: Sequence[Theme],
) -> None:  # fmt: skip
    """Replace the brand's assignments by the run's; corrected ones keep their mark."""
    by_hand = set(corrected_units(session, brand_id))
    subs = session.exec(
        select(Theme).where(Theme.brand_id == brand_id, Theme.seen_run_id == run_id, Theme.parent_id.is_not(None))
    ).all()
    sub_id = {(sub.parent_id, sub.name): sub.id for sub in subs}
    sub_ids = [sub_id.get((themes[group.parent].id, group.name)) for group in found.subthemes]
    mine = select(Unit.id).join(Voice, Voice.id == Unit.voice_id).where(Voice.brand_id == brand_id)
    session.exec(delete(ThemeAssignment).where(ThemeAssignment.unit_id.in_(mine)))
    rows = zip(
        unit_ids.tolist(), final.tolist(), found.labels.tolist(), found.sublabels.tolist(), found.strength.tolist(),
        found.unsure.tolist(), found.positions.tolist(), strict=True,
    )  # fmt: skip
    ids = [theme.id for theme in themes]
    insert_many(
        session,
        ThemeAssignment,
        (
            {
                "unit_id": unit, "theme_id": theme or None, "run_id": run_id,
                "subtheme_id": sub_ids[sub] if sub >= 0 and label >= 0 and ids[label] == theme else None,
                "strength": 1.0 if unit in by_hand else strength, "unsure": unsure and unit not in by_hand,
                "by_hand": unit in by_hand, "x": position[0], "y": position[1],
            }
            for unit, theme, label, sub, strength, unsure, position in rows
        ),
    )  # fmt: skip
    _follow_merges(session, brand_id)


def _follow_merges(session: Session, brand_id: int) -> None:
    merged = session.exec(select(Theme).where(Theme.brand_id == brand_id, Theme.state == "merged")).all()
    pointer = {theme.id: theme.merged_into_id for theme in merged}
    for theme_id in pointer:
        target = theme_id
        while target in pointer:
            target = pointer[target]
        session.exec(update(ThemeAssignment).where(ThemeAssignment.theme_id == theme_id).values(theme_id=target))


def save_lineage(
    session: Session, run_id: int, matching: Matching, themes: Sequence[Theme], clusters: list[frozenset[int]], units
) -> None:
    """Write what the run did to each theme."""
    people = dict(zip(units["unit_id"].tolist(), units["person"].tolist(), strict=True))
    stores = dict(zip(units["unit_id"].tolist(), units["store_id"].tolist(), strict=True))
    for match, theme, cluster in zip(matching.matches, themes, clusters, strict=True):
        counts = {
            "units": len(cluster),
            "fans": len({people[unit] for unit in cluster if people[unit] > 0}),
            "stores": len(
                {stores[unit] for unit in cluster if stores[unit] is not None and stores[unit] == stores[unit]}
            ),
        }
        for source in match.from_ids or (None,):
            session.add(
                ThemeLineage(
                    run_id=run_id, theme_id=theme.id, from_theme_id=source, kind=match.kind, grey=match.grey,
                    shared_units=match.shared_units, **counts,
                )
            )  # fmt: skip
    for theme_id in matching.died:
        session.add(ThemeLineage(run_id=run_id, theme_id=theme_id, kind="died"))
    session.flush()
