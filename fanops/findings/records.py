"""Findings in the database: found by a run, written by a person, accepted, merged, dismissed with a reason that stays."""

from __future__ import annotations

import math
from dataclasses import asdict

import pandas as pd
from sqlalchemy import case, func
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require, require_store
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.findings.priority import EFFORTS, Weights, parts, score
from fanops.findings.signals import KINDS, Signal
from fanops.tables import AuditEntry, Fan, Finding, Order, Store, Theme, ThemeAssignment, Unit, Voice, now
from fanops.text.aspects import GENERAL
from fanops.themes.records import PERSON, get_theme, joined_units

JUDGES = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
HEAD_OFFICE = (Role.PRODUCT, Role.CEO, Role.ADMIN)
DECIDERS = "产品团队、CEO 或管理员"  # who they are, on the screen
STATES = {"open": "待判断", "accepted": "已采纳", "dismissed": "不采纳", "merged": "已合并", "gone": "已消退"}
WEIGHTS = "finding_weights"  # name of a brand's own weights
CLAIM_LIMIT = 200
_REVENUE_DAYS = 90


def said_by_people(session: Session, actor: Actor) -> pd.DataFrame:
    """Load what ``find_signals`` takes: one row per unit of the whole brand; a voice without a fan is a person of its own."""
    statement = joined_units(
        ThemeAssignment.theme_id,
        func.coalesce(PERSON, -Voice.id),
        Voice.store_id,
        func.coalesce(Fan.level, ""),
        Voice.said_at,
    ).where(Voice.brand_id == actor.brand_id)
    frame = pd.DataFrame(session.exec(statement).all(), columns=["theme_id", "person", "store_id", "level", "said_at"])
    return frame.assign(
        said_at=pd.to_datetime(frame["said_at"], utc=True),
        theme_id=frame["theme_id"].astype(float),
        store_id=frame["store_id"].astype(float),
    )


def save_signals(session: Session, actor: Actor, signals: list[Signal]) -> dict[str, int]:
    """Bring the findings up to date with a run's signals.

    A finding that is there already (same theme, kind and store) keeps its state and gets today's numbers; an open one that
    no longer stands out is marked as gone. What was dismissed stays dismissed. Themes of general remarks are passed over.

    Returns:
        ``new, kept, gone``.
    """
    known = {
        (finding.theme_id, finding.kind, finding.store_id): finding
        for finding in session.exec(
            select(Finding).where(Finding.brand_id == actor.brand_id, Finding.kind != "written").order_by(Finding.id)
        )
    }
    names = _theme_names(session, actor)
    stores = dict(session.exec(select(Store.id, Store.name).where(Store.brand_id == actor.brand_id)).all())
    counts = {"new": 0, "kept": 0, "gone": 0}
    seen = set()
    for signal in signals:
        if signal.theme_id not in names:
            continue
        key = (signal.theme_id, signal.kind, signal.store_id)
        seen.add(key)
        finding = known.get(key)
        if finding is None:
            finding = Finding(brand_id=actor.brand_id, theme_id=key[0], kind=key[1], store_id=key[2], claim="")
            counts["new"] += 1
        else:
            counts["kept"] += 1
            if finding.state == "gone":
                finding.state, finding.found_at = "open", now()
        finding.claim = claim_of(signal, names[signal.theme_id], stores.get(signal.store_id or 0, ""))
        effort = finding.numbers.get("effort", "medium") if finding.numbers else "medium"
        finding.numbers = _numbers(session, actor.brand_id, signal) | {"effort": effort}
        session.add(finding)
    for key, finding in known.items():
        if key not in seen and finding.state == "open":
            finding.state = "gone"
            counts["gone"] += 1
            session.add(finding)
    record_audit(session, actor, "find_signals", "", **counts)
    return counts


