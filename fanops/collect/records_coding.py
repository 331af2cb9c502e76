"""Coding interviews: a codebook, passages under codes, two coders compared; everything can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd
from sqlalchemy import delete
from sqlalchemy.orm import aliased
from sqlmodel import Session, func, select

from fanops.access import Actor, Role, in_scope, record_audit, require
from fanops.collect.interviews.agreement import agreement, coded_characters
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.levels import LEVEL_LABELS
from fanops.tables import Account, Code, Coding, Fan, Interview, Store, Turn, now

CODERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
KEEPERS = (Role.PRODUCT, Role.CEO, Role.ADMIN)
_LIMITS = {"name": 40, "definition": 400, "include": 400, "exclude": 400, "example": 400}


def codebook(session: Session, actor: Actor) -> pd.DataFrame:
    """List the codes in force with how often each is used.

    Returns:
        Rows ``code_id, name, definition, include, exclude, example, passages, interviews``, by name.
    """
    used = (
        select(Coding.code_id, func.count(Coding.id), func.count(func.distinct(Turn.interview_id)))
        .join(Turn, Turn.id == Coding.turn_id)
        .join(Code, Code.id == Coding.code_id)
        .where(Code.brand_id == actor.brand_id, Coding.withdrawn_at.is_(None))
        .group_by(Coding.code_id)
    )
    counts = {code_id: (passages, interviews) for code_id, passages, interviews in session.exec(used)}
    codes = session.exec(
        select(Code).where(Code.brand_id == actor.brand_id, Code.merged_into_id.is_(None)).order_by(Code.name)
    ).all()
    rows = [
        (code.id, code.name, code.definition, code.include, code.exclude, code.example, *counts.get(code.id, (0, 0)))
        for code in codes
    ]
    columns = ["code_id", "name", "definition", "include", "exclude", "example", "passages", "interviews"]
    return pd.DataFrame(rows, columns=columns)


def save_code(session: Session, actor: Actor, code_id: int | None = None, **said: str) -> Code:
    """Add a code, or change what a code says.

    Args:
        session: In a write transaction.
        actor: Head office.
        code_id: None for a new one.
        said: ``name``, ``definition``, ``include``, ``exclude``, ``example``.

    Raises:
        InvalidInput: No name, or too long.
        Conflict: Another code has the name.
    """
    require(actor, *KEEPERS)
    said = {name: text.strip() for name, text in said.items()}
    if not said.get("name"):
        raise InvalidInput("编码要有名字。", "用一个短语，例如“等位太久”。")
    too_long = [name for name, text in said.items() if len(text) > _LIMITS[name]]
    if too_long:
        raise InvalidInput("写得太长了。", f"名字最多 {_LIMITS['name']} 个字，其他各项最多 400 个字。")
    same = session.exec(select(Code).where(Code.brand_id == actor.brand_id, Code.name == said["name"])).first()
    if same is not None and same.merged_into_id and same.id != code_id:
        into = get_code(session, actor, same.id).name
        raise Conflict(f"“{said['name']}”已经合并到“{into}”。", f"编到“{into}”下，或换一个名字。")
    if same is not None and same.id != code_id:
        raise Conflict(f"已经有编码“{said['name']}”。", "换一个名字，或合并到它。")
    code = Code(brand_id=actor.brand_id, name=said["name"]) if code_id is None else get_code(session, actor, code_id)
    for name, text in said.items():
        setattr(code, name, text)
    session.add(code)
    session.flush()
    record_audit(session, actor, "save_code", f"code:{code.id}")
    return code


def delete_code(session: Session, actor: Actor, code_id: int) -> dict[str, str]:
    """Take a code out of the codebook that nothing is under; what was taken back from under it goes too.

    Returns:
        What it said, for undo by ``save_code``.

    Raises:
        NotFound: None such.
        Conflict: Passages are under it, or another code was merged into it.
    """
    require(actor, *KEEPERS)
    code = get_code(session, actor, code_id)
    used = select(func.count(Coding.id)).where(Coding.code_id == code.id, Coding.withdrawn_at.is_(None))
    if passages := session.exec(used).one():
        raise Conflict(f"“{code.name}”下还有 {passages:,} 段，没有删除。", "可以合并到另一个编码，段落会移过去。")
    if session.exec(select(Code.id).where(Code.merged_into_id == code.id)).first() is not None:
        raise Conflict(f"有别的编码合并到了“{code.name}”，没有删除。", "可以把它再合并到另一个编码。")
    was = {name: getattr(code, name) for name in _LIMITS}
    session.exec(delete(Coding).where(Coding.code_id == code.id))
    session.delete(code)
    record_audit(session, actor, "delete_code", f"code:{code_id}")
    return was


def get_code(session: Session, actor: Actor, code_id: int) -> Code:
    """Give a code of the brand; one that was merged leads to what it was merged into.

    Raises:
        NotFound: None such.
    """
    code = session.exec(select(Code).where(Code.id == code_id, Code.brand_id == actor.brand_id)).first()
    if code is None:
        raise NotFound("没有这个编码。", "请从编码本里选择。")
    return get_code(session, actor, code.merged_into_id) if code.merged_into_id else code


def merge_codes(session: Session, actor: Actor, code_id: int, into_id: int) -> list[int]:
    """Merge one code into another: its passages move, the code stays as a pointer.

    Returns:
        The passages that moved, for ``unmerge_codes``.

    Raises:
        Conflict: Into itself.
    """
    require(actor, *KEEPERS)
    code, target = get_code(session, actor, code_id), get_code(session, actor, into_id)
    if code.id == target.id:
        raise Conflict("不能合并到自己。", "请选另一个编码。")
    moved = session.exec(select(Coding).where(Coding.code_id == code.id)).all()
    for passage in moved:
        passage.code_id = target.id
        session.add(passage)
    code.merged_into_id = target.id
    session.add(code)
    record_audit(session, actor, "merge_codes", f"code:{code.id}", into=target.id, passages=len(moved))
    return [passage.id for passage in moved]


def unmerge_codes(session: Session, actor: Actor, code_id: int, moved: list[int]) -> None:
    """Take a merge back: the same passages return."""
    require(actor, *KEEPERS)
    code = session.exec(select(Code).where(Code.id == code_id, Code.brand_id == actor.brand_id)).one()
    code.merged_into_id = None
    session.add(code)
    for passage in session.exec(select(Coding).where(Coding.id.in_(moved))):
        passage.code_id = code.id
        session.add(passage)
    record_audit(session, actor, "unmerge_codes", f"code:{code.id}")


def _turn(session: Session, actor: Actor, turn_id: int) -> Turn:
    statement = select(Turn).join(Interview, Interview.id == Turn.interview_id).where(Turn.id == turn_id)
    turn = session.exec(in_scope(statement, actor, brand=Interview.brand_id, store=Interview.store_id)).first()
    if turn is None:
        raise NotFound("没有这段话。", "请从访谈里选择。")
    return turn


def code_passage(
    session: Session, actor: Actor, turn_id: int, code_id: int, start: int, end: int, memo: str = ""
) -> Coding:
    """Put a passage under a code.

    Args:
        session: In a write transaction.
        actor: Who codes.
        turn_id: Where it was said.
        code_id: The code.
        start: First character of the passage.
        end: Character after its last.
        memo: A thought to keep with it.

    Raises:
        InvalidInput: No such passage.
        Conflict: This coder has put the very passage under the code already.
    """
    require(actor, *CODERS)
    turn, code = _turn(session, actor, turn_id), get_code(session, actor, code_id)
    if not 0 <= start < end <= len(turn.text) or not turn.text[start:end].strip():
        raise InvalidInput("没有选中文字。", "在原话里划选一段，再点编码。")
    same = select(Coding.id).where(
        Coding.turn_id == turn.id, Coding.code_id == code.id, Coding.start == start, Coding.end == end,
        Coding.account_id == actor.account_id, Coding.withdrawn_at.is_(None),
    )  # fmt: skip
    if session.exec(same).first() is not None:
        raise Conflict("这段话已经在这个编码下了。", "")
    passage = Coding(
        turn_id=turn.id, code_id=code.id, account_id=actor.account_id, start=start, end=end,
        quoted=turn.text[start:end], memo=memo.strip()[:1000],
    )  # fmt: skip
    session.add(passage)
    session.flush()
    record_audit(session, actor, "code_passage", f"coding:{passage.id}")
    return passage


def _own_passage(session: Session, actor: Actor, coding_id: int) -> Coding:
    passage = session.get(Coding, coding_id)
    if passage is None or passage.account_id != actor.account_id:
        raise NotFound("没有这段编码，或它是别人编的。", "只能改自己编的。")
    _turn(session, actor, passage.turn_id)
    return passage


def withdraw_coding(session: Session, actor: Actor, coding_id: int) -> None:
    """Take one's own coding back; the row stays as history."""
    passage = _own_passage(session, actor, coding_id)
    passage.withdrawn_at = now()
    session.add(passage)


