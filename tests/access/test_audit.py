"""The audit log: whole under many writers, and a change behind its back is found."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text
from sqlmodel import func, select

from fanops.access import record_audit, verify_audit
from fanops.tables import AuditEntry


def test_many_writers_leave_one_chain(chain) -> None:
    def write() -> None:
        for number in range(5):
            with chain.db.write() as session:
                record_audit(session, chain.actors["ceo"], "look", f"fan:{number}", reason="测试")

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with chain.db.read() as session:
        assert session.exec(select(func.count()).select_from(AuditEntry)).one() == 30
        assert verify_audit(session) is None


@pytest.mark.parametrize(
    "change",
    ["UPDATE audit_entry SET deed = 'nothing' WHERE id = 2", "DELETE FROM audit_entry WHERE id = 2"],
)
def test_a_change_is_found(chain, change: str) -> None:
    with chain.db.write() as session:
        for deed in ("a", "b", "c", "d"):
            record_audit(session, None, deed)
    with chain.db.write() as session:
        session.execute(text(change))
    with chain.db.read() as session:
        assert verify_audit(session) in (2, 3)
