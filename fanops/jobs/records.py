"""The job table (后台任务): enqueue, claim, progress, cancel, finish, and taking over from a worker that died.

Pages enqueue in the same transaction as the deed that needs the work, and read the same rows for progress.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, update
from sqlmodel import Session, select

from fanops.access.accounts import owner_actor
from fanops.access.actor import Actor
from fanops.access.sessions import actor_of
from fanops.errors import Conflict, NotFound
from fanops.tables import Account, Brand, Job, Worker, now

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
ACTIVE = (QUEUED, RUNNING)
MOST_ATTEMPTS = 3
SILENT_AFTER = timedelta(seconds=45)

STATE_WORDS = {QUEUED: "排队中", RUNNING: "进行中", DONE: "已完成", FAILED: "没有完成", CANCELLED: "已取消"}


# --- for people -------------------------------------------------------------------------------------------------


def enqueue(session: Session, actor: Actor, kind: str, parameters: Mapping[str, Any] | None = None) -> Job:
    """Ask the worker for something; the same thing asked twice while it is under way is one job.

    Args:
        session: The deed's session.
        actor: On whose behalf, with whose scope, it runs.
        kind: A key of the worker's table of handlers.
        parameters: JSON values; never personal data.
    """
    wanted = dict(parameters or {})
    under_way = session.exec(
        select(Job).where(
            Job.brand_id == actor.brand_id,
            Job.kind == kind,
            Job.state.in_(ACTIVE),
            Job.account_id.is_(None) if actor.account_id is None else Job.account_id == actor.account_id,
        )
    )
    for job in under_way:
        if job.parameters == wanted and not job.cancel_asked:
            return job
    job = Job(brand_id=actor.brand_id, account_id=actor.account_id, kind=kind, parameters=wanted)
    session.add(job)
    session.flush()
    return job


def enqueue_daily(session: Session, kind: str, zone: ZoneInfo, hour: int = 3) -> int:
    """Ask for something once a day for each brand, from ``hour`` on in the stores' time zone.

    Args:
        session: In a write transaction.
        kind: A key of the worker's table of handlers.
        zone: The stores' time zone.
        hour: Not before this hour.

    Returns:
        How many jobs were asked for; 0 when today's are there.
    """
    local = now().astimezone(zone)
    if local.hour < hour:
        return 0
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    done = select(Job.brand_id).where(Job.kind == kind, Job.account_id.is_(None), Job.created_at >= midnight)
    brands = session.exec(select(Brand.id).where(Brand.id.not_in(done))).all()
    for brand_id in brands:
        session.add(Job(brand_id=brand_id, account_id=None, kind=kind, parameters={}))
    session.flush()
    return len(brands)


def _visible(actor: Actor) -> Any:
    query = select(Job).where(Job.brand_id == actor.brand_id)
    # A job's parameters say what another store looks at: those who see one part see only what they asked for.
    return query if actor.sees_all_stores else query.where(Job.account_id == actor.account_id)


def find_job(session: Session, actor: Actor, job_id: int) -> Job:
    """Give one job.

    Raises:
        NotFound: No such job, or not one this actor may see.
    """
    job = session.exec(_visible(actor).where(Job.id == job_id)).first()
    if job is None:
        raise NotFound("没有这个后台任务，或您看不到它。", "请从后台任务列表里选择。")
    return job


def latest_job(session: Session, actor: Actor, kind: str) -> Job | None:
    """Give the newest job of a kind that the actor may see, None when there is none."""
    return session.exec(_visible(actor).where(Job.kind == kind).order_by(Job.id.desc()).limit(1)).first()


def list_jobs(session: Session, actor: Actor, *, limit: int = 50) -> list[Job]:
    """List the newest jobs the actor may see, newest first."""
    return list(session.exec(_visible(actor).order_by(Job.id.desc()).limit(limit)))


def ask_cancel(session: Session, actor: Actor, job_id: int) -> Job:
    """Ask for a job to be cancelled: at once when it waits, at its next sign of progress when it runs.

    Raises:
        Conflict: It has ended.
    """
    job = find_job(session, actor, job_id)
    if job.state not in ACTIVE:
        raise Conflict(f"这个后台任务{STATE_WORDS[job.state]}，不用取消。")
    job.cancel_asked = True
    session.add(job)
    session.flush()
    session.exec(
        update(Job).where(Job.id == job_id, Job.state == QUEUED).values(state=CANCELLED, ended_at=now(), doing="")
    )
    session.refresh(job)
    return job


# --- for workers ------------------------------------------------------------------------------------------------


def claim(session: Session, worker: str, kinds: Sequence[str]) -> Job | None:
    """Take the oldest waiting job of these kinds; two workers never take the same one.

    On SQLite the writer's BEGIN IMMEDIATE keeps others out, on PostgreSQL the row lock does.
    """
    query = (
        select(Job)
        .where(Job.state == QUEUED, Job.kind.in_(kinds))
        .order_by(Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    job = session.exec(query).first()
    if job is None:
        return None
    job.state, job.worker, job.attempts = RUNNING, worker, job.attempts + 1
    job.started_at = job.heartbeat_at = now()
    job.progress_share, job.doing, job.cancel_asked = 0.0, "", False
    session.add(job)
    session.flush()
    return job


def _mine(job_id: int, worker: str) -> Any:
    return update(Job).where(Job.id == job_id, Job.worker == worker, Job.state == RUNNING)


def report_progress(session: Session, job_id: int, worker: str, share: float, doing: str) -> bool | None:
    """Write how far a job is.

    Returns:
        Whether cancelling was asked; None when the job is no longer this worker's.
    """
    values = {"progress_share": min(max(share, 0.0), 1.0), "doing": doing[:100], "heartbeat_at": now()}
    if session.exec(_mine(job_id, worker).values(**values)).rowcount == 0:
        return None
    return session.exec(select(Job.cancel_asked).where(Job.id == job_id)).one()


def end_job(session: Session, job_id: int, worker: str, state: str, **values: Any) -> bool:
    """End a job as DONE (``result``), FAILED (``message``, ``hint``, ``error_id``) or CANCELLED.

    Returns:
        False when it was no longer this worker's: then nothing was written.
    """
    if state == DONE:
        values["progress_share"] = 1.0
    values |= {"state": state, "ended_at": now(), "doing": ""}
    return session.exec(_mine(job_id, worker).values(**values)).rowcount == 1


def put_back(session: Session, job_id: int, worker: str) -> None:
    """Put a job back in the queue, as if it had not been tried (the worker is stopping)."""
    values = {"state": QUEUED, "worker": "", "attempts": Job.attempts - 1, "progress_share": 0.0, "doing": ""}
    session.exec(_mine(job_id, worker).values(**values))


def show_alive(session: Session, worker: str, job_id: int | None) -> None:
    """Write that a worker, and the job it has in hand, are alive."""
    if session.exec(update(Worker).where(Worker.name == worker).values(seen_at=now())).rowcount == 0:
        session.add(Worker(name=worker))
    if job_id is not None:
        session.exec(_mine(job_id, worker).values(heartbeat_at=now()))


def take_leave(session: Session, worker: str) -> None:
    """Remove a worker that stops."""
    session.exec(delete(Worker).where(Worker.name == worker))


def take_over_from_dead(session: Session) -> int:
    """Queue again what dead workers had in hand; after MOST_ATTEMPTS it has failed.

    Returns:
        How many jobs were taken from dead workers.
    """
    session.exec(delete(Worker).where(Worker.seen_at < now() - SILENT_AFTER * 20))
    dead = [
        job
        for job in session.exec(select(Job).where(Job.state == RUNNING).with_for_update(skip_locked=True))
        if job.heartbeat_at is None or job.heartbeat_at < now() - SILENT_AFTER or worker_is_gone(job.worker)
    ]
    for job in dead:
        if job.cancel_asked:
            job.state, job.ended_at = CANCELLED, now()
        elif job.attempts >= MOST_ATTEMPTS:
            job.state, job.ended_at = FAILED, now()
            job.message = f"运行这个任务的程序中断了 {job.attempts} 次。"
            job.hint = "请看日志，或减少一次处理的数据后再试。"
        else:
            job.state = QUEUED
        job.worker, job.doing, job.progress_share = "", "", 0.0
        session.add(job)
    session.flush()
    return len(dead)


def worker_name() -> str:
    """Give this process's name as a worker: host, process id, and a part no later process will have."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{os.urandom(3).hex()}"


def worker_is_gone(worker: str) -> bool:
    """Say whether a worker of this machine no longer runs; False for another machine's, whose heartbeat tells."""
    host, _, rest = worker.partition(":")
    process_id = rest.partition(":")[0]
    if host != socket.gethostname()[:30] or not process_id.isdigit():
        return False
    try:
        os.kill(int(process_id), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def actor_for(session: Session, job: Job) -> Actor:
    """Give on whose behalf a job runs, as the account is now.

    Raises:
        NotFound: The account is gone or disabled.
    """
    if job.account_id is None:
        return owner_actor(session, session.get_one(Brand, job.brand_id).name)
    account = session.get(Account, job.account_id)
    if account is None or account.disabled_at is not None:
        raise NotFound("发起这个任务的账号已停用。", "请用另一个账号重新发起。")
    return actor_of(account)
