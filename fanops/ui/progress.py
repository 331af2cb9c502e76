"""A job on the page: what is being done, how far it is, and the way to cancel it."""

from __future__ import annotations

import streamlit as st

from fanops.errors import NotFound
from fanops.jobs import records
from fanops.tables import Job
from fanops.ui.guard import current_actor, page_database
from fanops.ui.refusal import plain, refusals


def show_job(job_id: int, *, quiet_when_done: bool = False) -> None:
    """Show a job; while it waits or runs, look again every second, and rerun the whole page once when it has ended.

    Args:
        job_id: Which; one the actor may not see shows nothing.
        quiet_when_done: Show nothing once it has succeeded.
    """
    actor = current_actor()
    try:
        with page_database().read() as session:
            job = records.find_job(session, actor, job_id)
    except NotFound:
        return
    if job.state in records.ACTIVE:
        _watch(job_id)
    elif not (quiet_when_done and job.state == records.DONE):
        show_ended(job)


@st.fragment(run_every=1)
def _watch(job_id: int) -> None:
    actor = current_actor()
    with page_database().read() as session:
        job = records.find_job(session, actor, job_id)
    if job.state not in records.ACTIVE:
        st.rerun()
    bar, act = st.columns([5, 1], vertical_alignment="bottom")
    share_pct = round(job.progress_share * 100)
    waiting = "排队中，马上开始" if job.state == records.QUEUED else (job.doing or "正在准备")
    bar.progress(share_pct, text=f"{plain(waiting)} · {share_pct}%")
    if act.button("取消", key=f"job.cancel.{job_id}", disabled=job.cancel_asked, width="stretch"):
        with refusals():
            _cancel(job_id)
            st.toast("会在当前一步做完后停下。")


def _cancel(job_id: int) -> None:
    actor = current_actor()
    with page_database().write() as session:
        records.ask_cancel(session, actor, job_id)


def show_ended(job: Job) -> None:
    """Show how a job ended."""
    if job.state == records.DONE:
        seconds = (job.ended_at - job.started_at).total_seconds() if job.ended_at and job.started_at else 0
        st.success(f"已完成，用时 {seconds:.0f} 秒。", icon=":material/check:")
    elif job.state == records.CANCELLED:
        st.info("已取消。", icon=":material/cancel:")
    else:
        st.error(f"{plain(job.message)}{plain(job.hint)}", icon=":material/block:")
