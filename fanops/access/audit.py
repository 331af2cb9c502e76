"""The audit log: append-only, each entry's hash covers the one before it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from fanops.access.actor import Actor, Role, require
from fanops.database import take_turn
from fanops.tables import Account, AuditEntry, now


def _digest(previous: str, entry: AuditEntry) -> str:
    content = [
        previous,
        entry.at.isoformat(),
        entry.account_id,
        entry.brand_id,
        entry.deed,
        entry.subject,
        entry.detail,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def record_audit(session: Session, actor: Actor | None, deed: str, subject: str = "", **detail: Any) -> AuditEntry:
    """Write that somebody did something, in the same transaction as the deed.

    Args:
        session: The deed's own session.
        actor: Who did it, None before sign-in.
        deed: A short English verb phrase, e.g. ``reveal_identity``.
        subject: What it was done to, as ``table:id``; never a name or a phone.
        **detail: JSON values; never personal data.
    """
    take_turn(session, "audit")  # two entries must not follow the same one
    last = session.exec(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).first()
    entry = AuditEntry(
        at=now(),
        account_id=actor.account_id if actor else None,
        brand_id=actor.brand_id if actor else None,
        deed=deed,
        subject=subject,
        detail=detail,
        sha256="",
    )
    entry.sha256 = _digest(last.sha256 if last else "", entry)
    session.add(entry)
    session.flush()
    return entry


def audit_entries(
    session: Session,
    actor: Actor,
    since: datetime,
    *,
    login: str | None = None,
    deed: str | None = None,
    most: int = 1_000,
) -> list[dict[str, Any]]:
    """List the entries of the actor's brand, and those of nobody's (a sign-in under an unknown name), newest first.

    Args:
        session: Any session.
        actor: An administrator.
        since: The oldest moment.
        login: Of this account only.
        deed: This deed only.
        most: Entries given at most.

    Returns:
        Rows ``id, at, who`` (login, 命令行 for none)``, deed, subject, detail``.
    """
    require(actor, Role.ADMIN)
    query = (
        select(AuditEntry, Account.login)
        .outerjoin(Account, Account.id == AuditEntry.account_id)
        .where(AuditEntry.at >= since, (AuditEntry.brand_id == actor.brand_id) | AuditEntry.brand_id.is_(None))
    )
    if login is not None:
        query = query.where(Account.login == login)
    if deed is not None:
        query = query.where(AuditEntry.deed == deed)
    return [
        {"id": entry.id, "at": entry.at, "who": who or ("—" if entry.brand_id is None else "命令行"), "deed": entry.deed,
         "subject": entry.subject, "detail": entry.detail}
        for entry, who in session.exec(query.order_by(AuditEntry.id.desc()).limit(most))
    ]  # fmt: skip


def verify_audit(session: Session) -> int | None:
    """Walk the chain.

    Returns:
        The id of the first entry whose hash does not fit, None when the whole log is whole.
    """
    previous = ""
    for entry in session.exec(select(AuditEntry).order_by(AuditEntry.id)):
        if entry.sha256 != _digest(previous, entry):
            return entry.id
        previous = entry.sha256
    return None