def claim_of(signal: Signal, theme: str, store: str) -> str:
    """Say a signal in one Chinese sentence with its base."""
    share = f"{signal.base} 人里有 {signal.people} 人说到，平均占每人所说的{_said(signal.share)}"
    other = f"占{_said(signal.other_share)}" if signal.other_people else "没有人说"
    if signal.kind == "new":
        return f"“{theme}”是新出现的：近 28 天 {share}；此前 84 天没有人说。"
    if signal.kind == "rising":
        return f"“{theme}”在上升：近 28 天 {share}；此前 84 天{other}，是原来的 {signal.ratio:.1f} 倍。"
    if signal.kind == "store":
        many = f"，是它们的 {signal.ratio:.1f} 倍" if signal.other_people else ""
        return f"“{theme}”在{store}特别多：{share}；其他门店{other}{many}。"
    return f"核心粉丝更常说“{theme}”：{share}；其他粉丝{other}。"


def _said(share: float) -> str:
    return "不到 0.1%" if 0 < share < 0.001 else f" {share:.1%}"


def _numbers(session: Session, brand_id: int, signal: Signal) -> dict[str, object]:
    """Give what stands behind a claim: both sides, the theme's reach, mood, first day, and the money of those who said it."""
    scope = [ThemeAssignment.theme_id == signal.theme_id]
    if signal.kind == "store":
        scope.append(Voice.store_id == signal.store_id)
    fans, stores, negative, units, first, core = session.exec(
        joined_units(
            func.count(func.distinct(PERSON)),
            func.count(func.distinct(Voice.store_id)),
            func.sum(case((Unit.polarity == -1, 1), else_=0)),
            func.count(Unit.id),
            func.min(Voice.said_at),
            func.count(func.distinct(case((Fan.level == "core", PERSON)))),
        ).where(*scope)
    ).one()
    return {
        **{name: value for name, value in asdict(signal).items() if name not in ("kind", "theme_id", "store_id")},
        "ratio": None if math.isinf(signal.ratio) else round(signal.ratio, 3),
        "fans": fans,
        "stores": stores,
        "negative_share": (negative or 0) / units if units else None,
        "core_share": core / fans if fans else None,
        "since": first.date().isoformat() if first else None,
        "revenue_fen": _revenue(
            session, brand_id, signal.theme_id, signal.store_id if signal.kind == "store" else None
        ),
    }


def _revenue(session: Session, brand_id: int, theme_id: int, store_id: int | None) -> int:
    """Sum what the theme's raisers spent in the last 90 days of orders, fen."""
    raisers = joined_units(PERSON).where(ThemeAssignment.theme_id == theme_id, Voice.fan_id.is_not(None))
    if store_id is not None:
        raisers = raisers.where(Voice.store_id == store_id)
    last = session.exec(select(func.max(Order.placed_at)).where(Order.brand_id == brand_id)).one()
    if last is None:
        return 0
    spent = select(func.sum(Order.amount_fen)).where(
        Order.fan_id.in_(raisers), Order.placed_at > last - pd.Timedelta(days=_REVENUE_DAYS).to_pytimedelta()
    )
    return int(session.exec(spent).one() or 0)


def _theme_names(session: Session, actor: Actor) -> dict[int, str]:
    """Give the live themes that may be found: general remarks (笼统评价) rise and fall without asking for anything."""
    statement = select(Theme.id, Theme.name).where(
        Theme.brand_id == actor.brand_id, Theme.state == "active", Theme.parent_id.is_(None), Theme.aspect != GENERAL
    )
    return dict(session.exec(statement).all())


