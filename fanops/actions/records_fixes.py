"""Service fixes (MTQSC) per store: opened from a theme or sent as a checklist, read, ticked, done, accepted, closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import pandas as pd
from sqlalchemy import and_, case, func
from sqlmodel import Session, delete, select

from fanops.access import Actor, in_scope, record_audit, require, require_store
from fanops.actions.fix_states import DONE, LABELS, MOVES, next_states
from fanops.actions.records import MANAGERS, checked_title, evidence_fans, keep_evidence
from fanops.actions.records_areas import areas
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.records_tellings import drop_due, make_due
from fanops.sending.records import record_event
from fanops.settings import today
from fanops.tables import Evidence, Fan, Fix, FixStore, Staff, Store, Telling, Theme, Transition, now
from fanops.text.masking import mask_identifiers
from fanops.themes.records import get_theme

_MOST_LINES, _LONGEST_LINE = 30, 80
_BEFORE_WORK = frozenset({"found", "assigned", "reopened"})
# Fans who were told and say that it is not mended; once the store has done it over again, they are to be asked anew.
_NOT_FIXED = (
    select(func.count(Telling.id))
    .where(
        Telling.fix_id == FixStore.fix_id, Telling.store_id == FixStore.store_id, Telling.really_fixed == "no",
        FixStore.done_at.is_(None) | (Telling.told_at >= FixStore.done_at),
    )
    .correlate(FixStore)
    .scalar_subquery()
)  # fmt: skip


def checked_lines(lines: Sequence[str]) -> list[str]:
    """Give a checklist's lines without empty ones.

    Raises:
        InvalidInput: Too many lines or one too long.
    """
    lines = [line.strip() for line in lines if line.strip()]
    if len(lines) > _MOST_LINES:
        raise InvalidInput(f"检查项有 {len(lines)} 条，太多了。", f"最多 {_MOST_LINES} 条；分成两张清单。")
    for number, line in enumerate(lines, start=1):
        if len(line) > _LONGEST_LINE:
            raise InvalidInput(f"第 {number} 条检查项太长（{len(line)} 个字）。", f"请不超过 {_LONGEST_LINE} 个字。")
    return lines


def open_fix(
    session: Session, actor: Actor, theme_id: int | None, store_ids: Sequence[int], title: str, *, what_to_do: str = "",
    area: str = "service", due_on: date | None = None, checklist: Sequence[str] = (),
) -> Fix:  # fmt: skip
    """Open a service fix (服务改进) in stores, of a theme or, without one, as a checklist.

    A theme's sentences in the actor's scope become the evidence.

    Args:
        session: A writing session.
        actor: A manager; stores outside their scope are refused.
        theme_id: The theme, None for a checklist that stands on its own.
        store_ids: In which stores.
        title: What is to be mended.
        what_to_do: How.
        area: One of the brand's areas.
        due_on: Last day.
        checklist: Lines that a store ticks one by one.

    Raises:
        InvalidInput: No title, no store, an unknown area, neither theme nor checklist.
        NotFound: A theme or store the actor can't see.
    """
    require(actor, *MANAGERS)
    lines = checked_lines(checklist)
    if theme_id is not None:
        get_theme(session, actor, theme_id)
    elif not lines:
        raise InvalidInput("清单还是空的。", "至少写一条检查项。")
    if not store_ids:
        raise InvalidInput("要选至少一家门店。")
    known = areas(session, actor)
    if area not in known:
        raise InvalidInput("没有这个类别。", f"可用：{'、'.join(known.values())}。")
    fix = Fix(brand_id=actor.brand_id, theme_id=theme_id, title=checked_title(title), what_to_do=what_to_do.strip(),
              area=area, checklist=lines, account_id=actor.account_id)  # fmt: skip
    session.add(fix)
    session.flush()
    for store_id in dict.fromkeys(store_ids):
        store = require_store(session, actor, store_id)
        row = FixStore(fix_id=fix.id, store_id=store.id, due_on=due_on)
        session.add(row)
        session.flush()
        session.add(Transition(fix_store_id=row.id, account_id=actor.account_id, from_state="", to_state="found"))
    if theme_id is not None:
        keep_evidence(session, actor, theme_id, fix_id=fix.id, store_ids=store_ids)
    data = {"fix_id": fix.id, "title": fix.title, "theme_id": theme_id, "area": area,
            "due_on": due_on.isoformat() if due_on else None}  # fmt: skip
    record_event(session, actor, "fix.opened", data, store_ids)
    record_audit(session, actor, "open_fix", f"fix:{fix.id}", stores=len(set(store_ids)))
    return fix


def fix_table(session: Session, actor: Actor) -> pd.DataFrame:
    """List fixes with their stores in scope.

    Returns:
        Newest first: ``fix_id, title, area, theme_id, theme, opened_at, stores, read, done, accepted, overdue, not_fixed, evidence``;
        ``done`` counts stores that say so, ``accepted`` those where somebody above agreed, ``not_fixed`` fans who say it is not.
    """
    overdue = case((and_(FixStore.due_on < today(), FixStore.done_at.is_(None)), 1), else_=0)
    statement = (
        select(
            Fix.id, Fix.title, Fix.area, Fix.theme_id, Theme.name, Fix.opened_at, func.count(FixStore.id),
            func.count(FixStore.read_at), func.count(FixStore.done_at),
            func.sum(case((FixStore.state.in_(DONE), 1), else_=0)), func.sum(overdue),
            func.sum(_NOT_FIXED),
        )
        .join(FixStore, FixStore.fix_id == Fix.id)
        .outerjoin(Theme, Theme.id == Fix.theme_id)
        .group_by(Fix.id, Fix.title, Fix.area, Fix.theme_id, Theme.name, Fix.opened_at)
        .order_by(Fix.id.desc())
    )  # fmt: skip
    rows = session.exec(in_scope(statement, actor, brand=Fix.brand_id, store=FixStore.store_id)).all()
    columns = ["fix_id", "title", "area", "theme_id", "theme", "opened_at", "stores", "read", "done", "accepted",
               "overdue", "not_fixed"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    counted = dict(
        session.exec(
            select(Evidence.fix_id, func.count()).where(Evidence.fix_id.is_not(None)).group_by(Evidence.fix_id)
        ).all()
    )
    frame["not_fixed"] = frame["not_fixed"].astype(int)
    return frame.assign(evidence=[counted.get(fix_id, 0) for fix_id in frame["fix_id"]])


def fix_stores(session: Session, actor: Actor, fix_id: int | None = None) -> pd.DataFrame:
    """List the stores of a fix (or of all fixes) in scope.

    Returns:
        ``fix_store_id, fix_id, title, what_to_do, checklist, store_id, store, state, ticks, owner, due_on, read_at,
        done_at, note, not_fixed`` (fans who were told and say it is not mended).
    """
    statement = (
        select(
            FixStore.id, Fix.id, Fix.title, Fix.what_to_do, Fix.checklist, Store.id, Store.name, FixStore.state,
            FixStore.ticks, Staff.name, FixStore.due_on, FixStore.read_at, FixStore.done_at, FixStore.note,
            _NOT_FIXED,
        )
        .join(Fix, Fix.id == FixStore.fix_id)
        .join(Store, Store.id == FixStore.store_id)
        .outerjoin(Staff, Staff.id == FixStore.owner_staff_id)
        .order_by(Fix.id.desc(), Store.code)
    )  # fmt: skip
    if fix_id is not None:
        statement = statement.where(Fix.id == fix_id)
    rows = session.exec(in_scope(statement, actor, brand=Fix.brand_id, store=FixStore.store_id)).all()
    columns = ["fix_store_id", "fix_id", "title", "what_to_do", "checklist", "store_id", "store", "state", "ticks",
               "owner", "due_on", "read_at", "done_at", "note", "not_fixed"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def own_fix_store(session: Session, actor: Actor, fix_store_id: int) -> FixStore:
    """Give a store's fix in the actor's scope.

    Raises:
        NotFound: No such one, or another store's.
    """
    statement = select(FixStore).join(Fix, Fix.id == FixStore.fix_id).where(FixStore.id == fix_store_id)
    row = session.exec(in_scope(statement, actor, brand=Fix.brand_id, store=FixStore.store_id)).first()
    if row is None:
        raise NotFound("没有这项改进，或它不在您的门店。")
    return row


def assign_owner(session: Session, actor: Actor, fix_store_id: int, staff_id: int) -> FixStore:
    """Name the person of the store who sees to it; a fix that was only found counts as assigned from then on.

    Raises:
        NotFound: Nobody of that store, or somebody who has left.
    """
    require(actor, *MANAGERS)
    row = own_fix_store(session, actor, fix_store_id)
    staff = session.exec(
        select(Staff).where(Staff.id == staff_id, Staff.store_id == row.store_id, Staff.left_on.is_(None))
    ).first()
    if staff is None:
        raise NotFound("这家门店没有这位员工。", "请从名单里选。")
    if row.state in ("found", "reopened"):
        _change(session, actor, row, "assigned", f"负责人：{staff.name}")
    row.owner_staff_id = staff.id
    session.add(row)
    session.flush()
    return row


def staff_of(session: Session, actor: Actor, fix_store_id: int) -> dict[int, str]:
    """Give who could see to a store's fix: staff id → name."""
    row = own_fix_store(session, actor, fix_store_id)
    statement = select(Staff.id, Staff.name).where(Staff.store_id == row.store_id, Staff.left_on.is_(None))
    return dict(session.exec(statement.order_by(Staff.code)).all())


