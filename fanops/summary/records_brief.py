"""The CEO's page: what core fans want, what was done, what it changed, who is silent; every number with its base."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import case, func, literal
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.access.scope import store_ids
from fanops.actions.fix_states import DONE
from fanops.actions.gates import LABELS as STAGES
from fanops.database.frames import frame_of
from fanops.intervals import wilson
from fanops.summary.records import KeyFigure, key_figures, latest_verdicts
from fanops.summary.records_period import Period, freshness_words, period_end, periods
from fanops.tables import (
    BacklogItem,
    Fan,
    Fix,
    FixStore,
    Order,
    Rollout,
    Store,
    Telling,
    Theme,
    ThemeAssignment,
    Unit,
    Voice,
    is_purchase,
)  # fmt: skip
from fanops.text.aspects import GENERAL
from fanops.themes.records import PERSON, joined_units
from fanops.themes.records_evidence import EVIDENCE_COLUMNS, evidence
from fanops.themes.selection import Selection

SILENT_DAYS = 60
_WANTS = 6
_QUOTED = 3
_TELLING = 8  # characters from which a sentence is worth a reader's time
_YEAR = timedelta(days=364)  # whole weeks, so that weekdays compare with weekdays


@dataclass(frozen=True)
class Brief:
    """给老板的一页.

    Attributes:
        since: Begin of the period (of what was said, where the sources end on different days).
        until: Its end, exclusive.
        freshness: Up to when there are orders and voices, in words.
        figures: The five key figures with change; revenue has that of a year before beside it, active fans all identified ones.
        wants_of: Who the wants are counted over: ``core`` (核心粉丝), or ``all`` where too few core fans spoke.
        wants: Rows ``theme_id, theme, people`` (who asked or complained), ``base, share, low, high, negative_share``, most people
            first; praise, themes that are praised more than anything else, and general remarks are left out.
        quotes: For the first wants, one sentence each: rows of ``evidence``, of those who are counted, no praise.
        said: What a theme's page is asked for, so that it shows the voices that are counted here.
        did: Rows ``kind, action_id, title, stage`` (of an item, in words)``, stores, done, due, told``: fixes and items in work, the
            newest first; stores and tellings as far as the actor sees them.
        changed: As ``latest_verdicts``.
        stores: How many stores in scope are open.
        silent_stores: Names of those without a voice in the period.
        core: Core fans.
        core_silent: Of them, those without an order for 60 days.
    """

    since: datetime
    until: datetime
    freshness: str
    figures: list[KeyFigure]
    wants_of: str
    wants: pd.DataFrame
    quotes: pd.DataFrame
    said: dict[str, str]
    did: pd.DataFrame
    changed: pd.DataFrame
    stores: int
    silent_stores: list[str]
    core: int
    core_silent: int


def brief(session: Session, actor: Actor, days: int = 28, until: datetime | None = None) -> Brief:
    """Put the page together for the last ``days`` in the actor's scope, or for those before a fixed end."""
    found = periods(session, actor, days, until)
    since, end = found["voices"].since, found["voices"].until
    wants_of = "core"
    wants = _wants(session, actor, since, end, core=True)
    if wants.empty or wants["base"].iloc[0] < 5:
        wants_of, wants = "all", _wants(session, actor, since, end, core=False)
    core, silent = _core_fans(session, actor, until or period_end())
    level = "core" if wants_of == "core" else None
    figures = key_figures(session, actor, days, until)
    said = next(figure.query for figure in figures if figure.name == "听到的原声")
    return Brief(
        since, end, freshness_words(found), _with_beside(session, actor, figures, found["orders"]), wants_of, wants,
        _quotes(session, actor, wants, Selection(level=level, since=since, until=end)), said and said | {"level": level or "all"},
        _did(session, actor), latest_verdicts(session, actor, 6),
        len(_open_stores(session, actor)), _open_stores(session, actor, since, end), core, silent,
    )  # fmt: skip