def finding_table(
    session: Session, actor: Actor, state: str | None = "open", weights: Weights = Weights()
) -> pd.DataFrame:
    """List findings, the most urgent first.

    A finding about one store is seen by those who see the store; the others by all.

    Returns:
        Rows ``finding_id, theme_id, theme, store_id`` (0 none), ``store, kind, claim, state, reason, found_at``,
        ``into_id`` (0 none), ``priority``, the parts ``reach, tiers, negativity, trend, ease``, and
        ``effort, fans, revenue_fen, negative_share, since, q``.
    """
    statement = (
        select(Finding, Theme.name, Store.name)
        .join(Theme, Theme.id == Finding.theme_id)
        .outerjoin(Store, Store.id == Finding.store_id)
        .where(Finding.brand_id == actor.brand_id)
    )
    if not actor.sees_all_stores:
        mine = in_scope(select(Store.id), actor, brand=Store.brand_id, store=Store.id)
        statement = statement.where(Finding.store_id.is_(None) | Finding.store_id.in_(mine))
    if state is not None:
        statement = statement.where(Finding.state == state)
    rows = []
    for finding, theme, store in session.exec(statement):
        numbers = finding.numbers or {}
        effort = numbers.get("effort", "medium")
        found = parts(
            int(numbers.get("fans") or numbers.get("people") or 0), _float(numbers.get("core_share")),
            _float(numbers.get("negative_share")), _ratio(numbers.get("ratio"), finding.kind), effort,
            numbers.get("people"),
        )  # fmt: skip
        rows.append(
            {
                "finding_id": finding.id, "theme_id": finding.theme_id, "theme": theme, "store_id": finding.store_id or 0,
                "store": store or "",
                "kind": finding.kind, "claim": finding.claim, "state": finding.state, "reason": finding.reason,
                "found_at": finding.found_at, "into_id": finding.merged_into_id or 0,
                "priority": score(found, weights), **found, "effort": effort,
                "fans": numbers.get("fans"), "revenue_fen": numbers.get("revenue_fen"),
                "negative_share": _float(numbers.get("negative_share")), "since": numbers.get("since"), "q": numbers.get("q"),
            }
        )  # fmt: skip
    columns = [
        "finding_id", "theme_id", "theme", "store_id", "store", "kind", "claim", "state", "reason", "found_at", "into_id", "priority",
        "reach", "tiers", "negativity", "trend", "ease", "effort", "fans", "revenue_fen", "negative_share", "since", "q",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["priority", "finding_id"], ascending=[False, True], ignore_index=True)


def _float(value: object) -> float:
    return float("nan") if value is None else float(value)


def _ratio(value: float | None, kind: str) -> float:
    if kind == "written":
        return 1.0
    return float("inf") if value is None else float(value)


def get_finding(session: Session, actor: Actor, finding_id: int) -> Finding:
    """Give a finding of the actor's brand and scope.

    Raises:
        NotFound: No such finding, or one of a store that this actor doesn't see.
    """
    finding = session.exec(select(Finding).where(Finding.id == finding_id, Finding.brand_id == actor.brand_id)).first()
    if finding is None:
        raise NotFound("没有这条发现。", "请从列表里选择。")
    if finding.store_id is not None:
        require_store(session, actor, finding.store_id)
    return finding


def may_judge(actor: Actor, store_id: int | None) -> bool:
    """Say whether the actor decides about a finding it sees: one of no store (None or 0) is head office's to decide."""
    return actor.role in (JUDGES if store_id else HEAD_OFFICE)


def _require_judge(actor: Actor, store_id: int | None) -> None:
    """Refuse those who may not decide about a finding of that store, or of none.

    Raises:
        NotAllowed: The role decides nothing, or the finding is about the whole brand.
    """
    require(actor, *JUDGES)
    if not may_judge(actor, store_id):
        raise NotAllowed(
            f"这条发现关系到全品牌，由{DECIDERS}决定。", "您可以对自己门店的发现作判断，或为自己的门店写一条。"
        )


def write_finding(session: Session, actor: Actor, theme_id: int, claim: str, store_id: int | None = None) -> Finding:
    """Write a finding by hand; it is accepted at once.

    Raises:
        InvalidInput: Nothing was written, or too much.
        NotAllowed: About the whole brand, and the actor doesn't decide for it.
    """
    _require_judge(actor, store_id)
    theme = get_theme(session, actor, theme_id)
    if store_id is not None:
        require_store(session, actor, store_id)
    claim = claim.strip()
    if not claim or len(claim) > CLAIM_LIMIT:
        raise InvalidInput(f"发现要有 1 到 {CLAIM_LIMIT} 个字。", "一句话说清：什么事、在哪里、多少人。")
    condition = [ThemeAssignment.theme_id == theme.id]
    if store_id is not None:
        condition.append(Voice.store_id == store_id)
    fans = session.exec(joined_units(func.count(func.distinct(PERSON))).where(*condition)).one()
    finding = Finding(
        brand_id=actor.brand_id, theme_id=theme.id, store_id=store_id, kind="written", claim=claim, state="accepted",
        account_id=actor.account_id, decided_at=now(), numbers={"fans": fans, "effort": "medium"},
    )  # fmt: skip
    session.add(finding)
    session.flush()
    record_audit(session, actor, "write_finding", f"finding:{finding.id}")
    return finding


