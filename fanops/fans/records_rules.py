"""Rules in the database: the ready templates and the brand's own; whom each fits and has not reached lately."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import case, func, literal
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require
from fanops.access.organisation import brand_choice, set_brand_choice
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.records_conditions import condition_words, members, read_conditions
from fanops.fans.records_person import PERSON
from fanops.fans.rules import RULES, Outcome, RuleNumbers, when_words
from fanops.tables import (
    BacklogItem,
    Evidence,
    Fan,
    Fix,
    Order,
    OwnRule,
    Rollout,
    RuleDeed,
    RuleRun,
    Segment,
    ServiceCard,
    Telling,
    Trial,
    Unit,
    Voice,
    is_purchase,
    now,
    unit_text,
)  # fmt: skip

NUMBERS = "rules"  # name of a brand's own numbers
RUNNERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
RULE_KEEPERS = (Role.PRODUCT, Role.CEO, Role.ADMIN)  # a rule reaches the fans of every store
NAME_LIMIT, DEED_LIMIT = 40, 200
SCRAP = 5  # characters, the mark at the end included: shorter sentences seldom say what somebody wants
OUTER_MARKS = "，。！？；、,.!?; \n"  # that say nothing at the ends of a sentence quoted by itself
_OPEN = "open"
_OWN = "own-"


@dataclass(frozen=True)
class KnownRule:
    """A rule as the brand has it.

    Attributes:
        code: A key of RULES, or ``own-`` and the number of an own rule.
        title: Its name.
        when: When it holds, in words.
        deed: What staff do, where it makes a card.
        outcome: What it makes.
        nightly: Whether it runs every night.
        segment_id: The segment that an own rule stands on; None for a template.
    """

    code: str
    title: str
    when: str
    deed: str
    outcome: Outcome
    nightly: bool
    segment_id: int | None = None

    @property
    def is_own(self) -> bool:
        """Whether the brand made it itself."""
        return self.segment_id is not None


def numbers_of(session: Session, actor: Actor) -> RuleNumbers:
    """Give the brand's numbers."""
    return brand_choice(session, actor, NUMBERS, RuleNumbers())


def known_rules(session: Session, actor: Actor) -> list[KnownRule]:
    """List the templates, then the brand's own rules as they were made."""
    numbers = numbers_of(session, actor)

    def known(code: str, title: str, when: str, deed: str, segment_id: int | None = None) -> KnownRule:
        outcome = Outcome(**numbers.outcomes.get(code, {}))
        return KnownRule(code, title, when, deed, outcome, code in numbers.nightly, segment_id)

    found = [known(code, rule.title, when_words(code, numbers), rule.deed) for code, rule in RULES.items()]
    own = (
        select(OwnRule, Segment.name)
        .join(Segment, Segment.id == OwnRule.segment_id)
        .where(OwnRule.brand_id == actor.brand_id, OwnRule.removed_at.is_(None))
        .order_by(OwnRule.id)
    )
    for rule, segment in session.exec(own):
        found.append(known(f"{_OWN}{rule.id}", rule.name, f"人群“{segment}”", rule.deed, rule.segment_id))
    return found


def find_rule(session: Session, actor: Actor, code: str) -> KnownRule:
    """Give a rule of the brand.

    Raises:
        NotFound: No such rule.
    """
    known = {rule.code: rule for rule in known_rules(session, actor)}
    if code not in known:
        raise NotFound("没有这条规则。", f"可用：{'、'.join(known)}。")
    return known[code]


def rule_titles(session: Session, actor: Actor) -> dict[str, str]:
    """Give the name of each rule by code, removed ones too: what they made is still there."""
    own = session.exec(select(OwnRule.id, OwnRule.name).where(OwnRule.brand_id == actor.brand_id))
    return {code: rule.title for code, rule in RULES.items()} | {f"{_OWN}{rule_id}": name for rule_id, name in own}


# --- the brand's own --------------------------------------------------------------------------------------------


def add_own_rule(session: Session, actor: Actor, name: str, segment_id: int, deed: str) -> str:
    """Make a rule of the brand's own: whoever is in the segment, gets what the rule makes (a card, until said otherwise).

    Args:
        session: In a write transaction.
        actor: Head office.
        name: At most NAME_LIMIT characters, no other rule's.
        segment_id: Whom it is for.
        deed: What staff do, at most DEED_LIMIT characters.

    Returns:
        Its code.

    Raises:
        InvalidInput: No name or no deed, or too long.
        Conflict: Another rule has the name.
        NotFound: No such segment.
    """
    require(actor, *RULE_KEEPERS)
    name, deed = name.strip(), deed.strip()
    if not 0 < len(name) <= NAME_LIMIT:
        raise InvalidInput(f"规则名要有 1 到 {NAME_LIMIT} 个字。", "例如：周末常客请喝新品。")
    if not 0 < len(deed) <= DEED_LIMIT:
        raise InvalidInput(f"要写店员做什么，不超过 {DEED_LIMIT} 个字。", "例如：问问最近想喝什么。")
    if name in {rule.title for rule in known_rules(session, actor)}:
        raise Conflict(f"已经有叫“{name}”的规则。", "请换一个名字。")
    _segment(session, actor, segment_id)
    row = OwnRule(brand_id=actor.brand_id, segment_id=segment_id, name=name, deed=deed, account_id=actor.account_id)
    session.add(row)
    session.flush()
    record_audit(session, actor, "add_own_rule", f"rule:{_OWN}{row.id}", segment=segment_id)
    return f"{_OWN}{row.id}"