def _with_beside(session: Session, actor: Actor, figures: list[KeyFigure], period: Period) -> list[KeyFigure]:
    """Put what is compared with a year, and how many are identified at all, beside the figures they belong to."""
    since, until = period.since, period.until
    identified = in_scope(
        select(func.count(Fan.id)).where(Fan.merged_into_id.is_(None), Fan.erased_at.is_(None)),
        actor, brand=Fan.brand_id, store=Fan.home_store_id,
    )  # fmt: skip
    known = session.exec(identified.where(Fan.joined_at < until)).one()

    def revenue(begin: datetime, end: datetime) -> float:
        statement = select(func.sum(Order.amount_fen)).where(Order.placed_at >= begin, Order.placed_at < end)
        return float(
            session.exec(in_scope(statement, actor, brand=Order.brand_id, store=Order.store_id)).one() or "nan"
        )

    year_before = revenue(since - _YEAR, until - _YEAR) if period.whole else float("nan")
    grown = revenue(since, until) / year_before - 1
    beside = {"活跃粉丝": f"已识别 {known:,} 位"}
    if grown == grown:  # no orders a year ago: nothing to compare with
        beside["营业额"] = f"比去年同期 {grown:+.1%}"
    return [replace(figure, beside=beside.get(figure.name, "")) for figure in figures]


def _quotes(session: Session, actor: Actor, wants: pd.DataFrame, of: Selection) -> pd.DataFrame:
    """Choose for the first wants what is said of each, complaints before requests, what is most like the others first; a person once."""
    chosen, speakers = [], set()
    for theme_id in wants["theme_id"].head(_QUOTED).tolist():
        for polarity in (-1, 0, None):
            rows, _ = evidence(session, actor, of, theme_id=theme_id, polarity=polarity, limit=20)
            fresh = rows[~rows["fan_id"].isin(speakers) & rows["polarity"].ne(1)]
            fresh = fresh.sort_values("sentence", key=lambda each: each.str.len() < _TELLING, kind="stable").head(1)
            if len(fresh):
                chosen.append(fresh.assign(theme_id=theme_id))
                speakers.update(fresh["fan_id"].dropna())
                break
    return pd.concat(chosen, ignore_index=True) if chosen else pd.DataFrame(columns=EVIDENCE_COLUMNS)


def _wants(session: Session, actor: Actor, since: datetime, until: datetime, *, core: bool) -> pd.DataFrame:
    who = func.coalesce(PERSON, -Voice.id)
    person = func.count(func.distinct(who))
    # Praise is no want: whoever only praised does not count, whoever asked or complained does.
    wanting = func.count(func.distinct(case((func.coalesce(Unit.polarity, 0) != 1, who))))
    within = [Voice.said_at >= since, Voice.said_at < until, *([Fan.level == "core"] if core else [])]

    def scoped(statement):
        return in_scope(statement.where(*within), actor, brand=Voice.brand_id, store=Voice.store_id)

    heard = session.exec(scoped(joined_units(person))).one()
    negative, pleased = (func.sum(case((Unit.polarity == sign, 1), else_=0)) for sign in (-1, 1))
    rows = session.exec(
        scoped(
            joined_units(Theme.id, Theme.name, wanting, negative, func.count(Unit.id)).join(
                Theme, Theme.id == ThemeAssignment.theme_id
            )
        )
        .where(Theme.state == "active", Theme.aspect != GENERAL)
        .group_by(Theme.id, Theme.name)
        # What is praised more often than complained of or asked for is no want, even if some also ask.
        .having(wanting > 0, (pleased <= negative) | (pleased <= func.count(Unit.id) - pleased - negative))
        .order_by(wanting.desc(), Theme.id)
        .limit(_WANTS)
    ).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["theme_id", "theme", "people", "negative", "units"])
    frame["base"] = heard
    frame["share"] = frame["people"] / max(1, heard)
    frame["low"], frame["high"] = wilson(frame["people"].to_numpy(), frame["base"].to_numpy())
    frame["negative_share"] = frame["negative"].astype(float) / frame["units"].clip(lower=1)
    return frame.drop(columns=["negative", "units"])


