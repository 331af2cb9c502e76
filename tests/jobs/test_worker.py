"""The worker: ends of a job, cancel, stop, and a kill -9 in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from fanops.errors import TooLittleData
from fanops.jobs import records, worker
from fanops.jobs.worker import JobWorker, LostJob
from fanops.tables import Job, Worker

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def _enqueue(chain, kind: str = "do", **parameters) -> int:
    with chain.db.write() as session:
        return records.enqueue(session, chain.actors["ceo"], kind, parameters).id


def _job(chain, job_id: int) -> Job:
    with chain.db.read() as session:
        return session.get_one(Job, job_id)


def _work(chain, handler, **parameters) -> Job:
    job_id = _enqueue(chain, **parameters)
    assert JobWorker(chain.db, {"do": handler}).work_once()
    return _job(chain, job_id)


def test_done(chain) -> None:
    seen = {}

    def handler(_db, context):
        seen["actor"], seen["parameters"] = context.actor, context.parameters
        context.progress(0.5, "归类")
        return {"themes": 7}

    job = _work(chain, handler, granularity="fine")
    assert (job.state, job.result, job.progress_share) == (records.DONE, {"themes": 7}, 1.0)
    assert seen == {"actor": chain.actors["ceo"], "parameters": {"granularity": "fine"}}
    assert job.ended_at >= job.started_at


def test_nothing_to_do(chain) -> None:
    assert JobWorker(chain.db, {"do": lambda db, context: None}).work_once() is False


def test_a_refusal_is_told(chain) -> None:
    def handler(_db, _context):
        raise TooLittleData("只有 12 条原声。", "先导入更多原声。")

    job = _work(chain, handler)
    assert (job.state, job.message, job.hint) == (records.FAILED, "只有 12 条原声。", "先导入更多原声。")
    assert job.error_id == ""


def test_a_bug_is_logged_with_an_id_and_nothing_of_it_is_shown(chain, caplog) -> None:
    def handler(_db, _context):
        raise ValueError("秘密的原声 13800138000")

    job = _work(chain, handler)
    assert job.state == records.FAILED
    assert job.error_id
    assert job.error_id in job.hint
    assert "秘密" not in job.message + job.hint
    assert job.error_id in caplog.text


def test_cancelled_at_the_next_sign_of_progress(chain) -> None:
    reached = []

    def handler(_db, context):
        with chain.db.write() as session:
            records.ask_cancel(session, chain.actors["ceo"], context._job_id)
        context.progress(0.1)
        reached.append("after")

    job = _work(chain, handler)
    assert job.state == records.CANCELLED
    assert reached == []


def test_a_stopping_worker_puts_its_job_back(chain) -> None:
    job_id = _enqueue(chain)
    laborer = JobWorker(chain.db, {"do": lambda db, context: (laborer.stop.set(), context.progress(0.2))})
    laborer.work_once()
    job = _job(chain, job_id)
    assert (job.state, job.attempts, job.worker) == (records.QUEUED, 0, "")


def test_a_job_taken_over_is_not_written_by_the_slow_one(chain) -> None:
    lost = []

    def handler(db, context):
        with db.write() as session:
            job = session.get_one(Job, context._job_id)
            job.worker = "another:1:x"
            session.add(job)
        try:
            context.progress(0.9)
        except LostJob:
            lost.append(True)
            raise

    job = _work(chain, handler)
    assert lost == [True]
    assert (job.state, job.worker, job.progress_share) == (records.RUNNING, "another:1:x", 0.0)


def test_progress_writes_seldom(chain, monkeypatch) -> None:
    writes = []
    real = records.report_progress
    monkeypatch.setattr(worker.records, "report_progress", lambda *a: writes.append(a[3]) or real(*a))
    _work(chain, lambda db, context: [context.progress(step / 1000) for step in range(1000)] and None)
    assert 1 <= len(writes) < 50


SCRIPT = """
import sys, time
from fanops.database import database
from fanops.jobs.worker import JobWorker

def handler(db, context):
    context.progress(0.3, "half way")
    if sys.argv[1] == "hang":
        time.sleep(600)
    return {"by": sys.argv[1]}

laborer = JobWorker(database(), {"do": handler}, parent=int(sys.argv[2]) if len(sys.argv) > 2 else None)
if sys.argv[1] == "hang":
    laborer.run()
else:
    laborer.work_once()
"""


def _until(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@ONE
def test_a_job_survives_a_worker_killed_in_the_middle(chain) -> None:
    job_id = _enqueue(chain)
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, "hang"])
    try:
        _until(lambda: _job(chain, job_id).progress_share > 0)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert _job(chain, job_id).state == records.RUNNING
    subprocess.run([sys.executable, "-c", SCRIPT, "second"], check=True)
    job = _job(chain, job_id)
    assert (job.state, job.result, job.attempts) == (records.DONE, {"by": "second"}, 2)


@ONE
def test_a_worker_dies_with_its_parent(chain) -> None:
    job_id = _enqueue(chain)
    parent = textwrap.dedent(
        f"""
        import os, subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", {SCRIPT!r}, "hang", str(os.getpid())], start_new_session=True)
        print(child.pid, flush=True)
        time.sleep(600)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    try:
        child = int(process.stdout.readline())
        _until(lambda: _job(chain, job_id).progress_share > 0)
    finally:
        process.kill()
        process.communicate()
    with chain.db.read() as session:
        name = session.exec(select(Worker.name)).one()
    _until(lambda: records.worker_is_gone(name))
    assert f":{child}:" in name


@ONE
def test_what_must_not_wait_is_done_beside_a_long_job(chain) -> None:
    """Sending goes on while a job is under way, and a failure of it stops nothing."""
    seen, calls = threading.Event(), []

    def beside(db, stop) -> None:
        calls.append(stop.is_set())
        if len(calls) == 1:
            raise RuntimeError("the first time")
        seen.set()

    def handler(_db, _context):
        assert seen.wait(30)
        return {}

    job_id = _enqueue(chain)
    laborer = JobWorker(chain.db, {"do": handler}, meanwhile=beside)
    thread = threading.Thread(target=laborer.run)
    thread.start()
    while _job(chain, job_id).state in records.ACTIVE:
        time.sleep(0.05)
    laborer.stop.set()
    thread.join(30)
    assert _job(chain, job_id).state == records.DONE and calls[:2] == [False, False]


@ONE
def test_a_locked_database_does_not_end_the_worker(chain, monkeypatch) -> None:
    """Every kind of write meets a lock once: taking a job, showing progress, ending it."""
    monkeypatch.setattr(worker, "BUSY_WAIT_S", 0.01)
    monkeypatch.setattr(worker, "POLL_S", 0.01)
    locked = dict.fromkeys(("show_alive", "claim", "report_progress", "end_job"), 1)

    def once(name, real):
        def deed(*args, **kwargs):
            if locked[name]:
                locked[name] -= 1
                raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))
            return real(*args, **kwargs)

        return deed

    for name in locked:
        monkeypatch.setattr(records, name, once(name, getattr(records, name)))
    job_id = _enqueue(chain)
    laborer = JobWorker(chain.db, {"do": lambda db, context: context.progress(0.5, "归类") or {"themes": 7}})
    thread = threading.Thread(target=laborer.run)
    thread.start()
    until = time.monotonic() + 20
    while _job(chain, job_id).state != records.DONE and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.05)
    laborer.stop.set()
    thread.join(20)
    assert _job(chain, job_id).state == records.DONE and not any(locked.values())
