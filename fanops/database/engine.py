"""One engine per database; readers see a snapshot, writers take turns.

On SQLite: WAL, synchronous FULL (an acknowledged answer survives a power cut), foreign keys, BEGIN IMMEDIATE for
writers, and one write lock per process, because SQLite's own busy waiting is unfair.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert, text
from sqlalchemy.engine import Connection, Engine, make_url
from sqlmodel import Session, create_engine

from fanops.database.together import Together
from fanops.settings import settings
from fanops.tables.base import Row

BUSY_TIMEOUT_MS = 5_000


class Database:
    """A database that fanops works on.

    Attributes:
        url: SQLAlchemy URL.
        engine: The engine; ``read`` and ``write`` are the ways to use it.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._write_lock = threading.RLock() if self.is_sqlite else None
        self.engine = self._create_engine()

    def _create_engine(self) -> Engine:
        if not self.is_sqlite:
            url = self.url.set(drivername="postgresql+psycopg") if self.url.drivername == "postgresql" else self.url
            return create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=8, hide_parameters=True)
        if self.url.database and self.url.database != ":memory:":
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        # Parameters are hidden in errors: they carry voices and sealed identifiers, and errors reach the log.
        engine = create_engine(
            self.url, pool_size=8, max_overflow=8, hide_parameters=True, connect_args={"check_same_thread": False}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session for reading; nothing done in it is kept, and rows read stay usable after it.

        Closing the session rolls back; an explicit rollback would also empty the rows already read.
        """
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One deed, one transaction: committed when the block ends, rolled back whole when it raises.

        Never call Streamlit inside: a rerun would cut the deed in half.
        """
        if self._write_lock:
            with self._write_lock, self._unit_of_work() as session:
                yield session
        else:
            with self._unit_of_work() as session:
                yield session

    @contextmanager
    def _unit_of_work(self) -> Iterator[Session]:
        engine = self.engine.execution_options(fanops_write=True)
        with Session(engine, expire_on_commit=False) as session:
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    @cached_property
    def together(self) -> Together:
        """Deeds of this process that share transactions: for many small writes at the same time."""
        return Together(self)

    def dispose(self) -> None:
        """Close all connections."""
        if "together" in self.__dict__:
            self.__dict__.pop("together").close()
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("fanops_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def take_turn(session: Session, matter: str) -> None:
    """Wait until no other transaction is at the same matter, and keep them out until this one ends.

    For deeds that read before they write (counting, chaining). On SQLite writers take turns anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:matter, 0))"), {"matter": matter})


@lru_cache(maxsize=8)
def open_database(url: str) -> Database:
    """Give the one Database of this process for ``url``."""
    return Database(url)


def database() -> Database:
    """Give the database named by the settings."""
    return open_database(settings().database_url)


def insert_many(session: Session, table: type[Row], rows: Iterable[Mapping[str, Any]], *, chunk: int = 10_000) -> int:
    """Insert many plain mappings fast.

    All rows must carry the same keys. Defaults declared on the columns' Python side by SQLModel fields are not
    applied: give every required value.

    Returns:
        How many rows were inserted.
    """
    # The table, not the class: the ORM would leave out NULLs and so cut a chunk into thousands of statements.
    statement = insert(table.__table__)
    count = 0
    batch: list[Mapping[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= chunk:
            session.execute(statement, batch)
            count += len(batch)
            batch = []
    if batch:
        session.execute(statement, batch)
        count += len(batch)
    return count
