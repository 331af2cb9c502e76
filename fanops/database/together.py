"""Writes that arrive together share one transaction: the disk is waited for once for all of them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlmodel import Session

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

if TYPE_CHECKING:
    from fanops.database.engine import Database

Result = TypeVar("Result")
MOST_AT_ONCE = 64
_PARALLEL = 8


class Together:
    """Deeds of one process, done by one thread on SQLite; PostgreSQL does the same by itself, so there they run side by side.

    A deed's future is done after the commit that holds its writes, never before. A deed that raises leaves no trace and
    does not touch its neighbours. A deed may be run twice, its first run undone, so it must do nothing but write.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: queue.SimpleQueue[tuple[Callable[[Session], Any], Future[Any]] | None] = queue.SimpleQueue()
        file = db.url.database if db.is_sqlite and fcntl else None
        self._turns = Path(f"{file}-turns").open("ab") if file and file != ":memory:" else None  # noqa: SIM115
        self._pool = None if db.is_sqlite else ThreadPoolExecutor(_PARALLEL, thread_name_prefix="fanops-writer")
        self._thread = threading.Thread(target=self._serve, name="fanops-writer", daemon=True) if db.is_sqlite else None
        if self._thread:
            self._thread.start()

    def submit(self, deed: Callable[[Session], Result]) -> Future[Result]:
        """Queue a deed.

        Args:
            deed: Takes the session of a write transaction; it neither commits nor waits for anything.

        Returns:
            Done with the deed's result when it is committed, or with what it (or the commit) raised.
        """
        if self._pool:
            return self._pool.submit(self._alone, deed)
        future: Future[Result] = Future()
        self._waiting.put((deed, future))
        return future

    def close(self) -> None:
        """Finish what is queued, then stop."""
        if self._pool:
            self._pool.shutdown()
        if self._thread:
            self._waiting.put(None)
            self._thread.join()
        if self._turns:
            self._turns.close()

    def _alone(self, deed: Callable[[Session], Any]) -> Any:
        with self._db.write() as session:
            return deed(session)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the other processes' turns by the system's lock: SQLite itself waits by sleeping, up to 0.1 s at a time."""
        if self._turns is None:
            yield
            return
        fcntl.flock(self._turns, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._turns, fcntl.LOCK_UN)

    def _serve(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < MOST_AT_ONCE and not self._waiting.empty():
                batch.append(self._waiting.get())
            # One that nobody waits for any more (the phone hung up) is not begun.
            ready = [each for each in batch if each is not None and each[1].set_running_or_notify_cancel()]
            if ready:
                self._do(ready)
            if None in batch:
                return

    def _do(self, batch: list[tuple[Callable[[Session], Any], Future[Any]]]) -> None:
        try:
            with self._turn(), self._db.write() as session:
                results = []
                for deed, _ in batch:
                    results.append(deed(session))
                    session.flush()
                    session.expunge_all()  # what one deed has read is not what the next one reads
        except Exception as error:
            # It is not known what the deeds before the failing one have left in the session: each again, on its own.
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for each in batch:
                self._do([each])
            return
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)
