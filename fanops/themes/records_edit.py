"""What edits by hand stand on: live themes, free names, units in scope, where units land, which later edit stands on which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.database import take_turn
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.tables import Theme, ThemeEvent, ThemeRun, Unit, Voice
from fanops.text.encoder import Encoder
from fanops.themes.context import unit_vectors
from fanops.themes.edit_words import told
from fanops.themes.records import get_theme

NAME_LIMIT = 30
ACTIVE = ("active",)

# Of these, an earlier edit of a theme can't be taken back while a later one of the same group stands.
_FIELDS = {"rename": "name", "pin": "pin", "retire": "state", "unretire": "state"}


def edit_in_turn(session: Session, brand_id: int) -> None:
    """Let those who change a brand's themes by hand, or place units in them, take turns: they read before they write."""
    take_turn(session, f"themes:{brand_id}")


def top_theme(session: Session, actor: Actor, theme_id: int, states: Sequence[str] = ACTIVE) -> Theme:
    """Give a theme that can be edited.

    Args:
        session: The deed's session.
        actor: Who edits.
        theme_id: Which.
        states: In which states the deed makes sense.

    Raises:
        NotFound: No such theme in this brand.
        Conflict: A sub-theme, or in another state; with where to go instead.
    """
    theme = get_theme(session, actor, theme_id)
    if theme.parent_id is not None:
        parent = session.get_one(Theme, theme.parent_id)
        raise Conflict(
            f"“{theme.name}”是“{parent.name}”的子主题，不能单独编辑。",
            f"请编辑主题 {parent.id}“{parent.name}”；想分开，就勾选句子拆成新主题。",
        )
    if theme.state in states:
        return theme
    if theme.state == "merged":
        into = end_of_merges(session, theme)
        raise Conflict(f"“{theme.name}”已并入“{into.name}”。", f"请改用主题 {into.id}，或先撤销合并。")
    if theme.state == "retired":
        raise Conflict(f"“{theme.name}”已停用。", "要编辑它，请先恢复。")
    if theme.state == "died":
        raise Conflict(
            f"最近一次发现里没有“{theme.name}”了。", "请选一个在用的主题；以后的发现再找到它，它会自己回来。"
        )
    raise Conflict(f"“{theme.name}”本来就在用。")


def end_of_merges(session: Session, theme: Theme) -> Theme:
    """Give the theme that holds what a merged theme held; a theme that was not merged is its own."""
    while theme.state == "merged":
        theme = session.get_one(Theme, theme.merged_into_id)
    return theme


def own_units(session: Session, actor: Actor, unit_ids: Iterable[int]) -> list[int]:
    """Give these units in order.

    Raises:
        NotFound: One of them is not there, or not in the actor's stores (deliberately the same).
    """
    wanted = set(unit_ids)
    statement = select(Unit.id).join(Voice, Voice.id == Unit.voice_id).where(Unit.id.in_(wanted))
    found = sorted(session.exec(in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id)).all())
    if not found or len(found) != len(wanted):
        raise NotFound("有些句子已经不在了。", "请刷新页面后重选。")
    return found


def namesake(session: Session, brand_id: int, name: str, but: int | None = None) -> Theme | None:
    """Give the theme in use that has this name, other than theme ``but``; sub-themes may be called what they like."""
    statement = select(Theme).where(
        Theme.brand_id == brand_id, Theme.name == name, Theme.state == "active", Theme.parent_id.is_(None),
        Theme.id != (but or 0),
    )  # fmt: skip
    return session.exec(statement.order_by(Theme.id)).first()


def checked_name(session: Session, actor: Actor, name: str, but: int | None = None) -> str:
    """Give a name as it is kept.

    Raises:
        InvalidInput: Empty, or too long.
        Conflict: Another theme in use has it.
    """
    name = name.strip()
    if not name:
        raise InvalidInput("主题要有名字。", "用一句顾客会说的短话，例如“排队等位太久”。")
    if len(name) > NAME_LIMIT:
        raise InvalidInput(f"名字太长（{len(name)} 个字）。", f"请不超过 {NAME_LIMIT} 个字。")
    other = namesake(session, actor.brand_id, name, but)
    if other is not None:
        raise Conflict(f"已经有叫“{name}”的主题（编号 {other.id}）。", "换一个名字，或把两个主题合并。")
    return name


def check_name_is_free(session: Session, theme: Theme, name: str) -> None:
    """Refuse to bring a theme back under a name that another took meanwhile: two of one name nobody tells apart.

    Raises:
        Conflict: With the other theme, and the way out.
    """
    other = namesake(session, theme.brand_id, name, theme.id)
    if other is not None:
        raise Conflict(
            f"“{name}”这个名字现在是主题 {other.id} 在用，不能有两个同名的主题。",
            f"请先给主题 {other.id} 改名，再做一次。",
        )


def free_name(session: Session, brand_id: int, name: str, but: int | None = None) -> str:
    """Give ``name``, or with a number after it where another theme in use has it."""
    return next(each for each in numbered(name) if namesake(session, brand_id, each, but) is None)


def numbered(name: str) -> Iterator[str]:
    """Give ``name``, then ``name（2）`` and so on."""
    return chain([name], (f"{name}（{number}）" for number in count(2)))


