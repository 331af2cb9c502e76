"""Act on what was found in the sample chain, by the very use cases that people use: tag, fix, item, plan, measurement."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, Role, visible_stores
from fanops.actions import records, records_backlog, records_fixes
from fanops.actions.invite_raisers import Way, invite_raisers
from fanops.actions.run_rules import run_rule
from fanops.database import Database
from fanops.effect.measure import measure
from fanops.effect.records import Plan, freeze_plan
from fanops.fans.assign_owners import assign_owners
from fanops.fans.records import fan_table
from fanops.fans.records_cards import DONE, NOT_DONE, card_table, close_card
from fanops.fans.records_contacts import reasons_not_to_contact
from fanops.fans.records_levels import nominate
from fanops.fans.records_tellings import record_told, telling_table
from fanops.fans.records_value import record_referral
from fanops.fans.refresh import refresh_fans, refresh_levels
from fanops.fans.rules import RULES
from fanops.sample import truth
from fanops.sample.buying import make_members
from fanops.sample.sayings import planted_themes
from fanops.settings import settings
from fanops.tables import Staff, Theme, ThemeAssignment, Unit, Voice

_REFERRALS, _GIVEN_STORES = 60, 4
_SERVED = ("welcome_back", "recovery")


def act(db: Database, actor: Actor, anchor: date) -> None:
    """Recompute levels, act on the theme of the planted fix and on the rising one, and do what runs every night.

    Args:
        db: The database with the sample chain and its themes.
        actor: The sample brand's owner.
        anchor: The Monday that the sample's data end before.
    """
    refresh_levels(db, actor)
    with db.write() as session:
        _bring_friends(session, actor, anchor)
        for store in visible_stores(session, actor)[:_GIVEN_STORES]:
            assign_owners(session, actor, store.id)
    with db.write() as session:
        waiting = _theme_of(session, actor, truth.FIXED_KEY, anchor)
        if waiting is not None:
            _mend(session, actor, waiting, anchor)
        rising = _theme_of(session, actor, truth.RISING_KEY, anchor, but=waiting)
        if rising is not None:
            _develop(session, actor, rising)
        _serve(session, actor)
    refresh_fans(db, actor, {}, lambda _share, _doing: None)  # what runs every night


def _bring_friends(session: Session, actor: Actor, anchor: date) -> None:
    """Note who brought some of those who came by a friend, and nominate the fan who brought most."""
    members = make_members(anchor)
    brought = members[members["来源"] == "朋友推荐"].head(_REFERRALS)
    brought_by: Counter[str] = Counter()
    for row in brought.itertuples():
        friends = members[(members["开卡门店"] == row.开卡门店) & (members["来源"] != "朋友推荐")]
        friend = friends["会员号"].iloc[len(brought_by) % min(3, len(friends))]
        found, _ = fan_table(session, actor, look_for=row.会员号, limit=1)
        record_referral(session, actor, int(found["fan_id"].iloc[0]), friend, "第一次来时说的")
        brought_by[friend] += 1
    for number, _ in brought_by.most_common(1):
        found, _ = fan_table(session, actor, look_for=number, limit=1)
        nominate(session, actor, int(found["fan_id"].iloc[0]), "core", "意见领袖", "带来的朋友最多，上新会主动拍照分享")


def _serve(session: Session, actor: Actor) -> None:
    """Make the cards of who came once and who complained lately; staff of some stores have worked on a part of them."""
    for rule in _SERVED:
        run_rule(session, actor, rule)
    for store in visible_stores(session, actor)[:_GIVEN_STORES]:
        staff = session.exec(select(Staff).where(Staff.store_id == store.id).order_by(Staff.code)).all()
        table = card_table(session, replace(actor, role=Role.CLERK, store_id=store.id))
        mine = table[table["rule"].isin([RULES[code].title for code in _SERVED])]["card_id"].tolist()
        for place, card_id in enumerate(mine[: len(mine) // 2]):
            clerk = replace(actor, role=Role.CLERK, store_id=store.id, staff_id=staff[place % len(staff)].id)
            done = place % 3 != 2
            close_card(session, clerk, int(card_id), DONE if done else NOT_DONE, "" if done else "今天没来")


def _develop(session: Session, actor: Actor, theme_id: int) -> None:
    """Bring the rising theme as an item to its trial: asked for, sampled, tried by some of those who asked."""
    title = session.get_one(Theme, theme_id).name
    item = records_backlog.open_item(session, actor, theme_id, title, "门店能换燕麦奶，加价不超过 3 元")
    for _ in ("define", "sample"):
        records_backlog.advance(session, actor, item.id)
    records_backlog.write_down(
        session, actor, item.id, sample_note="试做两款，第二款更顺口，出杯多 6 秒", pass_share=truth.TRIAL_LINE
    )
    records_backlog.advance(session, actor, item.id)
    invite_raisers(session, actor, item.id, Way(most=truth.TRIAL_INVITED))
    trials = records_backlog.trial_table(session, actor, item.id)["trial_id"].tolist()
    for place, trial_id in enumerate(trials[: truth.TRIAL_CAME]):
        verdict = "like" if place < truth.TRIAL_LIKED else "dislike"
        records_backlog.record_verdict(session, actor, int(trial_id), verdict)


def _theme_of(session: Session, actor: Actor, planted: str, anchor: date, but: int | None = None) -> int | None:
    """Find the discovered theme that is most about a planted one: many of its voices, and not much else."""
    keys = [f"{number}:" for number, themes in planted_themes(anchor).items() if themes == (planted,)]
    numbers = func.substr(Voice.source_key, 1, len(keys[0])) if keys else Voice.source_key
    statement = (
        select(ThemeAssignment.theme_id, func.count())
        .join(Unit, Unit.id == ThemeAssignment.unit_id)
        .join(Voice, Voice.id == Unit.voice_id)
        .where(Voice.brand_id == actor.brand_id, numbers.in_(keys), ThemeAssignment.theme_id.is_not(None))
        .where(Unit.polarity == -1)
        .group_by(ThemeAssignment.theme_id)
    )
    sizes = dict(session.exec(select(ThemeAssignment.theme_id, func.count()).group_by(ThemeAssignment.theme_id)).all())
    found = [(count * count / sizes[theme_id], -theme_id) for theme_id, count in session.exec(statement)]
    return next((-negative for _, negative in sorted(found, reverse=True) if -negative != but), None)


def _mend(session: Session, actor: Actor, theme_id: int, anchor: date) -> None:
    records.tag_raisers(session, actor, theme_id, "嫌等得久", meaning="说过等得太久", lasts_days=180)
    stores = {store.code: store.id for store in visible_stores(session, actor)}
    treated = [stores[code] for code in truth.FIX_STORES]
    done = datetime.combine(truth.fix_day(anchor), datetime.min.time(), settings().zone)
    fix = records_fixes.open_fix(
        session, actor, theme_id, treated, truth.FIX_TITLE, what_to_do="高峰期开预点单，到店从取餐柜自取；叫号屏移到门口。",
        due_on=truth.fix_day(anchor),
    )  # fmt: skip
    for fix_store_id in records_fixes.fix_stores(session, actor, fix.id)["fix_store_id"]:
        for state in ("assigned", "fixing", "accepted"):
            records_fixes.move_fix(session, actor, int(fix_store_id), state, happened_at=done)
    _tell(session, actor, treated)
    plan = Plan(
        "revenue", truth.first_day(anchor), anchor - timedelta(days=1), tuple(treated),
        tuple(store_id for store_id in stores.values() if store_id not in treated), smallest_share=0.02, pass_share=0.03,
    )  # fmt: skip
    # The story of the sample: the plan was made before the rollout that lies in its past.
    freeze_plan(session, actor, plan, fix_id=fix.id).frozen_at = done - timedelta(days=truth.PLANNED_DAYS)
    measure(session, actor, fix_id=fix.id, until=anchor - timedelta(days=1))
    late = [stores[code] for code in sorted(stores) if code not in truth.FIX_STORES][:3]
    records_fixes.open_fix(
        session, actor, theme_id, late, f"{truth.FIX_TITLE}：下一批", what_to_do="照第一批四家店的做法。",
        due_on=anchor + timedelta(days=10),
    )  # fmt: skip


def _tell(session: Session, actor: Actor, stores: list[int]) -> None:
    """Let staff of the mended stores tell two in three of those who asked; one of the two says that it is really so."""
    for store_id in stores:
        teller = session.exec(select(Staff.id).where(Staff.store_id == store_id).order_by(Staff.code)).first()
        clerk = replace(actor, role=Role.CLERK, store_id=store_id, staff_id=teller)
        due = telling_table(session, clerk, store_id=store_id)
        silent = reasons_not_to_contact(session, due["fan_id"].tolist())
        for place, row in enumerate(due.itertuples()):
            if place % 3 < 2 and row.fan_id not in silent:
                record_told(session, clerk, int(row.telling_id), "yes" if place % 3 == 0 else "")