def restore_coding(session: Session, actor: Actor, coding_id: int) -> None:
    """Put a withdrawn coding back."""
    passage = _own_passage(session, actor, coding_id)
    passage.withdrawn_at = None
    session.add(passage)


def write_memo(session: Session, actor: Actor, coding_id: int, memo: str) -> None:
    """Write a thought beside one's own coding."""
    passage = _own_passage(session, actor, coding_id)
    passage.memo = memo.strip()[:1000]
    session.add(passage)


def codings(session: Session, actor: Actor, interview_id: int | None = None, *, mine: bool = False) -> pd.DataFrame:
    """List passages under codes in the actor's scope.

    Args:
        session: Open session.
        actor: Who reads.
        interview_id: Only of this interview.
        mine: Only one's own: a second coder works blind.

    Returns:
        Rows ``coding_id, interview_id, turn_id, code_id, code, coder_id, coder, start, end, quoted, memo, fan_id, fan, level,
        store, coded_at``, in the order they were said.
    """
    statement = (
        select(
            Coding.id, Turn.interview_id, Turn.id, Code.id, Code.name, Coding.account_id, Account.display_name, Coding.start,
            Coding.end, Coding.quoted, Coding.memo, Fan.id, Fan.name_masked, Fan.level, Store.name, Coding.coded_at,
        )
        .join(Turn, Turn.id == Coding.turn_id)
        .join(Interview, Interview.id == Turn.interview_id)
        .join(Code, Code.id == Coding.code_id)
        .outerjoin(Account, Account.id == Coding.account_id)
        .outerjoin(Fan, Fan.id == Interview.fan_id)
        .outerjoin(Store, Store.id == Interview.store_id)
        .where(Coding.withdrawn_at.is_(None))
    )  # fmt: skip
    statement = in_scope(statement, actor, brand=Interview.brand_id, store=Interview.store_id)
    if interview_id is not None:
        statement = statement.where(Turn.interview_id == interview_id)
    if mine:
        statement = statement.where(Coding.account_id == actor.account_id)
    rows = session.exec(statement.order_by(Turn.interview_id, Turn.position, Coding.start, Coding.id)).all()
    columns = ["coding_id", "interview_id", "turn_id", "code_id", "code", "coder_id", "coder", "start", "end", "quoted", "memo",
               "fan_id", "fan", "level", "store", "coded_at"]  # fmt: skip
    return pd.DataFrame([tuple(row) for row in rows], columns=columns)