def landing(session: Session, theme_id: int, subthemes: Mapping[int, int | None]) -> Theme:
    """Give the theme in which units that go back to a theme are found again.

    A theme that was merged meanwhile hands them on, and its merge remembers them: undone later, it takes them along. One that
    died meanwhile is in use again, for now it holds something.

    Args:
        session: The deed's session.
        theme_id: Where they go back to.
        subthemes: Sub-theme there of each unit that goes back, None for none.
    """
    theme = session.get_one(Theme, theme_id)
    while theme.state == "merged":
        _remember(session, theme, subthemes)
        subthemes = dict.fromkeys(subthemes)
        theme = session.get_one(Theme, theme.merged_into_id)
    if theme.state == "died":
        theme.name, theme.state = free_name(session, theme.brand_id, theme.name, theme.id), "active"
    return theme


def _remember(session: Session, merged: Theme, subthemes: Mapping[int, int | None]) -> None:
    statement = select(ThemeEvent).where(
        ThemeEvent.theme_id == merged.id, ThemeEvent.kind == "merge", ThemeEvent.undone_at.is_(None)
    )
    merge = session.exec(statement.order_by(ThemeEvent.id.desc())).first()
    if merge is None:
        return
    known = {str(unit): sub for unit, sub in subthemes.items() if sub is not None}
    merge.before = merge.before | {
        "unit_ids": sorted({*merge.before["unit_ids"], *subthemes}),
        "subthemes": merge.before.get("subthemes", {}) | known,
    }


def later_edit(session: Session, event: ThemeEvent) -> ThemeEvent | None:
    """Give the newest later edit that stands on this one: taken back first, each leaves what was before it."""
    later = select(ThemeEvent).where(
        ThemeEvent.brand_id == event.brand_id, ThemeEvent.id > event.id, ThemeEvent.undone_at.is_(None)
    )
    return next((each for each in session.exec(later.order_by(ThemeEvent.id.desc())) if _stands_on(each, event)), None)


def check_nothing_stands_on(session: Session, event: ThemeEvent) -> None:
    """Refuse to take an edit back while a later one stands on it.

    Raises:
        Conflict: Naming the later edit.
    """
    later = later_edit(session, event)
    if later is not None:
        theme = session.get_one(Theme, later.theme_id)
        raise Conflict(
            f"后面的编辑 {later.id}（{told(later.kind, theme.name, later.detail)}）以它为基础。",
            f"请先撤销编辑 {later.id}，它在主题 {theme.id}“{theme.name}”的历史里。",
        )


def _stands_on(later: ThemeEvent, event: ThemeEvent) -> bool:
    if not _units(later).isdisjoint(_units(event)):
        return True
    if event.kind == "merge":
        return later.kind == "merge" and later.theme_id == event.detail["into"]
    if event.kind in ("split", "apart"):  # its theme goes: nothing may lie in it, or be meant to go back to it
        return later.kind != "rename" and event.theme_id in _themes(later)
    if event.kind in _FIELDS and event.theme_id in (later.theme_id, later.kind == "apart" and later.detail["from"]):
        return later.kind in ("merge", "apart") or _FIELDS.get(later.kind) == _FIELDS[event.kind]
    return False


def _units(event: ThemeEvent) -> set[int]:
    return {*event.before.get("unit_ids", ()), *map(int, event.before.get("assignments", ()))}


def _themes(event: ThemeEvent) -> set[int | None]:
    came_from = {held[0] for held in event.before.get("assignments", {}).values() if held}
    return {event.theme_id, *(event.detail.get(name) for name in ("to", "into", "from")), *came_from}


def newest_run(session: Session, brand_id: int) -> ThemeRun | None:
    """Give the brand's newest run, None before the first."""
    return session.exec(select(ThemeRun).where(ThemeRun.brand_id == brand_id).order_by(ThemeRun.id.desc())).first()


def vectors_of_units(session: Session, encoder: Encoder, unit_ids: Iterable[int]) -> dict[int, NDArray[np.float32]]:
    """Give the vector of each of these units that has content.

    The units beside them in their voices are read too, for what stands beside a text counts for what it means.
    """
    chosen = set(unit_ids)
    voices = select(Unit.voice_id).where(Unit.id.in_(chosen))
    rows = session.exec(
        select(Unit.id, Unit.voice_id, Voice.text, Unit.start, Unit.end)
        .join(Voice, Voice.id == Unit.voice_id)
        .where(Unit.voice_id.in_(voices), Unit.no_content.is_(False))
        .order_by(Unit.voice_id, Unit.start)
    ).all()
    if not rows:
        return {}
    vectors = unit_vectors(encoder, [text[start:end] for *_, text, start, end in rows], [row[1] for row in rows])
    return {row[0]: vector for row, vector in zip(rows, vectors, strict=True) if row[0] in chosen}


def centre_of_units(session: Session, encoder: Encoder, unit_ids: Iterable[int]) -> bytes | None:
    """Give the centre of units as a run keeps it (float32, unit length); None where their words say nothing to the encoder."""
    vectors = list(vectors_of_units(session, encoder, unit_ids).values())
    if not vectors:
        return None
    middle = np.sum(vectors, axis=0)
    length = np.linalg.norm(middle)
    return (middle / length).astype(np.float32).tobytes() if length > 1e-9 else None