def _did(session: Session, actor: Actor) -> pd.DataFrame:
    done = func.sum(case((FixStore.state.in_(DONE), 1), else_=0))
    fixes = (
        select(Fix.id, Fix.title, literal(""), func.count(FixStore.id), done, Fix.opened_at)
        .join(FixStore, FixStore.fix_id == Fix.id)
        .group_by(Fix.id, Fix.title, Fix.opened_at)
        .order_by(Fix.id.desc())
        .limit(5)
    )
    # An item is the brand's: it is work before any store has it.
    seen = Rollout.store_id.in_(store_ids(actor))
    live = func.sum(case((seen & (Rollout.state == "live"), 1), else_=0))
    items = (
        select(BacklogItem.id, BacklogItem.title, BacklogItem.stage, func.sum(case((seen, 1), else_=0)), live,
               BacklogItem.opened_at)
        .outerjoin(Rollout, Rollout.item_id == BacklogItem.id)
        .where(BacklogItem.merged_into_id.is_(None), BacklogItem.brand_id == actor.brand_id)
        .group_by(BacklogItem.id, BacklogItem.title, BacklogItem.stage, BacklogItem.opened_at)
        .order_by(BacklogItem.id.desc())
        .limit(5)
    )  # fmt: skip
    fixes = in_scope(fixes, actor, brand=Fix.brand_id, store=FixStore.store_id)
    rows = []
    for kind, statement, action in (("服务改进", fixes, Telling.fix_id), ("需求条目", items, Telling.item_id)):
        found = session.exec(statement).all()
        tellings = select(action, Telling.state, func.count(Telling.id)).join(Fan, Fan.id == Telling.fan_id)
        tellings = in_scope(tellings, actor, brand=Fan.brand_id, store=Telling.store_id)
        tellings = tellings.where(action.in_([row[0] for row in found])).group_by(action, Telling.state)
        told = {(each, state): count for each, state, count in session.exec(tellings)}
        for action_id, title, stage, stores, finished, opened in found:
            counts = (told.get((action_id, "due"), 0), told.get((action_id, "told"), 0))
            rows.append((kind, action_id, title, STAGES.get(stage, ""), stores, finished or 0, *counts, opened))
    columns = ["kind", "action_id", "title", "stage", "stores", "done", "due", "told", "opened_at"]
    frame = frame_of(rows, columns)
    # The newest first, whatever they are: a sheet holds five, and items must not stand behind every fix.
    return frame.sort_values("opened_at", ascending=False, kind="stable", ignore_index=True).drop(columns="opened_at")


def _open_stores(session: Session, actor: Actor, *silent_in: datetime) -> list[str]:
    """Name the open stores in scope; with the two ends of a period, those without a voice in it."""
    statement = select(Store.name).where(Store.closed_on.is_(None)).order_by(Store.code)
    if silent_in:
        since, until = silent_in
        spoke = select(Voice.store_id).where(Voice.said_at >= since, Voice.said_at < until, Voice.store_id.is_not(None))
        statement = statement.where(Store.id.not_in(spoke))
    return list(session.exec(in_scope(statement, actor, brand=Store.brand_id, store=Store.id)))


def _core_fans(session: Session, actor: Actor, until: datetime) -> tuple[int, int]:
    core = select(func.count(Fan.id)).where(Fan.level == "core", Fan.merged_into_id.is_(None), Fan.erased_at.is_(None))
    core = in_scope(core, actor, brand=Fan.brand_id, store=Fan.home_store_id)
    came = select(Order.fan_id).where(
        Order.placed_at >= until - timedelta(days=SILENT_DAYS), Order.fan_id.is_not(None), is_purchase()
    )
    return session.exec(core).one(), session.exec(core.where(Fan.id.not_in(came))).one()
