"""Run the automatic rules: a dry run says whom and who not, a run makes a card, an invitation or a tag for exactly those.

Running again does nothing more for them; undo takes back what the last run made and nobody has taken up yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import and_, case, exists, func, or_
from sqlmodel import Session, select

from fanops.access import Actor, in_scope, record_audit, require
from fanops.collect import invite_fans
from fanops.collect import records_surveys as surveys
from fanops.database import Database, take_turn
from fanops.errors import Conflict, FanopsError, InvalidInput
from fanops.fans import records_rules as records
from fanops.fans import records_tags as tags
from fanops.fans.records_contacts import reasons_not_to_contact
from fanops.fans.records_rules import RUNNERS, KnownRule
from fanops.fans.rules import CARD, INVITATION, OUTCOMES, TAG, Outcome
from fanops.tables import (
    Contact,
    Fan,
    FanTag,
    Invitation,
    Response,
    RuleDeed,
    RuleRun,
    ServiceCard,
    Tag,
    Wave,
    now,
)  # fmt: skip

_DUE_DAYS = 7
_OPEN = "open"
_REASON_LIMIT = 200


class DryRun(NamedTuple):
    """Whom a rule would reach now.

    Attributes:
        reached: Rows ``fan_id, fan, store_id, why``, the biggest spenders first.
        left_out: Rows ``fan_id, fan, why`` (why not): like this too, but not reached.
    """

    reached: pd.DataFrame
    left_out: pd.DataFrame

    def reasons(self) -> dict[str, int]:
        """Count the left out by reason, the most frequent first."""
        return {str(why): int(count) for why, count in self.left_out["why"].value_counts().items()}


@dataclass(frozen=True)
class LastRun:
    """The last run of a rule, as far as the actor sees its fans.

    Attributes:
        run_id: Which.
        ran_at: When.
        kind: What it made, a key of OUTCOMES.
        made: For how many fans.
        standing: Of them, how many can still be taken back.
    """

    run_id: int
    ran_at: datetime
    kind: str
    made: int
    standing: int


# --- what a rule makes ------------------------------------------------------------------------------------------


def set_outcome(session: Session, actor: Actor, code: str, outcome: Outcome) -> None:
    """Choose what a rule makes.

    Args:
        session: In a write transaction.
        actor: Head office.
        code: The rule.
        outcome: A card, an invitation to an open wave, or a tag of the dictionary.

    Raises:
        InvalidInput: No such kind, or no wave or tag where one is needed.
        Conflict: The wave is not open.
        NotFound: No such rule, wave or tag.
    """
    require(actor, *records.RULE_KEEPERS)
    if outcome.kind not in OUTCOMES:
        raise InvalidInput("没有这种做法。", f"可用：{'、'.join(OUTCOMES.values())}。")
    if outcome.kind == INVITATION:
        _open_wave(session, actor, outcome)
    if outcome.kind == TAG:
        _tag(session, actor, outcome)
    records.keep_outcome(session, actor, code, outcome if outcome.kind != CARD else Outcome())


def outcome_words(session: Session, actor: Actor, rule: KnownRule) -> str:
    """Say what a rule makes."""
    if rule.outcome.kind == INVITATION:
        wave = session.exec(
            select(Wave.title).where(Wave.id == rule.outcome.about_id, Wave.brand_id == actor.brand_id)
        ).first()
        return f"邀请答问卷“{wave}”" if wave else "邀请答问卷（选的那一期已经没有了）"
    if rule.outcome.kind == TAG:
        return f"贴标签“{_tag(session, actor, rule.outcome).name}”"
    return f"服务卡：{rule.deed}"


def _open_wave(session: Session, actor: Actor, outcome: Outcome) -> Wave:
    if outcome.about_id is None:
        raise InvalidInput("要选一期正在进行的问卷。", "没有的话，先在“问卷”里开一期。")
    wave = surveys.get_wave(session, actor, outcome.about_id)
    if not surveys.is_open(wave):
        raise Conflict(f"问卷“{wave.title}”现在不收答卷，不能邀请。", "给这条规则换一期正在进行的，或重新开始那一期。")
    return wave


def _tag(session: Session, actor: Actor, outcome: Outcome) -> Tag:
    if outcome.about_id is None:
        raise InvalidInput("要选一个标签。", "没有的话，先在“标签”里建一个。")
    return tags.get_tag(session, actor, outcome.about_id)


# --- dry run, run -----------------------------------------------------------------------------------------------


def dry_run(session: Session, actor: Actor, code: str, at: datetime | None = None) -> DryRun:
    """Say whom a rule would reach now, in the actor's scope, and whom not; nothing is stored.

    Args:
        session: Open session.
        actor: Whose scope.
        code: The rule.
        at: The moment that days are counted back from, now by default.

    Raises:
        NotFound: No such rule.
        Conflict: It invites to a wave that is not open.
    """
    return _dry_run(session, actor, records.find_rule(session, actor, code), at or now())


def _dry_run(session: Session, actor: Actor, rule: KnownRule, at: datetime) -> DryRun:
    numbers = records.numbers_of(session, actor)
    like_this = records.find_fitting(session, actor, rule, at)
    fit = like_this[~like_this["lately"]]
    why_not = dict.fromkeys(like_this[like_this["lately"]]["fan_id"], f"{numbers.quiet_days} 天内这条规则已经做过")
    why_not |= _LEFT_OUT[rule.outcome.kind](session, actor, rule, fit, at)
    may = fit[~fit["fan_id"].isin(list(why_not))]
    why_not |= dict.fromkeys(may["fan_id"].iloc[numbers.most :], f"一次最多 {numbers.most} 位，下次再做")
    left_out = like_this[like_this["fan_id"].isin(list(why_not))][["fan_id", "fan"]]
    left_out = left_out.assign(why=[why_not[fan_id] for fan_id in left_out["fan_id"]])
    reached = may[["fan_id", "fan", "store_id", "why"]].head(numbers.most)
    return DryRun(reached.reset_index(drop=True), left_out.reset_index(drop=True))


def _no_card(session: Session, _actor: Actor, _rule: KnownRule, fit: pd.DataFrame, _at: datetime) -> dict[int, str]:
    homeless = {int(row.fan_id): "没有所属门店" for row in fit.itertuples() if row.store_id is None}
    return homeless | reasons_not_to_contact(session, [int(each) for each in fit["fan_id"]])


def _no_invitation(session: Session, actor: Actor, rule: KnownRule, _fit: pd.DataFrame, at: datetime) -> dict[int, str]:
    wave = _open_wave(session, actor, rule.outcome)
    _, no = invite_fans.sort_out(session, actor, wave, records.fitting_ids(session, actor, rule, at))
    return dict(zip(no["fan_id"].astype(int), no["why"], strict=True))


def _no_tag(session: Session, actor: Actor, rule: KnownRule, fit: pd.DataFrame, _at: datetime) -> dict[int, str]:
    # A tag reaches nobody: neither who opted out nor who is tired is left out.
    reasons = tags.why_not_tagged(session, _tag(session, actor, rule.outcome).id)
    return {fan_id: reasons[fan_id] for fan_id in fit["fan_id"].astype(int) if fan_id in reasons}


def run_rule(session: Session, actor: Actor, code: str, at: datetime | None = None) -> int:
    """Make what the dry run shows: a card, an invitation or a tag for each.

    Returns:
        For how many fans; 0 when it was just run.

    Raises:
        NotFound: No such rule.
        Conflict: It invites to a wave that is not open.
    """
    require(actor, *RUNNERS)
    take_turn(session, f"rules {actor.brand_id}")
    at, rule = at or now(), records.find_rule(session, actor, code)
    reached = _dry_run(session, actor, rule, at).reached
    if len(reached):
        run = RuleRun(brand_id=actor.brand_id, rule_code=rule.code, outcome=rule.outcome.kind,
                      account_id=actor.account_id, ran_at=at)  # fmt: skip
        session.add(run)
        session.flush()
        made = _MAKE[rule.outcome.kind](session, actor, rule, reached, at)
        session.add_all(
            RuleDeed(run_id=run.id, fan_id=int(fan_id), **one)
            for fan_id, one in zip(reached["fan_id"], made, strict=True)
        )
        session.flush()
    record_audit(session, actor, "run_rule", f"rule:{code}", outcome=rule.outcome.kind, fans=len(reached))
    return len(reached)


def _make_cards(
    session: Session, _actor: Actor, rule: KnownRule, reached: pd.DataFrame, at: datetime
) -> list[dict[str, int | None]]:
    due = (at + timedelta(days=_DUE_DAYS)).date()
    cards = [
        ServiceCard(fan_id=int(row.fan_id), store_id=int(row.store_id), deed=rule.deed, due_on=due, state=_OPEN,
                    reason=row.why[:_REASON_LIMIT], rule_code=rule.code, created_at=at)
        for row in reached.itertuples()
    ]  # fmt: skip
    session.add_all(cards)
    session.flush()
    return [{"service_card_id": card.id} for card in cards]


def _make_invitations(
    session: Session, actor: Actor, rule: KnownRule, reached: pd.DataFrame, _at: datetime
) -> list[dict[str, int | None]]:
    made = invite_fans.invite_people(session, actor, _open_wave(session, actor, rule.outcome), reached)
    return [{"invitation_id": invitation.id, "contact_id": contact.id} for invitation, contact in made]


def _make_tags(
    session: Session, actor: Actor, rule: KnownRule, reached: pd.DataFrame, at: datetime
) -> list[dict[str, int | None]]:
    reasons = {int(row.fan_id): f"{rule.title}：{row.why}" for row in reached.itertuples()}
    made = tags.tag_by_automation(session, actor, _tag(session, actor, rule.outcome), reasons, at)
    return [{"fan_tag_id": row.id} for row in made]


_LEFT_OUT: dict[str, Callable[..., dict[int, str]]] = {CARD: _no_card, INVITATION: _no_invitation, TAG: _no_tag}
_MAKE: dict[str, Callable[..., list[dict[str, int | None]]]] = {
    CARD: _make_cards, INVITATION: _make_invitations, TAG: _make_tags,
}  # fmt: skip


def run_nightly_rules(
    db: Database, actor: Actor, parameters: Mapping[str, Any], progress: Callable[[float, str], None]
) -> dict[str, int]:
    """Run the rules that the brand runs every night (the worker's job); one that can't run does not keep the others.

    Returns:
        For how many fans each did something, by its name.

    Raises:
        Conflict: Some could not run; the others have.
    """
    with db.read() as session:
        nightly = [rule for rule in records.known_rules(session, actor) if rule.nightly]
    made: dict[str, int] = {}
    refused: dict[str, FanopsError] = {}
    for place, rule in enumerate(nightly):
        progress(place / len(nightly), rule.title)
        try:
            with db.write() as session:
                made[rule.title] = run_rule(session, actor, rule.code)
        except FanopsError as refusal:
            refused[rule.title] = refusal
    if refused:
        said = "".join(f"规则“{title}”没有执行：{refusal.message}" for title, refusal in refused.items())
        raise Conflict(said, f"其余 {len(made)} 条已执行。到“规则”里改好，今晚再做。")
    return made


# --- undo -------------------------------------------------------------------------------------------------------


def last_run(session: Session, actor: Actor, code: str) -> LastRun | None:
    """Give the last run of a rule that reached fans in the actor's scope, None when there was none."""
    statement = select(func.max(RuleDeed.run_id)).join(RuleRun, RuleRun.id == RuleDeed.run_id)
    statement = statement.join(Fan, Fan.id == RuleDeed.fan_id).where(RuleRun.rule_code == code)
    newest = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)).one()
    if newest is None:
        return None
    counts = select(func.count(RuleDeed.id), func.coalesce(func.sum(case((_standing(), 1), else_=0)), 0))
    made, standing = session.exec(_deeds(counts, actor, newest)).one()
    run = session.get_one(RuleRun, newest)
    return LastRun(run.id, run.ran_at, run.outcome, made, int(standing))


