"""What a run writes: themes, where each unit lies, lineage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import delete, func, update
from sqlmodel import Session, select

from fanops.database import insert_many
from fanops.tables import Theme, ThemeAssignment, ThemeLineage, Unit, Voice
from fanops.text.aspects import GENERAL, OTHER
from fanops.themes.continuity import stay
from fanops.themes.discovery import Discovery, strengths
from fanops.themes.identity import Matching, Registered, match_clusters
from fanops.themes.records_edit import numbered
from fanops.themes.records_registry import centre_of, corrected_units, merged_into, units_of
from fanops.themes.teach import NO_THEME, generalise

_SAME_NAME_SHARE = 0.7


def forget_centres(session: Session, brand_id: int) -> None:
    """Forget where themes and sub-themes were: another encoder's centres mean nothing beside this one's."""
    session.exec(update(Theme).where(Theme.brand_id == brand_id).values(centroid=None))


def theme_names(session: Session, brand_id: int) -> dict[int, str]:
    """Give what the brand's themes are called now."""
    return dict(session.exec(select(Theme.id, Theme.name).where(Theme.brand_id == brand_id)).all())


def save_themes(
    session: Session, brand_id: int, run_id: int, found: Discovery, matching: Matching, units: pd.DataFrame,
    firm: NDArray[np.float64], before: NDArray[np.int64],
) -> list[Theme]:  # fmt: skip
    """Bring the registry up to date with a run over ``units`` (as ``load_units`` gives them); ``firm`` is its stability; ``before`` the
    live theme that each unit lay in, 0 none.

    Returns:
        The registered theme of each cluster, in label order; those that no cluster is any more are ended by ``end_themes``.
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
                theme.state, theme.name = "active", _free_name(theme.name, taken)
                taken.add(theme.name)
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
    session.flush()
    return result


def _main_aspects(aspect: pd.Series, labels: NDArray[np.int32], count: int) -> list[str]:
    """Give the aspect that most units of each theme are about, among those about any."""
    told = pd.DataFrame({"label": labels, "aspect": aspect.to_numpy()})
    told = told[(told["label"] >= 0) & ~told["aspect"].isin(["", OTHER])]
    often = told.value_counts().reset_index().sort_values(["count", "aspect"], ascending=[False, True])
    first = often.drop_duplicates("label").set_index("label")["aspect"].to_dict()
    return [first.get(label, OTHER) for label in range(count)]


def _free_name(name: str, taken: set[str]) -> str:
    return next(each for each in numbered(name) if each not in taken)


def _save_subthemes(
    session: Session, brand_id: int, run_id: int, found: Discovery, themes: list[Theme], unit_ids: NDArray[np.int64]
) -> list[int]:
    """Match sub-themes to those registered under their theme, as themes are; those that no run finds any more die.

    Returns:
        The id of each sub-theme, in label order.
    """
    held = units_of(session, brand_id, sub=True)
    registered = session.exec(select(Theme).where(Theme.brand_id == brand_id, Theme.parent_id.is_not(None))).all()
    result: dict[int, int] = {}
    for parent_label, parent in enumerate(themes):
        mine = sorted((sub for sub in registered if sub.parent_id == parent.id), key=lambda sub: sub.id)
        labels = [label for label, group in enumerate(found.subthemes) if group.parent == parent_label]
        if not labels:
            continue
        clusters = [frozenset(unit_ids[found.sublabels == label].tolist()) for label in labels]
        middle = np.stack([found.subthemes[label].centroid for label in labels])
        known = [
            Registered(sub.id, frozenset(held.get(sub.id, ())), centre_of(sub), sub.state == "active") for sub in mine
        ]
        matches = match_clusters(known, clusters, middle).matches
        by_id = {sub.id: sub for sub in mine}
        chosen = {match.theme_id for match in matches}
        taken = {sub.name for sub in mine if sub.id in chosen}
        for match, label, cluster in zip(matches, labels, clusters, strict=True):
            sub = by_id.get(match.theme_id) or Theme(
                brand_id=brand_id, born_run_id=run_id, parent_id=parent.id, name=""
            )
            if match.shared_units < _SAME_NAME_SHARE * len(cluster):
                taken.discard(sub.name)
                sub.name = _free_name(found.subthemes[label].name, taken)
                taken.add(sub.name)
            sub.seen_run_id, sub.state = run_id, "active"
            sub.centroid = np.asarray(found.subthemes[label].centroid, dtype=np.float32).tobytes()
            session.add(sub)
            session.flush()
            result[label] = sub.id
    kept = set(result.values())
    for sub in registered:
        if sub.id not in kept and sub.state == "active":
            sub.state = "died"
            session.add(sub)
    session.flush()
    return [result[label] for label in range(len(found.subthemes))]


def theme_numbers(session: Session, matching: Matching) -> NDArray[np.int64]:
    """Give the id of each cluster's theme before it is saved; new ones get numbers that no theme has, in the order of their ids."""
    highest = session.exec(select(func.max(Theme.id))).one() or 0
    given = [match.theme_id for match in matching.matches]
    return np.array([each or highest + 1 + place for place, each in enumerate(given)], dtype=np.int64)


