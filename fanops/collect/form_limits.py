"""Limits on guessing codes, kept in the database so that they hold over any number of processes.

Only wrong codes count: a shop full of fans behind one address who open real codes is never slowed.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func
from sqlmodel import select

from fanops.access import vault
from fanops.database import Database
from fanops.tables import SignInFailure, now

UNKNOWN_ALLOWED = 60
WINDOW = timedelta(minutes=15)


def note_unknown_code(db: Database, address: str) -> bool:
    """Count a wrong code from ``address`` (kept only as a keyed hash).

    Returns:
        Whether the address may go on trying.
    """
    key = vault().lookup_hash("form-code", address)
    with db.write() as session:
        session.exec(delete(SignInFailure).where(SignInFailure.failed_at < now() - WINDOW))
        tried = session.exec(select(func.count()).where(SignInFailure.key_hash == key)).one()
        if tried < UNKNOWN_ALLOWED:
            session.add(SignInFailure(key_hash=key))
    return tried < UNKNOWN_ALLOWED
