"""Taking back an invitation of raisers to a trial, as far as nothing has reached a fan."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, delete, select

from fanops.access import Actor, record_audit, require
from fanops.actions import records_backlog as backlog
from fanops.errors import Conflict
from fanops.fans.records_cards import TRIAL as TRIAL_CARD
from fanops.fans.records_cards import trial_deed
from fanops.tables import Contact, Invitation, ServiceCard, Trial, now

# What leaves the house within seconds: a mail, a word in the store's group.
SENT_AT_ONCE = frozenset({"mail", "wecom"})


def undo_invitation(session: Session, actor: Actor, item_id: int, since: datetime) -> int:
    """Take back who was invited to try an item since a moment: their open cards go, links nobody opened lose their force.

    Whoever came, was spoken to or has opened the link stays invited; so does whom a mail or a group's robot has told.

    Returns:
        How many were taken back.

    Raises:
        Conflict: Nobody is left who could be.
    """
    require(actor, *backlog.KEEPERS)
    item = backlog.get_item(session, actor, item_id)
    statement = select(Trial).where(
        Trial.item_id == item.id, Trial.invited_at >= since, Trial.came_at.is_(None), Trial.channel.not_in(SENT_AT_ONCE)
    )
    taken = [trial for trial in session.exec(statement).all() if _withdraw(session, trial, item.title)]
    if not taken:
        raise Conflict("这次邀请已经送到粉丝那里，不能撤销。", "不再需要谁来试，请门店告诉本人。")
    for trial in taken:
        session.delete(trial)
    session.flush()
    record_audit(session, actor, "undo_invitation", f"backlog_item:{item.id}", fans=len(taken))
    return len(taken)


def _withdraw(session: Session, trial: Trial, title: str) -> bool:
    """Take back what one fan was invited by, and say whether that could be."""
    if trial.channel == "task":
        card = session.exec(
            select(ServiceCard).where(
                ServiceCard.fan_id == trial.fan_id, ServiceCard.rule_code == TRIAL_CARD, ServiceCard.state == "open",
                ServiceCard.deed == trial_deed(title), ServiceCard.created_at >= trial.invited_at,
            )
        ).first()  # fmt: skip
        if card is not None:
            session.delete(card)
        return card is not None
    made = select(Invitation).where(
        Invitation.fan_id == trial.fan_id, Invitation.created_at >= trial.invited_at, Invitation.revoked_at.is_(None)
    )
    link = session.exec(made).first()
    if link is None or link.opened_at is not None:
        return False  # opened, or a link of before that was given for something else too
    link.revoked_at = now()
    session.add(link)
    session.exec(
        delete(Contact).where(
            Contact.fan_id == trial.fan_id, Contact.kind == "trial", Contact.contacted_at >= trial.invited_at
        )
    )
    return True
