"""The brand's rules of levels, RFM, stages and activity: read, changed with a preview; levels given by hand with a reason."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, Role, record_audit, require
from fanops.access.organisation import brand_choice, set_brand_choice
from fanops.errors import InvalidInput
from fanops.fans.behaviour import ActivityRules, StageRules
from fanops.fans.levels import LEVEL_LABELS, LevelRules, RfmRules, levels, levels_of
from fanops.fans.records import get_fan
from fanops.fans.records_behaviour import order_facts_of
from fanops.fans.records_person import PERSON, person_ids
from fanops.tables import Fan, Order, Voice, is_purchase, now

NOMINATORS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
GROUNDS = ("发烧友", "意见领袖", "价值观相近")
LEVEL_RULES, RFM_RULES, STAGE_RULES, ACTIVITY_RULES = "levels", "rfm", "stages", "activity"
_CUTS = 4
Rules = TypeVar("Rules", LevelRules, RfmRules, StageRules, ActivityRules)


def level_rules(session: Session, actor: Actor) -> LevelRules:
    """Give the brand's rules of levels."""
    return brand_choice(session, actor, LEVEL_RULES, LevelRules())


def rfm_rules(session: Session, actor: Actor) -> RfmRules:
    """Give the brand's cuts of RFM."""
    return brand_choice(session, actor, RFM_RULES, RfmRules())


def stage_rules(session: Session, actor: Actor) -> StageRules:
    """Give the brand's rules of the stages of life."""
    return brand_choice(session, actor, STAGE_RULES, StageRules())


def activity_rules(session: Session, actor: Actor) -> ActivityRules:
    """Give the brand's weights of the activity index."""
    return brand_choice(session, actor, ACTIVITY_RULES, ActivityRules())


def found_levels(session: Session, actor: Actor, rules: LevelRules) -> pd.DataFrame:
    """Give what each fan's level would be under these rules; nothing is stored.

    Returns:
        By fan id: ``before`` (as stored), ``after``, ``by_hand`` (given with a reason: it stays).
    """
    today = pd.Timestamp(now())
    facts = order_facts_of(session, actor, today - pd.Timedelta(days=rules.fan_window_days))
    said = session.exec(
        select(PERSON, func.count(Voice.id))
        .join(Fan, Fan.id == Voice.fan_id)
        .where(Voice.brand_id == actor.brand_id, Voice.no_content.is_(False))
        .group_by(PERSON)
    ).all()
    known = session.exec(
        select(Fan.id, Fan.level, Fan.level_reason).where(Fan.brand_id == actor.brand_id, Fan.merged_into_id.is_(None))
    ).all()
    frame = pd.DataFrame([tuple(row) for row in known], columns=["fan_id", "before", "reason"]).set_index("fan_id")
    found = levels_of(facts, pd.Series(dict(said), dtype=float), rules).reindex(frame.index).fillna("identified")
    by_hand = frame["reason"] != ""
    return pd.DataFrame({"before": frame["before"], "after": found.mask(by_hand, frame["before"]), "by_hand": by_hand})


def preview_levels(session: Session, actor: Actor, rules: LevelRules) -> pd.DataFrame:
    """Say how many fans would have another level under these rules than they have now.

    Returns:
        Rows ``before, after, fans``, of moves only.
    """
    require(actor, *NOMINATORS)
    check_level_rules(rules)
    frame = found_levels(session, actor, rules)
    moved = frame[frame["before"] != frame["after"]]
    return moved.groupby(["before", "after"]).size().rename("fans").reset_index()


def check_level_rules(rules: LevelRules) -> None:
    """Refuse rules under which a higher level is easier than a lower one.

    Raises:
        InvalidInput: With what is wrong.
    """
    if rules.core_orders < rules.fan_orders:
        raise InvalidInput("核心粉丝的单数不能少于粉丝的单数。", "改好再保存，填的都还在。")
    if min(vars(rules).values()) < 1:
        raise InvalidInput("每个数字至少是 1。", "改好再保存，填的都还在。")