def _deeds(statement: Any, actor: Actor, run_id: int) -> Any:
    """Narrow a select over the deeds of a run, with what each made, to the actor's scope."""
    statement = (
        statement.select_from(RuleDeed)
        .join(Fan, Fan.id == RuleDeed.fan_id)
        .outerjoin(ServiceCard, ServiceCard.id == RuleDeed.service_card_id)
        .outerjoin(Invitation, Invitation.id == RuleDeed.invitation_id)
        .outerjoin(FanTag, FanTag.id == RuleDeed.fan_tag_id)
        .where(RuleDeed.run_id == run_id)
    )
    return in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)


def _standing() -> Any:
    """Say of a deed that nobody has taken it up: the card is not handled, the link not opened, the tag still there."""
    answered = exists().where(Response.wave_id == Invitation.wave_id, Response.fan_id == Invitation.fan_id)
    unopened = and_(
        Invitation.id.is_not(None), Invitation.opened_at.is_(None), Invitation.revoked_at.is_(None), ~answered
    )
    tagged = and_(FanTag.id.is_not(None), FanTag.removed_at.is_(None))
    return and_(RuleDeed.undone_at.is_(None), or_(ServiceCard.state == _OPEN, unopened, tagged))


def undo_rule(session: Session, actor: Actor, code: str) -> int:
    """Take back what the rule's last run made for fans in the actor's scope, as far as nobody has taken it up.

    Cards that are not handled go; links that were not opened lose their force, and are no contact any more; tags are taken off.

    Returns:
        For how many fans.
    """
    require(actor, *RUNNERS)
    take_turn(session, f"rules {actor.brand_id}")
    last, at = last_run(session, actor, code), now()
    deeds = [] if last is None else session.exec(_deeds(select(RuleDeed), actor, last.run_id).where(_standing())).all()
    gone: list[ServiceCard | Contact] = []
    for deed in deeds:
        for table, row_id in ((ServiceCard, deed.service_card_id), (Contact, deed.contact_id)):
            if row_id is not None and (row := session.get(table, row_id)) is not None:
                gone.append(row)
        if deed.invitation_id is not None:
            session.get_one(Invitation, deed.invitation_id).revoked_at = at
        if deed.fan_tag_id is not None:
            session.get_one(FanTag, deed.fan_tag_id).removed_at = at
        # The deed itself stays, as what this run did: a second undo must not reach back to the run before.
        deed.service_card_id, deed.contact_id, deed.undone_at = None, None, at
    session.flush()
    for row in gone:
        session.delete(row)
    session.flush()
    record_audit(session, actor, "undo_rule", f"rule:{code}", fans=len(deeds))
    return len(deeds)
