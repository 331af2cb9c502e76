"""Sign-in sessions: the cookie holds 256 random bits, the row their SHA-256; checked again at every turn."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, select

from fanops.access.actor import Actor, Role
from fanops.tables import Account, SignInSession, now

_TOKEN_BYTES = 32
_KEPT_AFTER_END = timedelta(days=7)
_SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class SignedIn:
    """A live session and whom it belongs to.

    Attributes:
        session_id: Row id of the session (not the cookie's secret).
        actor: Who is signed in, as the account is now.
    """

    session_id: int
    actor: Actor


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(session: Session, account: Account, *, hours: int) -> str:
    """Write a session row and give the token for the cookie (it is kept nowhere)."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session.exec(delete(SignInSession).where(SignInSession.expires_at < now() - _KEPT_AFTER_END))
    session.add(
        SignInSession(account_id=account.id, token_sha256=_digest(token), expires_at=now() + timedelta(hours=hours))
    )
    return token


def find_signed_in(session: Session, token: str) -> SignedIn | None:
    """Give the live session of a cookie's token; None when unknown, over, revoked, or the account is disabled."""
    if not token or len(token) > 100:
        return None
    return _live(session, SignInSession.token_sha256 == _digest(token))


def recheck(session: Session, session_id: int, account_id: int) -> Actor | None:
    """Give the actor of a session found earlier, as it is now; None when it has ended since."""
    signed_in = _live(session, SignInSession.id == session_id)
    return signed_in.actor if signed_in and signed_in.actor.account_id == account_id else None


def load_actor(session: Session, token: str) -> Actor | None:
    """Give who is signed in with this cookie token, None for nobody."""
    signed_in = find_signed_in(session, token)
    return signed_in.actor if signed_in else None


def _live(session: Session, condition: object) -> SignedIn | None:
    query = (
        select(SignInSession, Account)
        .join(Account, Account.id == SignInSession.account_id)
        .where(condition, SignInSession.revoked_at.is_(None), SignInSession.expires_at > now())
        .where(Account.disabled_at.is_(None))
    )
    found = session.exec(query).first()
    if found is None:
        return None
    row, account = found
    return SignedIn(row.id, actor_of(account))


def actor_of(account: Account) -> Actor:
    """Give the actor an account acts as."""
    return Actor(
        role=Role(account.role),
        brand_id=account.brand_id,
        account_id=account.id,
        region_id=account.region_id,
        store_id=account.store_id,
        staff_id=account.staff_id,
        display_name=account.display_name,
    )


def touch(session: Session, session_id: int) -> None:
    """Note that a session is in use (at most once in five minutes, so that reading pages does not write)."""
    session.exec(
        update(SignInSession)
        .where(SignInSession.id == session_id, SignInSession.seen_at < now() - _SEEN_EVERY)
        .values(seen_at=now())
    )


def close_session(session: Session, token: str) -> int | None:
    """Revoke the session of a cookie token; gives its account's id, None when there was none."""
    row = session.exec(select(SignInSession).where(SignInSession.token_sha256 == _digest(token))).first()
    if row is None or row.revoked_at is not None:
        return None
    row.revoked_at = now()
    session.add(row)
    return row.account_id


def close_session_row(session: Session, session_id: int) -> None:
    """Revoke one session by its row."""
    session.exec(
        update(SignInSession)
        .where(SignInSession.id == session_id, SignInSession.revoked_at.is_(None))
        .values(revoked_at=now())
    )


def revoke_sessions(session: Session, account_id: int) -> None:
    """End every session of an account."""
    session.exec(
        update(SignInSession)
        .where(SignInSession.account_id == account_id, SignInSession.revoked_at.is_(None))
        .values(revoked_at=now())
    )
