"""Effects in the database: the plan frozen before rollout, panels from orders and voices, measurements kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlmodel import Session, select

from fanops.access import Actor, Role, record_audit, require, visible_stores
from fanops.effect.checks import match_controls
from fanops.effect.did import detectable_share
from fanops.effect.metrics import METRICS
from fanops.effect.records_panel import weekly_panel
from fanops.effect.records_starts import starts_of
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.sending.records import record_event
from fanops.tables import (
    BacklogItem,
    Baseline,
    Fix,
    Measurement,
    now,
)  # fmt: skip

_HISTORY_WEEKS = 12
PLANNERS = (Role.PRODUCT, Role.CEO, Role.ADMIN)


@dataclass(frozen=True)
class Plan:
    """效果方案, frozen before rollout.

    Attributes:
        metric: One of METRICS.
        starts_on: First day of the window (history included).
        ends_on: Last day.
        treated: Store ids that get the change.
        controls: Store ids to compare with.
        smallest_share: Smallest relative effect worth having.
        pass_share: Relative effect that must be reached.
    """

    metric: str
    starts_on: date
    ends_on: date
    treated: tuple[int, ...]
    controls: tuple[int, ...]
    smallest_share: float = 0.02
    pass_share: float = 0.0

    def sha256(self) -> str:
        """Hash of the whole plan, 64 hexadecimal digits."""
        return hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode()).hexdigest()


def freeze_plan(
    session: Session, actor: Actor, plan: Plan, *, item_id: int | None = None, fix_id: int | None = None
) -> Baseline:
    """Freeze a plan; a later one supersedes it and shows it, nothing is ever changed.

    Raises:
        InvalidInput: Unknown metric, empty or overlapping stores, a window that ends before it starts.
    """
    require(actor, *PLANNERS)
    known_metric(plan.metric)
    if not plan.treated or set(plan.treated) & set(plan.controls):
        raise InvalidInput("上线门店不能空着，也不能同时是对照门店。")
    if plan.starts_on >= plan.ends_on:
        raise InvalidInput("结束日期要晚于开始日期。")
    before = session.exec(
        select(Baseline).where(Baseline.item_id == item_id, Baseline.fix_id == fix_id).order_by(Baseline.id.desc())
    ).first()
    row = Baseline(
        brand_id=actor.brand_id, item_id=item_id, fix_id=fix_id, supersedes_id=before.id if before else None,
        metric=plan.metric, starts_on=plan.starts_on, ends_on=plan.ends_on,
        plan=json.loads(json.dumps(asdict(plan), default=str)), sha256=plan.sha256(), account_id=actor.account_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record_audit(session, actor, "freeze_plan", f"baseline:{row.id}", sha256=row.sha256)
    return row


def undo_freeze_plan(session: Session, actor: Actor, baseline_id: int) -> None:
    """Take a plan back that was frozen by mistake, before anything it would be measured by has begun.

    Raises:
        NotFound: No such plan of this brand.
        Conflict: A store has it already, it was measured, or a later plan stands on it: then only a new one supersedes it.
    """
    require(actor, *PLANNERS)
    row = session.exec(select(Baseline).where(Baseline.id == baseline_id, Baseline.brand_id == actor.brand_id)).first()
    if row is None:
        raise NotFound("没有这个效果方案。", "也许已经撤销了。")
    used = (
        session.exec(select(Measurement.id).where(Measurement.baseline_id == row.id).limit(1)).first(),
        session.exec(select(Baseline.id).where(Baseline.supersedes_id == row.id).limit(1)).first(),
    )
    if any(used) or starts_of(session, item_id=row.item_id, fix_id=row.fix_id):
        raise Conflict("已经开始，方案不能撤销。", "可以另立新方案，旧的会一直留着。")
    session.delete(row)
    session.flush()
    record_audit(session, actor, "undo_freeze_plan", f"baseline:{baseline_id}", sha256=row.sha256)


def known_metric(name: str) -> str:
    """Give the name back.

    Raises:
        InvalidInput: No such metric.
    """
    if name not in METRICS:
        known = "、".join(f"{key}（{metric.name}）" for key, metric in METRICS.items())
        raise InvalidInput(f"没有这个指标：{name}。", f"可用：{known}。")
    return name


def suggest_controls(
    session: Session, actor: Actor, metric: str, treated: Sequence[int], before: date, theme_id: int | None = None,
    most: int = 8, weeks: int = 16,
) -> list[int]:  # fmt: skip
    """Give the stores whose last weeks were most like those of the treated ones, the most alike first.

    Args:
        session: A reading session.
        actor: Whose stores.
        metric: One of METRICS.
        treated: Stores that get the change.
        before: The first day that no longer counts.
        theme_id: For ``mention_share``.
        most: Stores at most.
        weeks: Weeks looked at.
    """
    frame = weekly_panel(session, actor, metric, before - timedelta(weeks=weeks), before - timedelta(days=1), theme_id)
    wide = frame.pivot(index="store_id", columns="week", values="value")
    chosen = wide.index.isin(list(treated))
    if wide.empty or not chosen.any() or chosen.all():
        return []
    stores = wide.index.to_numpy()
    return [int(stores[place]) for place in match_controls(wide.to_numpy(dtype=float), chosen, most)]


def power(
    session: Session, actor: Actor, metric: str, treated: Sequence[int], controls: Sequence[int], before: date, weeks: int,
    theme_id: int | None = None,
) -> float:  # fmt: skip
    """Give the smallest effect that a plan would show with 80 % power at 5 %, from the weeks before it starts.

    Args:
        session: A reading session.
        actor: Whose stores.
        metric: One of METRICS.
        treated: Stores that will get the change.
        controls: Stores to compare with.
        before: The first day that no longer counts as history.
        weeks: Weeks after the start that will be looked at.
        theme_id: For ``mention_share``.

    Raises:
        TooLittleData: Too few controls or too short a history.
    """
    known_metric(metric)
    history = before - timedelta(weeks=weeks + max(_HISTORY_WEEKS, weeks))
    frame = weekly_panel(session, actor, metric, history, before - timedelta(days=1), theme_id)
    frame = frame[frame["store_id"].isin([*treated, *controls])]
    wide = frame.pivot(index="store_id", columns="week", values="value")
    return detectable_share(wide.to_numpy(dtype=float), wide.index.isin(list(treated)), weeks)


def plan_of(
    session: Session, actor: Actor, *, item_id: int | None = None, fix_id: int | None = None
) -> Baseline | None:
    """Give the plan in force of an item or a fix, None when none was frozen."""
    statement = select(Baseline).where(
        Baseline.brand_id == actor.brand_id, Baseline.item_id == item_id, Baseline.fix_id == fix_id
    )
    return session.exec(statement.order_by(Baseline.id.desc())).first()


def earlier_plans(
    session: Session, actor: Actor, *, item_id: int | None = None, fix_id: int | None = None
) -> list[Baseline]:
    """List the plans that the one in force took the place of, the newest first."""
    statement = select(Baseline).where(
        Baseline.brand_id == actor.brand_id, Baseline.item_id == item_id, Baseline.fix_id == fix_id
    )
    return list(session.exec(statement.order_by(Baseline.id.desc()).offset(1)))


def treated_since(
    session: Session, actor: Actor, *, item_id: int | None = None, fix_id: int | None = None
) -> dict[int, date]:
    """Give the day from which each store in scope counts as treated by an item (live) or a fix (first done)."""
    seen = {store.id for store in visible_stores(session, actor)}
    found = starts_of(session, item_id=item_id, fix_id=fix_id)
    return {store: day for store, day in found.items() if store in seen}


def save_measurement(
    session: Session, actor: Actor, method: str, verdict: str, result: dict[str, Any], *, baseline_id: int | None,
    item_id: int | None = None, fix_id: int | None = None,
) -> Measurement:  # fmt: skip
    """Keep a computed result."""
    plain = json.loads(
        json.dumps(result, default=_plain, allow_nan=True).replace("NaN", "null").replace("Infinity", "null")
    )
    row = Measurement(
        brand_id=actor.brand_id, baseline_id=baseline_id, item_id=item_id, fix_id=fix_id, method=method, verdict=verdict,
        result=plain, measured_at=now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    thing = subject(session, actor, item_id=item_id, fix_id=fix_id)
    told = {
        key: plain.get(key) for key in ("metric", "estimate_share", "low_share", "high_share", "n_treated", "n_control")
    }
    about = {"measurement_id": row.id, "item_id": item_id, "fix_id": fix_id, "title": thing.title, "method": method}
    record_event(session, actor, "effect.computed", {**about, "verdict": verdict, **told})
    return row


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)


def measurements(
    session: Session, actor: Actor, *, item_id: int | None = None, fix_id: int | None = None
) -> list[Measurement]:
    """List measurements of an item or a fix, newest first."""
    statement = select(Measurement).where(
        Measurement.brand_id == actor.brand_id, Measurement.item_id == item_id, Measurement.fix_id == fix_id
    )
    return list(session.exec(statement.order_by(Measurement.id.desc())))


def within_scope(session: Session, actor: Actor, result: dict[str, Any]) -> dict[str, Any]:
    """Give the part of a measurement's numbers that the actor may see: the brand's shares, and rows of visible stores only.

    Amounts over all stores, and what is drawn from every control store, are left out for whoever sees a part of them.
    """
    if actor.sees_all_stores:
        return result
    names = {store.name for store in visible_stores(session, actor)}
    kept = {name: part for name, part in result.items() if name not in ("by_placebo", "synthetic", "value")}
    for name in ("by_store", "stores"):
        if name in result:
            kept[name] = [row for row in result[name] if row["unit"] in names]
    own = [row for row in (result.get("value") or {}).get("by_store", []) if row["unit"] in names]
    return kept | ({"value": {"by_store": own}} if own else {})


def measured(session: Session, actor: Actor) -> set[str]:
    """Give which actions have been measured, as ``item-3`` or ``fix-5``."""
    rows = session.exec(
        select(Measurement.item_id, Measurement.fix_id).where(Measurement.brand_id == actor.brand_id).distinct()
    )
    return {f"item-{item_id}" if item_id else f"fix-{fix_id}" for item_id, fix_id in rows}


def subject(
    session: Session, actor: Actor, *, item_id: int | None = None, fix_id: int | None = None
) -> BacklogItem | Fix:
    """Give the item or fix of the actor's brand.

    Raises:
        NotFound: No such one.
    """
    table, key = (BacklogItem, item_id) if item_id is not None else (Fix, fix_id)
    row = session.exec(select(table).where(table.id == key, table.brand_id == actor.brand_id)).first()
    if row is None:
        raise NotFound("没有这项行动。", "请从列表里选择。")
    return row