def read_cuts(text: str) -> tuple[int, ...]:
    """Read four rising cuts as a person types them: 7、14、30、60; empty for none.

    Raises:
        InvalidInput: Not four rising whole numbers.
    """
    parts = [part for part in text.replace("、", " ").replace("，", " ").replace(",", " ").split() if part]
    if not parts:
        return ()
    if len(parts) != _CUTS or not all(part.isdecimal() for part in parts):
        raise InvalidInput("要填四个整数，用顿号隔开。", "例如：7、14、30、60；不填就按名次分五等。")
    cuts = tuple(int(part) for part in parts)
    if any(later <= earlier for earlier, later in pairwise(cuts)):
        raise InvalidInput("四个数字要从小到大。", "例如：7、14、30、60。")
    return cuts


def save_rules(session: Session, actor: Actor, name: str, rules: Rules) -> None:
    """Keep the brand's own rules; levels, stages and the index follow at the next refresh.

    Raises:
        InvalidInput: Rules that contradict themselves.
    """
    if isinstance(rules, LevelRules):
        check_level_rules(rules)
    if isinstance(rules, StageRules) and not 0 < rules.new_days <= rules.asleep_days < rules.lost_days:
        raise InvalidInput("天数要从小到大：新客、沉睡、流失。", "改好再保存，填的都还在。")
    if isinstance(rules, ActivityRules):
        weights = (rules.frequency, rules.quality, rules.breadth, rules.duration)
        if min(weights) < 0 or sum(weights) == 0:
            raise InvalidInput("权重不能是负数，也不能全是 0。", "改好再保存，填的都还在。")
    set_brand_choice(session, actor, name, rules)


def nominate(session: Session, actor: Actor, fan_id: int, level: str, ground: str, why: str) -> tuple[str, str]:
    """Give a fan a level by hand: it stays whatever the orders say, until it is taken back.

    Args:
        session: In a write transaction.
        actor: Who nominates.
        fan_id: The fan.
        level: ``fan`` or ``core``.
        ground: One of GROUNDS.
        why: What makes one think so, in a sentence.

    Returns:
        Level and reason before, for undo.

    Raises:
        InvalidInput: No reason, or not such a level.
    """
    require(actor, *NOMINATORS)
    fan = get_fan(session, actor, fan_id)
    if level not in ("fan", "core") or ground not in GROUNDS:
        raise InvalidInput("请选提名成什么、因为什么。", f"理由：{'、'.join(GROUNDS)}。")
    if not why.strip():
        raise InvalidInput("提名要写一句为什么。", "例如：每次上新都第一天来，还带朋友来。")
    was = (fan.level, fan.level_reason)
    fan.level, fan.level_reason = level, f"{ground}：{why.strip()}"[:200]
    session.add(fan)
    record_audit(session, actor, "nominate_fan", f"fan:{fan.id}", level=level, before=was[0], ground=ground)
    return was


def put_level_back(session: Session, actor: Actor, fan_id: int, level: str = "", reason: str = "") -> None:
    """Take a nomination back: the level as before (undo), or by the rules when none is given.

    Raises:
        InvalidInput: No such level.
    """
    require(actor, *NOMINATORS)
    fan = get_fan(session, actor, fan_id)
    if level and level not in LEVEL_LABELS:
        raise InvalidInput("没有这个分层。")
    fan.level_reason = reason
    if not level:
        level = _level_by_rules(session, actor, fan.id)
    fan.level = level
    session.add(fan)
    record_audit(session, actor, "put_level_back", f"fan:{fan.id}", level=level)


def _level_by_rules(session: Session, actor: Actor, fan_id: int) -> str:
    """Give the level that one fan's own orders (in all stores) and voices make."""
    me = person_ids(fan_id)
    moments = session.exec(select(Order.placed_at).where(Order.fan_id.in_(me), is_purchase())).all()
    said = session.exec(
        select(func.count(Voice.id)).where(Voice.fan_id.in_(me), Voice.no_content.is_(False))
    ).one()  # fmt: skip
    orders = pd.DataFrame({"fan_id": fan_id, "placed_at": pd.to_datetime(pd.Series(moments, dtype=object), utc=True)})
    found = levels(orders, pd.Series({fan_id: said}), pd.Timestamp(now()), level_rules(session, actor))
    return str(found.get(fan_id, "identified"))