def note_read(session: Session, actor: Actor, fix_store_id: int) -> None:
    """Note that the store has read a fix (once; only by people of that store)."""
    row = own_fix_store(session, actor, fix_store_id)
    if row.read_at is None and actor.store_id == row.store_id:
        row.read_at = now()


def tick(session: Session, actor: Actor, fix_store_id: int, line: int, ticked: bool = True) -> FixStore:
    """Tick a line of the checklist in a store, or take the tick back; the first tick begins the work.

    Args:
        session: A writing session.
        actor: Anybody who sees the store.
        fix_store_id: Which store's fix.
        line: Number of the line, from 0.
        ticked: Whether it is done.

    Raises:
        InvalidInput: No such line.
        Conflict: The work was accepted already.
    """
    row = own_fix_store(session, actor, fix_store_id)
    if not 0 <= line < len(session.get_one(Fix, row.fix_id).checklist):
        raise InvalidInput("清单里没有这一条。")
    if row.state in DONE:
        raise Conflict("已经验收，不能再改勾选。", "没做好的话，请先重新打开。")
    if row.state in _BEFORE_WORK:
        _change(session, actor, row, "fixing")
    ticks = {key: mark for key, mark in row.ticks.items() if key != str(line)}
    if ticked:
        ticks[str(line)] = {"at": now().isoformat(), "account_id": actor.account_id}
    else:
        row.done_at = None
    row.ticks, row.read_at = ticks, row.read_at or now()
    session.add(row)
    session.flush()
    return row


