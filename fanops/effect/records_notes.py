"""What a verdict must be read with: a plan that was made too late, or a window that is not over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session

from fanops.effect.records_starts import day_of, starts_of
from fanops.tables import Baseline, Measurement

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
        plans[number] = plan, first is not None and day_of(plan.frozen_at) > first
    notes = {}
    for row in rows:
        said = []
        if row.baseline_id is not None:
            plan, late = plans[row.baseline_id]
            said = [LATE_PLAN] * late + [NOT_OVER] * (day_of(row.measured_at) <= plan.ends_on)
        notes[row.id] = "；".join(said)
    return notes


def _first_treated(session: Session, plan: Baseline) -> date | None:
    """Give the day on which the first store of the plan had the change, whoever looks."""
    starts = starts_of(session, item_id=plan.item_id, fix_id=plan.fix_id)
    return min((starts[store] for store in plan.plan["treated"] if store in starts), default=None)