def _segment(session: Session, actor: Actor, segment_id: int | None) -> Segment:
    segment = session.exec(select(Segment).where(Segment.id == segment_id, Segment.brand_id == actor.brand_id)).first()
    if segment is None:
        raise NotFound("没有这个人群。", "请先到“人群”里存一个。")
    return segment


def remove_own_rule(session: Session, actor: Actor, code: str, *, removed: bool = True) -> None:
    """Take an own rule out, or put it back; what it made stays.

    Raises:
        NotFound: No such own rule.
        Conflict: Put back without its segment, or beside another rule of its name.
    """
    require(actor, *RULE_KEEPERS)
    number = code.removeprefix(_OWN)
    state = OwnRule.removed_at.is_(None) if removed else OwnRule.removed_at.is_not(None)
    row = None
    if code.startswith(_OWN) and number.isdecimal():
        row = session.exec(
            select(OwnRule).where(OwnRule.id == int(number), OwnRule.brand_id == actor.brand_id, state)
        ).first()
    if row is None:
        raise NotFound("没有这条自建规则。", "现成的五条规则不能删除，只能不执行。")
    if not removed:
        _segment(session, actor, row.segment_id)
        if row.name in {rule.title for rule in known_rules(session, actor)}:
            raise Conflict(f"已经有叫“{row.name}”的规则。", "请先改那一条。")
    row.removed_at = now() if removed else None
    session.add(row)
    session.flush()
    record_audit(session, actor, "remove_own_rule" if removed else "put_own_rule_back", f"rule:{code}")


def choose_nightly(session: Session, actor: Actor, code: str, nightly: bool) -> None:
    """Say whether a rule runs every night."""
    rule, numbers = find_rule(session, actor, code), numbers_of(session, actor)
    others = tuple(each for each in numbers.nightly if each != rule.code)
    set_brand_choice(session, actor, NUMBERS, replace(numbers, nightly=(*others, *([code] if nightly else []))))


def keep_outcome(session: Session, actor: Actor, code: str, outcome: Outcome) -> None:
    """Keep what a rule makes; whether that wave or tag can be used is checked by who knows waves (``actions.run_rules``)."""
    rule, numbers = find_rule(session, actor, code), numbers_of(session, actor)
    chosen = {**numbers.outcomes, rule.code: asdict(outcome)}
    set_brand_choice(session, actor, NUMBERS, replace(numbers, outcomes=chosen))


# --- whom a rule fits -------------------------------------------------------------------------------------------


def fitting_ids(session: Session, actor: Actor, rule: KnownRule, at: datetime) -> Any:
    """Select the ids of the fans whom a rule fits and has not reached lately (not yet narrowed to the actor's stores).

    Args:
        session: Open session.
        actor: Whose brand.
        rule: Which.
        at: The moment that days are counted back from.
    """
    numbers = numbers_of(session, actor)
    like_this = select(_who(session, actor, rule, numbers, at).subquery().c[0])
    reached = _reached(actor, rule.code, at - timedelta(days=numbers.quiet_days))
    return select(Fan.id).where(Fan.id.in_(like_this), Fan.id.not_in(reached))


def find_fitting(session: Session, actor: Actor, rule: KnownRule, at: datetime) -> pd.DataFrame:
    """Give whom a rule fits now in the actor's scope.

    Returns:
        Rows ``fan_id, fan, store_id`` (None without a home store)``, why, lately`` (the same rule reached them a short while ago, or
        its card is still open), the biggest spenders first.
    """
    numbers = numbers_of(session, actor)
    who = _who(session, actor, rule, numbers, at)
    found = {fan_id: why.strip(OUTER_MARKS) for fan_id, why in session.exec(who).all()}
    statement = (
        select(Fan.id, Fan.name_masked, Fan.home_store_id, func.coalesce(func.sum(Order.amount_fen), 0))
        .outerjoin(Order, Order.fan_id == Fan.id)
        .where(Fan.id.in_(select(who.subquery().c[0])), Fan.merged_into_id.is_(None), Fan.erased_at.is_(None))
        .group_by(Fan.id, Fan.name_masked, Fan.home_store_id)
    )
    fans = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)).all()
    lately = set(session.exec(_reached(actor, rule.code, at - timedelta(days=numbers.quiet_days))))
    rows = [(fan_id, name, store_id, found[fan_id], fan_id in lately, spent) for fan_id, name, store_id, spent in fans]
    frame = pd.DataFrame(rows, columns=["fan_id", "fan", "store_id", "why", "lately", "spent"], dtype=object)
    frame = frame.sort_values(["spent", "fan_id"], ascending=[False, True], ignore_index=True)
    return frame.drop(columns="spent").astype({"fan_id": int, "lately": bool})


