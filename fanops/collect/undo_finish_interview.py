"""Go on with an interview that was ended too early: its words stop being voices, and are notes again as they were typed."""

from __future__ import annotations

from sqlalchemy import delete, exists, func, or_, update
from sqlmodel import Session, select

from fanops.access import Actor, record_audit
from fanops.collect.record_interview import get_interview
from fanops.collect.undo_import import forget_quotes
from fanops.errors import Conflict
from fanops.tables import Coding, Evidence, FanTag, Interview, ThemeAssignment, Turn, Unit, Voice


def reopen_interview(session: Session, actor: Actor, interview_id: int) -> Interview:
    """Open an interview again that was held here and ended (undo of ``finish_interview``).

    Args:
        session: In a write transaction.
        actor: Who sees the interview.
        interview_id: An interview with notes; one that was imported has none.

    Raises:
        NotFound: None such.
        Conflict: It was imported, or people have coded, tagged, acted on or sorted by hand what was said.
    """
    held = get_interview(session, actor, interview_id)
    if held.state == "live":
        return held
    if not held.notes:
        raise Conflict("导入的访谈不能接着聊。", "要改文字稿，请在“导入”里撤销那一批，改好再导入。")
    turns = select(Turn.id).where(Turn.interview_id == held.id)
    voices = select(Voice.id).where(Voice.turn_id.in_(turns))
    units = select(Unit.id).where(Unit.voice_id.in_(voices))
    built = or_(
        exists().where(Coding.turn_id.in_(turns), Coding.withdrawn_at.is_(None)),
        exists().where(FanTag.unit_id.in_(units)),
        exists().where(Evidence.unit_id.in_(units)),
        exists().where(ThemeAssignment.unit_id.in_(units), ThemeAssignment.by_hand),
    )
    if session.exec(select(func.count()).select_from(Interview).where(Interview.id == held.id, built)).one():
        raise Conflict("已经有人用了这次访谈的话，不能接着聊。", "补充的话请记在新的一次访谈里。")
    forget_quotes(session, held.brand_id, set(session.exec(units)))
    session.execute(update(Voice).where(Voice.copy_of_id.in_(voices)).values(copy_of_id=None))
    for statement in (
        delete(Unit).where(Unit.voice_id.in_(voices)),
        delete(Voice).where(Voice.turn_id.in_(turns)),
        delete(Turn).where(Turn.interview_id == held.id),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    held.state, held.ended_at = "live", None
    session.add(held)
    record_audit(session, actor, "reopen_interview", f"interview:{held.id}")
    return held
