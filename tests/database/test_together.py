"""Writes that share a transaction: whole, alone in their failure, acknowledged only when they are kept."""

import threading
from concurrent.futures import wait

import pytest
from sqlmodel import Session, select

from fanops.database import Database
from fanops.database.engine import open_database
from fanops.errors import Conflict
from fanops.tables import Brand


def names(db: Database) -> list[str]:
    with db.read() as session:
        return sorted(session.exec(select(Brand.name)))


def adding(name: str, gate: threading.Event | None = None):
    def deed(session: Session) -> str:
        if gate:
            assert gate.wait(10)
        session.add(Brand(name=name))
        session.flush()
        if name.startswith("坏"):
            raise Conflict(f"{name}不行。", "换一个。")
        return name

    return deed


def test_what_is_acknowledged_is_kept_and_a_refusal_touches_no_neighbour(db):
    before = names(db)
    gate = threading.Event()
    wanted = ["等", *(f"{'坏' if n % 7 == 3 else '好'}{n}" for n in range(30))]
    done = [db.together.submit(adding(name, gate if name == "等" else None)) for name in wanted]
    assert not done[-1].done() or not db.is_sqlite
    gate.set()
    wait(done, 30)
    for name, future in zip(wanted, done, strict=True):
        if name.startswith("坏"):
            assert isinstance(future.exception(), Conflict) and name in future.exception().message
        else:
            assert future.result() == name
    assert names(db) == sorted([*before, *(name for name in wanted if not name.startswith("坏"))])


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_many_that_wait_cost_one_commit(db):
    commits: list[int] = []
    db.engine.pool.dispose()
    gate = threading.Event()
    from sqlalchemy import event

    event.listen(db.engine, "commit", lambda _connection: commits.append(1))
    first = db.together.submit(adding("等", gate))
    rest = [db.together.submit(adding(f"好{n}")) for n in range(40)]
    gate.set()
    wait([first, *rest], 30)
    assert len(names(db)) >= 41 and len(commits) <= 3


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_nothing_is_acknowledged_while_another_process_writes(db):
    other = open_database.__wrapped__(str(db.url))  # a connection of its own, as another process has
    with other.write() as session:
        session.add(Brand(name="别的"))
        session.flush()
        future = db.together.submit(adding("我的"))
        with pytest.raises(TimeoutError):
            future.result(0.3)
        assert "我的" not in names(db)
    assert future.result(10) == "我的" and {"我的", "别的"} <= set(names(db))
    other.dispose()


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_closing_finishes_what_is_queued(db):
    futures = [db.together.submit(adding(f"好{n}")) for n in range(10)]
    db.dispose()
    assert [future.result(0) for future in futures] == [f"好{n}" for n in range(10)]