def _reached(actor: Actor, code: str, since: datetime) -> Any:
    """Select the fans for whom the rule did something lately that was not taken back, or whose card of it is still open."""
    return (
        select(RuleDeed.fan_id)
        .join(RuleRun, RuleRun.id == RuleDeed.run_id)
        .outerjoin(ServiceCard, ServiceCard.id == RuleDeed.service_card_id)
        .where(
            RuleRun.brand_id == actor.brand_id, RuleRun.rule_code == code, RuleDeed.undone_at.is_(None),
            (RuleRun.ran_at > since) | (ServiceCard.state == _OPEN),
        )
    )  # fmt: skip


def _who(session: Session, actor: Actor, rule: KnownRule, numbers: RuleNumbers, at: datetime) -> Any:
    """Select ``fan id, why`` for a rule; scope is applied by who reads the fans."""
    if rule.is_own:
        wanted = read_conditions(_segment(session, actor, rule.segment_id).conditions)
        why = literal(condition_words(session, actor, wanted))
        return select(Fan.id, why).where(Fan.id.in_(members(actor, wanted)))
    return _like_this(rule.code, numbers, at)


def _like_this(code: str, numbers: RuleNumbers, at: datetime) -> Any:
    """Select ``fan id, why`` for a template."""

    def ago(days: int) -> datetime:
        return at - timedelta(days=days)

    if code == "welcome_back":
        first = func.min(Order.placed_at)
        return (
            select(PERSON, func.min("第一次来过以后没有再来")).join(Order, Order.fan_id == Fan.id).where(is_purchase()).group_by(PERSON)
            .having(func.count(Order.id) == 1, first <= ago(numbers.new_from), first > ago(numbers.new_to))
        )  # fmt: skip
    if code == "wake_up":
        last = func.max(Order.placed_at)
        return (
            select(PERSON, func.min("以前常来，最近没来")).join(Order, Order.fan_id == Fan.id)
            .where(Fan.level.in_(["fan", "core"]), is_purchase()).group_by(PERSON)
            .having(last <= ago(numbers.asleep_from), last > ago(numbers.asleep_to))
        )  # fmt: skip
    if code == "recovery":
        is_scrap = case((Unit.end - Unit.start < SCRAP, 1), else_=0)
        newest = func.row_number().over(
            partition_by=PERSON, order_by=(is_scrap, Voice.said_at.desc(), Unit.id.desc())
        ).label("place")  # fmt: skip
        said = (
            select(PERSON.label("fan"), unit_text().label("said"), newest)
            .join(Voice, Voice.fan_id == Fan.id).join(Unit, Unit.voice_id == Voice.id)
            .where(Voice.said_at > ago(numbers.recovery_days), Unit.polarity == -1, Unit.no_content.is_(False)).subquery()
        )  # fmt: skip
        return select(said.c.fan, said.c.said).where(said.c.place == 1)
    if code == "new_product":
        tried = (
            select(Trial.fan_id)
            .where(Trial.item_id == BacklogItem.id, Trial.came_at.is_not(None))
            .correlate(BacklogItem)
        )
        return (
            select(PERSON, func.min(BacklogItem.title)).join(Voice, Voice.fan_id == Fan.id)
            .join(Unit, Unit.voice_id == Voice.id).join(Evidence, Evidence.unit_id == Unit.id)
            .join(BacklogItem, BacklogItem.id == Evidence.item_id)
            .join(Rollout, (Rollout.item_id == BacklogItem.id) & (Rollout.store_id == Fan.home_store_id))
            .where(Rollout.state == "live", Fan.id.not_in(tried)).group_by(PERSON)
        )  # fmt: skip
    title = func.coalesce(BacklogItem.title, Fix.title, "您提过的事")
    return (
        select(PERSON, func.min(title)).join(Telling, Telling.fan_id == Fan.id)
        .outerjoin(BacklogItem, BacklogItem.id == Telling.item_id)
        .outerjoin(Fix, Fix.id == Telling.fix_id).where(Telling.state == "due").group_by(PERSON)
    )  # fmt: skip
