"""What a verdict must be read with: a plan that was made too late, or a window that is not over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func
from sqlmodel import Session, select

from fanops.settings import settings
from fanops.tables import Baseline, FixStore, Measurement, Rollout

LATE_PLAN, NOT_OVER = "方案在上线后才定，只供参考", "还没到期"


def plan_notes(session: Session, rows: Sequence[Measurement]) -> dict[int, str]:
    """Say what each measurement must be read with.

    Args:
        session: A reading session.
        rows: Measurements of one brand, already allowed to be read.

    Returns:
        Measurement id → LATE_PLAN (the plan was frozen after the first of its stores had the change), NOT_OVER (measured before
        the plan's last day was over), both, or an empty text.
    """
    plans: dict[int, tuple[Baseline, bool]] = {}
    for number in {row.baseline_id for row in rows if row.baseline_id is not None}:
        plan = session.get_one(Baseline, number)
        first = _first_treated(session, plan)
        plans[number] = plan, first is not None and _day(plan.frozen_at) > first
    notes = {}
    for row in rows:
        said = []
        if row.baseline_id is not None:
            plan, late = plans[row.baseline_id]
            said = [LATE_PLAN] * late + [NOT_OVER] * (_day(row.measured_at) <= plan.ends_on)
        notes[row.id] = "；".join(said)
    return notes


def _first_treated(session: Session, plan: Baseline) -> date | None:
    """Give the day on which the first store of the plan had the change, whoever looks."""
    treated = plan.plan["treated"]
    if plan.item_id is not None:
        live = select(func.min(Rollout.live_on)).where(Rollout.item_id == plan.item_id, Rollout.store_id.in_(treated))
        return session.exec(live).one()
    done = select(func.min(FixStore.done_at)).where(FixStore.fix_id == plan.fix_id, FixStore.store_id.in_(treated))
    first = session.exec(done).one()
    return first and _day(first)


def _day(moment) -> date:
    return moment.astimezone(settings().zone).date()