def _own_finding(session: Session, actor: Actor, finding_id: int) -> Finding:
    """Give a finding the actor sees and decides about."""
    require(actor, *JUDGES)
    finding = get_finding(session, actor, finding_id)
    _require_judge(actor, finding.store_id)
    return finding


def decide(session: Session, actor: Actor, finding_id: int, state: str, reason: str = "") -> str:
    """Accept, dismiss (with a reason) or reopen a finding.

    Returns:
        The state before, for undo.

    Raises:
        InvalidInput: Dismissed without a reason, or no such state.
        NotAllowed: It is head office's to decide.
    """
    finding = _own_finding(session, actor, finding_id)
    if state not in ("open", "accepted", "dismissed"):
        raise InvalidInput(f"没有“{state}”这种状态。", "可用：open、accepted、dismissed。")
    if state == "dismissed" and not reason.strip():
        raise InvalidInput("不采纳要写明原因。", "例如：上月活动带来的，已结束。")
    before, finding.state = finding.state, state
    finding.reason = reason.strip()[:300] if state == "dismissed" else ""
    finding.account_id, finding.decided_at = actor.account_id, None if state == "open" else now()
    session.add(finding)
    record_audit(session, actor, "decide_finding", f"finding:{finding.id}", state=state, before=before)
    return before


def merge_findings(session: Session, actor: Actor, finding_id: int, into_id: int) -> str:
    """Let one finding stand for another, by a pointer.

    Returns:
        The state before, for undo.

    Raises:
        Conflict: Into itself, or into one that is merged.
        NotAllowed: The one that goes is head office's to decide.
    """
    finding, target = _own_finding(session, actor, finding_id), get_finding(session, actor, into_id)
    if finding.id == target.id or target.state == "merged":
        raise Conflict("不能这样合并。", "请选另一条没有被合并过的发现。")
    before = finding.state
    finding.state, finding.merged_into_id, finding.decided_at = "merged", target.id, now()
    session.add(finding)
    record_audit(session, actor, "merge_findings", f"finding:{finding.id}", into=target.id, before=before)
    return before


def unmerge_finding(session: Session, actor: Actor, finding_id: int) -> str:
    """Take a merge back; the finding is as it was before, by the log.

    Returns:
        Its state now.

    Raises:
        Conflict: It is not merged.
    """
    finding = _own_finding(session, actor, finding_id)
    if finding.state != "merged":
        raise Conflict("它没有被合并过。", "")
    merges = select(AuditEntry.detail).where(
        AuditEntry.brand_id == actor.brand_id, AuditEntry.deed == "merge_findings",
        AuditEntry.subject == f"finding:{finding.id}",
    )  # fmt: skip
    detail = session.exec(merges.order_by(AuditEntry.id.desc())).first() or {}
    finding.state, finding.merged_into_id = detail.get("before", "open"), None
    session.add(finding)
    record_audit(session, actor, "unmerge_finding", f"finding:{finding.id}", state=finding.state)
    return finding.state


def set_effort(session: Session, actor: Actor, finding_id: int, effort: str) -> None:
    """Note how much work a person expects: small, medium or large."""
    if effort not in EFFORTS:
        raise InvalidInput(f"没有“{effort}”这种工作量。", f"可用：{'、'.join(EFFORTS)}。")
    finding = _own_finding(session, actor, finding_id)
    finding.numbers = {**(finding.numbers or {}), "effort": effort}
    session.add(finding)


def describe_kind(kind: str) -> str:
    """Give a kind's Chinese name."""
    return KINDS.get(kind, kind)