def compare_coders(session: Session, actor: Actor, first: int, second: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare two coders over the interviews that both have coded, character by character.

    Returns:
        Per code ``code, observed_share, kappa, alpha, base``; and the passages of one that the other does not have:
        ``code, coder, quoted, interview_id``.
    """
    table = codings(session, actor)
    both = set(table[table["coder_id"] == first]["interview_id"]) & set(
        table[table["coder_id"] == second]["interview_id"]
    )
    table = table[table["interview_id"].isin(both) & table["coder_id"].isin([first, second])]
    turns = session.exec(select(Turn.id, Turn.text).where(Turn.interview_id.in_(both), Turn.speaker == "fan")).all()
    rows, differ = [], []
    for code, group in table.groupby("code"):
        marks = {}
        for coder in (first, second):
            own = group[group["coder_id"] == coder]
            marks[coder] = np.concatenate(
                [
                    coded_characters(len(text), own[own["turn_id"] == turn][["start", "end"]].to_numpy())
                    for turn, text in turns
                ]
            )
        rows.append({"code": code, **asdict(agreement(marks[first], marks[second]))})
        for row in group.itertuples():
            others = group[(group["coder_id"] != row.coder_id) & (group["turn_id"] == row.turn_id)]
            if not ((others["start"] < row.end) & (others["end"] > row.start)).any():
                differ.append((code, row.coder, row.quoted, row.interview_id))
    columns = ["code", "observed_share", "kappa", "alpha", "base"]
    return pd.DataFrame(rows, columns=columns), pd.DataFrame(
        differ, columns=["code", "coder", "quoted", "interview_id"]
    )


def grid(session: Session, actor: Actor) -> pd.DataFrame:
    """Give fans × codes: one row per interview with the fan's attributes and ``访谈`` (its id), the passages under each code."""
    table = codings(session, actor)
    if table.empty:
        return pd.DataFrame()
    counts = table.pivot_table(index="interview_id", columns="code", values="coding_id", aggfunc="count", fill_value=0)
    about = table.drop_duplicates("interview_id").set_index("interview_id")
    named = about["fan"].fillna("").where(about["fan"].fillna("") != "", "未留姓名")
    attributes = pd.DataFrame(
        {
            "粉丝": named.where(about["fan_id"].notna(), "未识别"),
            "分层": about["level"].map(LEVEL_LABELS).fillna(""),
            "门店": about["store"].fillna(""),
            "访谈": about.index,
        }
    )
    # A code may have the name of an attribute (门店): both columns stay.
    own = {name: f"{name}（编码）" for name in counts.columns if name in attributes}
    return attributes.join(counts.rename(columns=own)).reset_index(drop=True)


def frequency(session: Session, actor: Actor, by: str) -> pd.DataFrame:
    """Count, per code and group, the interviews in which it occurs.

    Args:
        session: Open session.
        actor: Who reads.
        by: ``store`` or ``level``.

    Returns:
        Rows ``group, code, interviews, base`` (coded interviews of the group).
    """
    table = codings(session, actor)
    if table.empty:
        return pd.DataFrame(columns=["group", "code", "interviews", "base"])
    table = table.assign(group=table["level"].map(LEVEL_LABELS) if by == "level" else table["store"])
    table["group"] = table["group"].fillna("未识别" if by == "level" else "未注明门店")
    bases = table.groupby("group")["interview_id"].nunique().rename("base")
    counts = table.groupby(["group", "code"])["interview_id"].nunique().rename("interviews").reset_index()
    return counts.merge(bases, on="group")


def coders(session: Session, actor: Actor) -> dict[int, str]:
    """Give the accounts that have coded something, id → name."""
    other = aliased(Coding)
    statement = select(Account.id, Account.display_name).where(
        Account.brand_id == actor.brand_id, Account.id.in_(select(other.account_id).where(other.withdrawn_at.is_(None)))
    )
    return dict(session.exec(statement.order_by(Account.id)).all())


def turn_table(session: Session, actor: Actor, interview_ids: Sequence[int]) -> pd.DataFrame:
    """Give what was said in interviews of the actor's scope: rows ``interview_id, turn_id, speaker, text``, in order."""
    statement = (
        select(Turn.interview_id, Turn.id, Turn.speaker, Turn.text)
        .join(Interview, Interview.id == Turn.interview_id)
        .where(Turn.interview_id.in_(interview_ids))
    )
    statement = in_scope(statement, actor, brand=Interview.brand_id, store=Interview.store_id)
    rows = session.exec(statement.order_by(Turn.interview_id, Turn.position)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=["interview_id", "turn_id", "speaker", "text"])
