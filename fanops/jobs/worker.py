"""The worker: takes jobs one after another, shows that it is alive, and lets go of a job only when it is whole.

It runs in its own process, because one busy thread in the web process cuts that to a tenth. It dies with its parent.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from fanops.access.actor import Actor
from fanops.database import Database
from fanops.errors import FanopsError
from fanops.jobs import records
from fanops.settings import settings
from fanops.tables import Job

_log = logging.getLogger("fanops.jobs")

POLL_S = 1.0
HEARTBEAT_S = 5.0
PROGRESS_EVERY_S = 0.5
BUSY_WAIT_S = 1.0  # after a wait of the database's own (BUSY_TIMEOUT_MS)
_LAST_TRIES = 3
_LAST_WORDS_S = 3.0
_DAILY_LOOK_S = 600.0
_IDLE_EVERY_S = 10.0
_MEANWHILE_EVERY_S = 3.0


class Cancelled(Exception):
    """Somebody asked for the job to be cancelled; raised by ``JobContext.progress``, never caught by handlers."""


class Stopping(Exception):
    """The worker is stopping: the job goes back into the queue."""


class LostJob(Exception):
    """Another worker has taken the job over: nothing more may be written."""


class JobContext:
    """What a handler gets to know and how it speaks.

    Attributes:
        actor: On whose behalf it runs; every read is scoped by it.
        parameters: As enqueued.
    """

    def __init__(self, db: Database, job: Job, actor: Actor, worker: str, stop: threading.Event) -> None:
        self.actor = actor
        self.parameters: dict[str, Any] = dict(job.parameters)
        self._db, self._job_id, self._worker, self._stop = db, job.id, worker, stop
        self._written_at = -PROGRESS_EVERY_S

    def progress(self, share: float, doing: str = "") -> None:
        """Say how far it is; call it often, it writes at most twice a second.

        Never call it inside an open write: it writes in a transaction of its own.

        Args:
            share: 0 to 1.
            doing: Short Chinese phrase of what is being done (读取文件, 归类 3,200 句).

        Raises:
            Cancelled: Somebody asked for it.
            Stopping: The worker is stopping.
            LostJob: Another worker has it.
        """
        if self._stop.is_set():
            raise Stopping
        if time.monotonic() - self._written_at < PROGRESS_EVERY_S:
            return
        self._written_at = time.monotonic()
        try:
            with self._db.write() as session:
                cancel = records.report_progress(session, self._job_id, self._worker, share, doing)
        except OperationalError:  # a report less is no reason to lose the work
            _log.warning("the database is busy; progress of job %d is not shown", self._job_id)
            return
        if cancel is None:
            raise LostJob
        if cancel:
            raise Cancelled


Handler = Callable[[Database, JobContext], Mapping[str, Any] | None]


class JobWorker:
    """Works through the job table until ``stop`` is set."""

    def __init__(
        self, db: Database, handlers: Mapping[str, Handler], *, parent: int | None = None, daily: Sequence[str] = (),
        idle: Callable[[Database], None] | None = None,
        meanwhile: Callable[[Database, threading.Event], object] | None = None,
    ) -> None:  # fmt: skip
        self.db = db
        self.handlers = handlers
        self.name = records.worker_name()
        self.stop = threading.Event()
        self.daily = tuple(daily)
        self._daily_asked_at = -_DAILY_LOOK_S
        self.idle = idle
        self._idled_at = -_IDLE_EVERY_S
        self.meanwhile = meanwhile
        self._parent = parent
        self._job_id: int | None = None

    def run(self) -> None:
        """Work until stopped."""
        self._patiently(lambda session: records.show_alive(session, self.name, self._job_id))
        heart = threading.Thread(target=self._beat, name="fanops-heartbeat", daemon=True)
        heart.start()
        beside = threading.Thread(target=self._work_beside, name="fanops-beside", daemon=True)
        beside.start()
        try:
            while not self.stop.is_set():
                try:
                    self._ask_for_daily()
                    if not self.work_once():
                        self._be_idle()
                        self.stop.wait(POLL_S)
                except OperationalError:  # locked, or away for a moment: a worker that ends helps nobody
                    _log.warning("the database is busy or away; the worker tries again", exc_info=True)
                    self._daily_asked_at = -_DAILY_LOOK_S
                    self.stop.wait(BUSY_WAIT_S)
        finally:
            self.stop.set()
            heart.join(HEARTBEAT_S)
            beside.join(HEARTBEAT_S)
            with suppress(OperationalError):  # who takes no leave is found dead later
                self._patiently(lambda session: records.take_leave(session, self.name))

    def _ask_for_daily(self) -> None:
        if not self.daily or time.monotonic() < self._daily_asked_at + _DAILY_LOOK_S:
            return
        self._daily_asked_at = time.monotonic()
        with self.db.write() as session:
            for kind in self.daily:
                records.enqueue_daily(session, kind, settings().zone)

    def _be_idle(self) -> None:
        if self.idle is None or time.monotonic() < self._idled_at + _IDLE_EVERY_S:
            return
        self._idled_at = time.monotonic()
        try:
            self.idle(self.db)
        except Exception:
            _log.exception("the worker's idle work failed; it is tried again")

    def work_once(self) -> bool:
        """Do one job when one waits; say whether there was one."""
        with self.db.write() as session:
            taken = records.take_over_from_dead(session)
            job = records.claim(session, self.name, list(self.handlers))
        if taken:
            _log.warning("took over %d jobs from dead workers", taken)
        if job is None:
            return False
        self._job_id = job.id
        started = time.monotonic()
        try:
            state = self._do(job)
        finally:
            self._job_id = None
        _log.info("job %d %s: %s in %.1f s", job.id, job.kind, state, time.monotonic() - started)
        return True

    def _do(self, job: Job) -> str:
        try:
            with self.db.read() as session:
                actor = records.actor_for(session, job)
            result = self.handlers[job.kind](self.db, JobContext(self.db, job, actor, self.name, self.stop))
        except Cancelled:
            return self._end(job, records.CANCELLED)
        except Stopping:
            self._patiently(lambda session: records.put_back(session, job.id, self.name))
            return records.QUEUED
        except LostJob:
            return "lost"
        except FanopsError as refusal:
            return self._end(job, records.FAILED, message=refusal.message[:500], hint=refusal.hint[:500])
        except Exception:
            error_id = secrets.token_hex(4)
            _log.exception("error %s in job %d %s", error_id, job.id, job.kind)
            return self._end(
                job,
                records.FAILED,
                message="出错了，没有完成。",
                hint=f"请把编号 {error_id} 告诉管理员。",
                error_id=error_id,
            )
        return self._end(job, records.DONE, result=dict(result or {}))

    def _end(self, job: Job, state: str, **values: Any) -> str:
        ended = self._patiently(lambda session: records.end_job(session, job.id, self.name, state, **values))
        return state if ended else "lost"

    def _patiently(self, deed: Callable[[Session], Any]) -> Any:
        """Write what must not be lost: where the database is busy, again and again, a few times more once we stop."""
        left = _LAST_TRIES
        while True:
            try:
                with self.db.write() as session:
                    return deed(session)
            except OperationalError:
                left -= self.stop.is_set()
                if not left:
                    raise
                _log.warning("the database is busy or away; the worker tries again")
                self.stop.wait(BUSY_WAIT_S)

    def _work_beside(self) -> None:
        """Do what must not wait for a long job to end (sending), every few seconds; it is given the sign to stop."""
        if self.meanwhile is None:
            return
        while not self.stop.wait(_MEANWHILE_EVERY_S):
            try:
                self.meanwhile(self.db, self.stop)
            except Exception:
                _log.exception("the worker's work beside jobs failed; it is tried again")

    def _beat(self) -> None:
        while not self.stop.wait(HEARTBEAT_S):
            if self._parent is not None and os.getppid() != self._parent:
                _log.warning("parent is gone, stopping")
                self.stop.set()
                # A handler that says nothing must not keep an orphan alive: its job is taken over later.
                threading.Timer(_LAST_WORDS_S, os._exit, args=(0,)).start()
                return
            try:
                self._show_alive()
            except Exception:
                _log.exception("heartbeat failed")

    def _show_alive(self) -> None:
        with self.db.write() as session:
            records.show_alive(session, self.name, self._job_id)