def renumbered(final: NDArray[np.int64], numbers: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Put the ``ids`` that themes were saved under in the place of the ``numbers`` they had before."""
    result = final.copy()
    for number, theme_id in zip(numbers.tolist(), ids.tolist(), strict=True):
        result[final == number] = theme_id
    return result


def keep_corrections(
    found: Discovery, unit_ids: NDArray[np.int64], before: NDArray[np.int64], ids: NDArray[np.int64],
    merged: Mapping[int, int], taught: Mapping[int, int | None], came_from: Mapping[int, int],
) -> NDArray[np.int64]:  # fmt: skip
    """Give the theme id of each unit (0: none) after where it lay ``before`` (``stay``), what people merged and what they taught.

    ``ids`` are those of the clusters' themes, in label order.

    What was placed since the last run (``came_from``: where it lay) teaches: those like it follow. In later runs they have followed
    already, and would draw ever more along.
    """
    final = np.where(found.labels >= 0, ids[found.labels], NO_THEME)
    again = set(before.tolist())
    centres = {each: group.centroid for each, group in zip(ids.tolist(), found.themes, strict=True) if each in again}
    final = stay(found.vectors, final, before, centres)
    place = {int(unit): i for i, unit in enumerate(unit_ids.tolist())}
    for unit, theme_id in merged.items():
        if unit in place:
            final[place[unit]] = theme_id
    here = {place[unit]: theme or NO_THEME for unit, theme in taught.items() if unit in place}
    for unit, theme_id in came_from.items():
        if unit in place and unit in taught and theme_id in (NO_THEME, *ids):
            final[place[unit]] = theme_id
    return _taught(found.vectors, final, here) if here else final


def _taught(vectors: NDArray[np.float32], themes: NDArray[np.int64], here: Mapping[int, int]) -> NDArray[np.int64]:
    """Spread corrections (``generalise``); what many said in the same words and a person placed at once teaches once.

    As often as it was said, one answer would outweigh all that a person told the run one by one.
    """
    told = {(vectors[at].tobytes(), themes[at], to): at for at, to in sorted(here.items(), reverse=True)}
    repeated = np.array(sorted(set(here) - set(told.values())), dtype=np.int64)
    once = np.setdiff1d(np.arange(len(themes)), repeated)
    result = themes.copy()
    result[repeated] = [here[at] for at in repeated.tolist()]
    placed = {int(np.searchsorted(once, at)): here[at] for at in told.values()}
    result[once] = generalise(vectors[once], themes[once], placed)
    return result


def end_themes(session: Session, candidates: Sequence[int], final: NDArray[np.int64]) -> list[int]:
    """End the themes that no cluster is any more, but for pinned ones and those that hold units (a person put them there).

    Returns:
        Ids of those that ended.
    """
    holding = set(final.tolist())
    ended = []
    for theme_id in candidates:
        theme = session.get_one(Theme, theme_id)
        if theme.state == "active" and not theme.pinned and theme_id not in holding:
            theme.state = "died"
            session.add(theme)
            ended.append(theme_id)
    return ended


def _settled(
    found: Discovery, themes: Sequence[Theme], final: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Give strength and doubt where units lie in the end: what stayed in another theme than the run found is measured there."""
    strength, unsure = found.strength.copy(), found.unsure.copy()
    label_of = {theme.id: label for label, theme in enumerate(themes)}
    own = np.array([label_of.get(theme, -1) for theme in final.tolist()], dtype=np.int32)
    elsewhere = np.flatnonzero(own != found.labels)
    if len(elsewhere) and len(found.themes):
        middle = np.stack([group.centroid for group in found.themes])
        strength[elsewhere], unsure[elsewhere] = strengths(found.vectors[elsewhere] @ middle.T, own[elsewhere])
    return strength, unsure


def save_assignments(
    session: Session, brand_id: int, run_id: int, unit_ids: NDArray[np.int64], found: Discovery, final: NDArray[np.int64],
    themes: Sequence[Theme],
) -> None:  # fmt: skip
    """Replace the brand's assignments by the run's; corrected ones keep their mark, and units that came while it ran their place."""
    sub_ids = _save_subthemes(session, brand_id, run_id, found, list(themes), unit_ids)
    by_hand = set(corrected_units(session, brand_id))
    in_run = set(unit_ids.tolist())
    # As columns: as objects, one for each row that goes, this is what others wait longest for.
    sound = (
        select(*(column for column in ThemeAssignment.__table__.columns if column.name != "id"))
        .select_from(ThemeAssignment)
        .join(Unit, Unit.id == ThemeAssignment.unit_id)
        .join(Voice, Voice.id == Unit.voice_id)
        .where(Voice.brand_id == brand_id, Unit.no_content.is_(False), Voice.copy_of_id.is_(None))
    )
    came = [dict(row._mapping) for row in session.execute(sound) if row.unit_id not in in_run]
    mine = select(Unit.id).join(Voice, Voice.id == Unit.voice_id).where(Voice.brand_id == brand_id)
    session.exec(delete(ThemeAssignment).where(ThemeAssignment.unit_id.in_(mine)))
    strength, unsure = _settled(found, themes, final)
    rows = zip(
        unit_ids.tolist(), final.tolist(), found.labels.tolist(), found.sublabels.tolist(), strength.tolist(),
        unsure.tolist(), found.positions.tolist(), strict=True,
    )  # fmt: skip
    ids = [theme.id for theme in themes]
    insert_many(
        session,
        ThemeAssignment,
        (
            {
                "unit_id": unit, "theme_id": theme or None, "run_id": run_id,
                "subtheme_id": sub_ids[sub] if sub >= 0 and label >= 0 and ids[label] == theme else None,
                "strength": 1.0 if unit in by_hand else sure, "unsure": doubtful and unit not in by_hand,
                "by_hand": unit in by_hand, "x": position[0], "y": position[1],
            }
            for unit, theme, label, sub, sure, doubtful, position in rows
        ),
    )  # fmt: skip
    if came:
        insert_many(session, ThemeAssignment, came)
    for theme_id, into in merged_into(session, brand_id).items():
        session.exec(update(ThemeAssignment).where(ThemeAssignment.theme_id == theme_id).values(theme_id=into))


def save_lineage(
    session: Session, run_id: int, matching: Matching, themes: Sequence[Theme], final: NDArray[np.int64], units: pd.DataFrame,
    ended: Sequence[int],
) -> None:  # fmt: skip
    """Write what the run did to each theme, with what it holds in the end; ``ended`` are those that died."""
    for match, theme in zip(matching.matches, themes, strict=True):
        own = units[final == theme.id]
        counts = {
            "units": len(own),
            "fans": int(own.loc[own["person"] > 0, "person"].nunique()),
            "stores": int(own["store_id"].nunique()),
        }
        for source in match.from_ids or (None,):
            session.add(
                ThemeLineage(
                    run_id=run_id, theme_id=theme.id, from_theme_id=source, kind=match.kind, grey=match.grey,
                    shared_units=match.shared_units, **counts,
                )
            )  # fmt: skip
    for theme_id in ended:
        session.add(ThemeLineage(run_id=run_id, theme_id=theme_id, kind="died"))
    session.flush()