def note_done(session: Session, actor: Actor, fix_store_id: int, note: str = "") -> FixStore:
    """Note the store's receipt that it is done; accepting it is for those above.

    Raises:
        Conflict: Lines of the checklist are open, or it is accepted already.
    """
    row = own_fix_store(session, actor, fix_store_id)
    lines = session.get_one(Fix, row.fix_id).checklist
    rest = [line for number, line in enumerate(lines) if str(number) not in row.ticks]
    if rest:
        raise Conflict(f"还有 {len(rest)} 条没有勾。", f"没勾的：{'；'.join(rest)}")
    if row.state in DONE:
        raise Conflict("已经验收了。")
    if row.state in _BEFORE_WORK:
        _change(session, actor, row, "fixing", note)
    row.done_at, row.read_at, row.note = now(), row.read_at or now(), _masked(note) or row.note
    session.add(row)
    session.flush()
    return row


def take_back_done(session: Session, actor: Actor, fix_store_id: int) -> FixStore:
    """Take the store's receipt back while nobody has accepted it.

    Raises:
        Conflict: It is accepted.
    """
    row = own_fix_store(session, actor, fix_store_id)
    if row.state in DONE:
        raise Conflict("已经验收，不能再收回。", "没做好的话，请重新打开。")
    row.done_at = None
    session.add(row)
    session.flush()
    return row


def _masked(note: str) -> str:
    """Notes are read by other stores too: numbers of fans in them are covered."""
    return mask_identifiers(note.strip()[:1000]).text


def _change(
    session: Session, actor: Actor, row: FixStore, to: str, note: str = "", happened_at: datetime | None = None
) -> None:
    session.add(
        Transition(fix_store_id=row.id, account_id=actor.account_id, from_state=row.state, to_state=to, note=note[:500],
                   changed_at=happened_at or now())
    )  # fmt: skip
    data = {"fix_id": row.fix_id, "title": session.get_one(Fix, row.fix_id).title, "from": row.state, "to": to,
            "to_label": LABELS[to], "happened_at": (happened_at or now()).isoformat()}  # fmt: skip
    record_event(session, actor, "fix.moved", data, [row.store_id])
    row.state = to


