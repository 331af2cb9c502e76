"""The job table: who sees what, who takes what, and what becomes of a dead worker's work."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from fanops.errors import Conflict, NotFound
from fanops.jobs import records
from fanops.tables import Job, now

KINDS = ["discover_themes", "import_file"]


def _enqueue(chain, login: str = "ceo", kind: str = "discover_themes", **parameters) -> int:
    with chain.db.write() as session:
        return records.enqueue(session, chain.actors[login], kind, parameters).id


def _claim(chain, worker: str = "w1") -> Job | None:
    with chain.db.write() as session:
        return records.claim(session, worker, KINDS)


def _job(chain, job_id: int) -> Job:
    with chain.db.read() as session:
        return session.get_one(Job, job_id)


def test_asked_twice_is_one_job_until_it_has_ended(chain) -> None:
    first = _enqueue(chain, granularity="fine")
    assert _enqueue(chain, granularity="fine") == first
    assert _enqueue(chain, granularity="coarse") != first
    assert _enqueue(chain, "admin", granularity="fine") != first
    _claim(chain)
    assert _enqueue(chain, granularity="fine") == first
    with chain.db.write() as session:
        assert records.end_job(session, first, "w1", records.DONE, result={"themes": 3})
    assert _enqueue(chain, granularity="fine") != first


def test_oldest_first_and_only_known_kinds(chain) -> None:
    unknown = _enqueue(chain, kind="from_the_future")
    first, second = _enqueue(chain, n=1), _enqueue(chain, n=2)
    assert [_claim(chain).id, _claim(chain).id, _claim(chain)] == [first, second, None]
    assert _job(chain, unknown).state == records.QUEUED


def test_two_workers_never_take_the_same_job(chain) -> None:
    for number in range(12):
        _enqueue(chain, n=number)
    taken: list[int] = []

    def work(name: str) -> None:
        while (job := _claim(chain, name)) is not None:
            taken.append(job.id)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 12


def test_who_sees_a_job(chain) -> None:
    of_ceo, of_clerk = _enqueue(chain), _enqueue(chain, "clerk")
    with chain.db.read() as session:
        seen = {login: {job.id for job in records.list_jobs(session, actor)} for login, actor in chain.actors.items()}
        assert records.latest_job(session, chain.actors["ceo"], "discover_themes").id == of_clerk
        assert records.latest_job(session, chain.actors["clerk2"], "discover_themes") is None
        with pytest.raises(NotFound):
            records.find_job(session, chain.actors["stranger"], of_ceo)
    assert seen["admin"] == seen["ceo"] == {of_ceo, of_clerk}
    assert seen["clerk"] == {of_clerk}
    assert seen["clerk2"] == seen["region_manager"] == seen["stranger"] == set()


def test_progress_is_kept_within_bounds_and_only_by_its_worker(chain) -> None:
    job_id = _enqueue(chain)
    _claim(chain)
    with chain.db.write() as session:
        assert records.report_progress(session, job_id, "w1", 1.7, "归类" * 80) is False
        assert records.report_progress(session, job_id, "w2", 0.1, "别人") is None
    job = _job(chain, job_id)
    assert job.progress_share == 1.0
    assert job.doing.startswith("归类")
    assert len(job.doing) == 100


def test_cancelling(chain) -> None:
    waiting, running = _enqueue(chain, n=1), _enqueue(chain, n=2)
    with chain.db.write() as session:
        assert records.ask_cancel(session, chain.actors["ceo"], waiting).state == records.CANCELLED
        with pytest.raises(Conflict):
            records.ask_cancel(session, chain.actors["ceo"], waiting)
        with pytest.raises(NotFound):
            records.ask_cancel(session, chain.actors["clerk"], running)
    assert _claim(chain).id == running
    with chain.db.write() as session:
        assert records.ask_cancel(session, chain.actors["ceo"], running).state == records.RUNNING
        assert records.report_progress(session, running, "w1", 0.5, "") is True


def test_a_silent_worker_loses_its_job_three_times_at_most(chain) -> None:
    job_id = _enqueue(chain)
    for attempt in range(1, records.MOST_ATTEMPTS + 1):
        claimed = _claim(chain, f"other-host:{attempt}:x")
        assert (claimed.id, claimed.attempts) == (job_id, attempt)
        with chain.db.write() as session:
            assert records.take_over_from_dead(session) == 0
            job = session.get_one(Job, job_id)
            job.heartbeat_at = now() - records.SILENT_AFTER - timedelta(seconds=1)
            session.add(job)
        with chain.db.write() as session:
            assert records.take_over_from_dead(session) == 1
            # The worker that was only slow may not write any more.
            assert records.end_job(session, job_id, f"other-host:{attempt}:x", records.DONE) is False
    job = _job(chain, job_id)
    assert job.state == records.FAILED
    assert "3 次" in job.message
    assert _claim(chain) is None


def test_a_worker_of_this_machine_that_is_gone_is_known_at_once() -> None:
    mine = records.worker_name()
    host, _, _ = mine.split(":")
    assert not records.worker_is_gone(mine)
    assert not records.worker_is_gone("elsewhere:1:abc")
    assert not records.worker_is_gone("")
    assert records.worker_is_gone(f"{host}:{2**22 - 7}:abc")


def test_a_job_runs_with_todays_rights(chain) -> None:
    from fanops.access.accounts import change_account

    job_id = _enqueue(chain, "clerk")
    job = _job(chain, job_id)
    with chain.db.read() as session:
        assert records.actor_for(session, job) == chain.actors["clerk"]
    with chain.db.write() as session:
        change_account(session, chain.actors["admin"], "clerk", disabled=True)
    with chain.db.read() as session, pytest.raises(NotFound):
        records.actor_for(session, job)