def move_fix(
    session: Session, actor: Actor, fix_store_id: int, to: str, note: str = "", *, happened_at: datetime | None = None
) -> FixStore:
    """Move a store's fix to another state.

    Args:
        session: A writing session.
        actor: Who moves it.
        fix_store_id: Which store's fix.
        to: The state.
        note: What was done.
        happened_at: When it really happened, if it is written down later; now by default.

    Raises:
        Conflict: No such move from here.
        NotAllowed: Not for this role.
    """
    row = own_fix_store(session, actor, fix_store_id)
    roles = MOVES.get((row.state, to))
    if roles is None:
        following = "、".join(LABELS[state] for state in next_states(row.state, actor.role))
        raise Conflict(
            f"现在是“{LABELS[row.state]}”，不能直接改为“{LABELS.get(to, to)}”。",
            f"下一步可以是：{following}。" if following else "下一步由别的同事来做。",
        )
    require(actor, *roles)
    taken_back = (row.state, to) == ("accepted", "fixing")
    _change(session, actor, row, to, note, happened_at)
    row.note = _masked(note) or row.note
    moment = happened_at or now()
    row.read_at = row.read_at or moment
    # An acceptance taken back leaves the store's own receipt.
    row.done_at = (row.done_at or moment) if to in DONE else row.done_at if taken_back else None
    row.ticks = {} if to == "reopened" else row.ticks
    row.closed_at = moment if to == "closed" else None
    session.add(row)
    session.flush()
    if to == "accepted":
        make_due(session, evidence_fans(session, fix_id=row.fix_id), row.store_id, fix_id=row.fix_id)
    elif taken_back or to == "reopened":
        drop_due(session, row.store_id, fix_id=row.fix_id)
    return row


def told_by_store(session: Session, actor: Actor, fix_id: int) -> pd.DataFrame:
    """Count per store in scope whom a fix was told to and what they say: by store id ``due, told, fixed, not_fixed``."""
    statement = (
        select(Telling.store_id, Telling.state, Telling.really_fixed)
        .join(Fan, Fan.id == Telling.fan_id)
        .where(Telling.fix_id == fix_id)
    )
    rows = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Telling.store_id)).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["store_id", "state", "answer"])
    counts = {"due": frame["state"] == "due", "told": frame["state"] == "told", "fixed": frame["answer"] == "yes",
              "not_fixed": frame["answer"] == "no"}  # fmt: skip
    return pd.DataFrame(counts).groupby(frame["store_id"]).sum().astype(int)


def undo_open_fix(session: Session, actor: Actor, fix_id: int) -> None:
    """Take a fix back that nobody has worked on.

    Raises:
        Conflict: A store has begun.
    """
    require(actor, *MANAGERS)
    fix = session.exec(select(Fix).where(Fix.id == fix_id, Fix.brand_id == actor.brand_id)).first()
    if fix is None:
        raise NotFound("没有这项改进。")
    begun = select(FixStore.id).where(FixStore.fix_id == fix_id, FixStore.state != "found")
    if session.exec(begun).first() is not None:
        raise Conflict("已经有门店开始整改，不能撤销。", "可以逐家关闭。")
    stores = session.exec(select(FixStore.store_id).where(FixStore.fix_id == fix_id)).all()
    record_event(session, actor, "fix.withdrawn", {"fix_id": fix_id, "title": fix.title}, stores)
    session.exec(delete(Fix).where(Fix.id == fix_id))
    record_audit(session, actor, "undo_open_fix", f"fix:{fix_id}")


def solved_examples(session: Session, actor: Actor, fix_id: int, limit: int = 5) -> pd.DataFrame:
    """Give how other stores of the brand solved the same theme: their notes, without anything about their fans.

    Returns:
        ``store, title, note, done_at``, newest first; stores of the actor's own scope included, the actor's own store not.
    """
    fix = session.exec(select(Fix).where(Fix.id == fix_id, Fix.brand_id == actor.brand_id)).first()
    if fix is None:
        raise NotFound("没有这项改进。")
    same = (Fix.theme_id == fix.theme_id) if fix.theme_id is not None else (Fix.id == fix.id)
    statement = (
        select(Store.name, Fix.title, FixStore.note, FixStore.done_at)
        .join(FixStore, FixStore.store_id == Store.id)
        .join(Fix, Fix.id == FixStore.fix_id)
        .where(same, Fix.brand_id == actor.brand_id, FixStore.state.in_(DONE), FixStore.note != "")
        .order_by(FixStore.done_at.desc())
        .limit(limit)
    )
    if actor.store_id is not None:
        statement = statement.where(Store.id != actor.store_id)
    return pd.DataFrame(session.exec(statement).all(), columns=["store", "title", "note", "done_at"])
