"""Rules make a card, an invitation or a tag: a dry run of 14 runs 14, then 0; undo takes back the last run, and only that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import func, select

from fanops.access.organisation import set_brand_choice
from fanops.actions import run_rules as acting
from fanops.actions.run_rules import dry_run, last_run, run_nightly_rules, run_rule, set_outcome, undo_rule
from fanops.collect import invite_fans, records_drafts
from fanops.collect import records_surveys as surveys
from fanops.collect.surveys.definition import read_definition
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.fans import records, records_cards, records_rules, records_tags
from fanops.fans.erase import erase_fan
from fanops.fans.records_segments import Conditions, remove_segment, save_segment
from fanops.fans.rules import Outcome, RuleNumbers
from fanops.tables import (
    Contact,
    Fan,
    FanTag,
    Invitation,
    Order,
    RuleDeed,
    RuleRun,
    ServiceCard,
    TagRejection,
    now,
)  # fmt: skip

RULE = "welcome_back"
SURVEY = """
code: visit
title: 回访
groups:
  - {code: g, title: 一, questions: [{code: q1, kind: nps, title: 会推荐吗}]}
"""


@pytest.fixture
def fans(chain) -> dict[str, int]:
    """Came once a week ago: 14 of S1 who may be asked, one who opted out, one asked three times lately; two of S3."""
    found = {}
    with chain.db.write() as session:
        for place, name in enumerate([*(f"新{n}" for n in range(14)), "退订", "累了", "别店0", "别店1"]):
            store = chain.stores["S3" if name.startswith("别店") else "S1"]
            fan = Fan(brand_id=chain.brand_id, home_store_id=store, name_masked=name,
                      opted_out_at=now() if name == "退订" else None)  # fmt: skip
            session.add(fan)
            session.flush()
            found[name] = fan.id
            session.add(Order(brand_id=chain.brand_id, store_id=store, fan_id=fan.id, number=str(place),
                              placed_at=now() - timedelta(days=7), amount_fen=1500))  # fmt: skip
        session.add_all(Contact(fan_id=found["累了"], kind="call", channel="phone") for _ in range(3))
    return found


@pytest.fixture
def wave(chain) -> int:
    with chain.db.write() as session:
        version = surveys.publish(session, chain.actors["product"], read_definition(SURVEY))
        return surveys.open_wave(session, chain.actors["product"], version.id, "十一月回访").id


def choose(chain, outcome: Outcome) -> None:
    with chain.db.write() as session:
        set_outcome(session, chain.actors["product"], RULE, outcome)


def count(session, table, *where) -> int:
    return session.exec(select(func.count(table.id)).where(*where)).one()


def test_cards_for_14_then_none_and_undo_takes_the_unhandled_back(chain, fans):
    manager, clerk = chain.actors["store_manager"], chain.actors["clerk"]
    with chain.db.read() as session:
        found = dry_run(session, manager, RULE)
        assert len(found.reached) == 14 and found.reasons() == {"已退订": 1, "近 30 天已联系 3 次": 1}
        named = found.left_out.set_index("fan")["why"].to_dict()
        assert named == {"退订": "已退订", "累了": "近 30 天已联系 3 次"}
        assert len(dry_run(session, chain.actors["product"], RULE).reached) == 16
        assert count(session, RuleRun) == 0
    with chain.db.write() as session:
        assert run_rule(session, manager, RULE) == 14
        assert run_rule(session, manager, RULE) == 0
        assert dry_run(session, manager, RULE).reasons()["60 天内这条规则已经做过"] == 14
        done = records_cards.card_table(session, clerk)["card_id"].tolist()[:2]
        records_cards.close_card(session, clerk, done[0], "done")
        records_cards.close_card(session, clerk, done[1], "not_done", "今天没来")
    with chain.db.write() as session:
        last = last_run(session, manager, RULE)
        assert (last.kind, last.made, last.standing) == ("card", 14, 12)
        assert last_run(session, chain.actors["clerk2"], RULE) is None
        assert undo_rule(session, manager, RULE) == 12
        assert undo_rule(session, manager, RULE) == 0
        assert sorted(session.exec(select(ServiceCard.state)).all()) == ["done", "not_done"]
        assert run_rule(session, manager, RULE) == 12  # the two who were served stay left out


def test_invitations_for_14_then_none_and_undo_takes_the_unopened_back(chain, fans, wave):
    choose(chain, Outcome("invitation", wave))
    manager = chain.actors["store_manager"]
    with chain.db.write() as session:
        found = dry_run(session, manager, RULE)
        assert len(found.reached) == 14 and found.reasons() == {"已退订": 1, "近 30 天已联系 3 次": 1}
        assert run_rule(session, manager, RULE) == 14
        assert run_rule(session, manager, RULE) == 0
        assert count(session, Contact, Contact.kind == "survey") == 14 and count(session, ServiceCard) == 0
        assert invite_fans.invitation_counts(session, manager, wave) == (14, 0, 0)
        opened = session.exec(select(Invitation).where(Invitation.fan_id == fans["新0"])).one()
        code = surveys.personal_code(session, manager, wave, fans["新0"], None)
        other = surveys.personal_code(session, manager, wave, fans["新1"], None)
        assert records_drafts.find_form(session, code)[0].invitation.fan_id == fans["新0"]
        opened.opened_at = now()
    with chain.db.write() as session:
        assert last_run(session, manager, RULE).standing == 13
        assert undo_rule(session, manager, RULE) == 13
        assert invite_fans.invitation_counts(session, manager, wave) == (1, 1, 0)
        assert session.exec(select(Contact.fan_id).where(Contact.kind == "survey")).all() == [fans["新0"]]
        with pytest.raises(NotFound):
            records_drafts.find_form(session, other)
        assert run_rule(session, manager, RULE) == 13
        assert surveys.personal_code(session, manager, wave, fans["新1"], None) != other


def test_tags_for_those_who_may_have_it_then_none_and_undo_leaves_what_people_put(chain, fans):
    product, manager = chain.actors["product"], chain.actors["store_manager"]
    with chain.db.write() as session:
        tag = records_tags.save_tag(session, product, "要回访", lasts_days=30)
        records_tags.tag_by_hand(session, manager, fans["新0"], tag.id, "认识")
        session.add(TagRejection(fan_id=fans["新1"], tag_id=tag.id))
    choose(chain, Outcome("tag", tag.id))
    with chain.db.write() as session:
        found = dry_run(session, manager, RULE)
        # A tag reaches nobody: who opted out and who is tired get it as well.
        assert len(found.reached) == 14 and found.reasons() == {"已经有这个标签": 1, "拒绝过这个标签": 1}
        assert run_rule(session, manager, RULE) == 14
        assert run_rule(session, manager, RULE) == 0
        shown = records.tags_of(session, manager, fans["新2"]).iloc[0]
        assert shown["reason"] == "回访新客：第一次来过以后没有再来" and shown["origin"] == "automation"
        assert (shown["expires_at"] - shown["tagged_at"]).days == 30
        row = records_tags.tag_dictionary(session, manager).iloc[0]
        assert (row["by_hand"], row["by_rule"]) == (1, 14)
        records.remove_tag(session, manager, int(shown["fan_tag_id"]), reject=True)
        records_tags.tag_by_hand(session, manager, fans["新3"], tag.id, "也认识")  # takes the place of the rule's
    with chain.db.write() as session:
        assert undo_rule(session, manager, RULE) == 12
        live = session.exec(select(FanTag.fan_id).where(FanTag.removed_at.is_(None))).all()
        assert sorted(live) == sorted([fans["新0"], fans["新3"]])
        assert run_rule(session, manager, RULE) == 12
    records_tags.refresh_tags(chain.db, product, at=now() + timedelta(days=31))
    with chain.db.read() as session:
        live = session.exec(select(FanTag.fan_id).where(FanTag.removed_at.is_(None))).all()
        assert sorted(live) == sorted([fans["新0"], fans["新3"]])  # the rule's ran out, by hand stays


def test_undo_reaches_the_last_run_only_and_only_what_the_actor_sees(chain, fans):
    product, manager = chain.actors["product"], chain.actors["store_manager"]
    with chain.db.write() as session:
        set_brand_choice(session, product, records_rules.NUMBERS, RuleNumbers(most=5))
        assert dry_run(session, manager, RULE).reasons()["一次最多 5 位，下次再做"] == 9
        assert run_rule(session, manager, RULE) == 5
        set_brand_choice(session, product, records_rules.NUMBERS, RuleNumbers())
        assert run_rule(session, product, RULE) == 11  # 9 of S1, 2 of S3
        assert undo_rule(session, manager, RULE) == 9
        assert undo_rule(session, manager, RULE) == 0  # the five of the run before stay
        assert last_run(session, product, RULE).standing == 2
        assert undo_rule(session, product, RULE) == 2
        assert count(session, ServiceCard) == 5
        assert undo_rule(session, chain.actors["stranger"], RULE) == 0
        for wrong in (run_rule, undo_rule):
            with pytest.raises(NotAllowed):
                wrong(session, chain.actors["clerk"], RULE)


def test_what_a_rule_makes_is_chosen_by_head_office_and_checked(chain, wave):
    product = chain.actors["product"]
    with chain.db.write() as session:
        for wrong, refused in (
            (Outcome("letter"), InvalidInput), (Outcome("invitation"), InvalidInput), (Outcome("tag"), InvalidInput),
            (Outcome("invitation", 999), NotFound), (Outcome("tag", 999), NotFound),
        ):  # fmt: skip
            with pytest.raises(refused):
                set_outcome(session, product, RULE, wrong)
        with pytest.raises(NotAllowed):
            set_outcome(session, chain.actors["store_manager"], RULE, Outcome("invitation", wave))
        with pytest.raises(NotFound):
            set_outcome(session, product, "own-1", Outcome())
        set_outcome(session, product, RULE, Outcome("invitation", wave))
        known = records_rules.find_rule(session, product, RULE)
        assert acting.outcome_words(session, product, known) == "邀请答问卷“十一月回访”"
        with pytest.raises(NotFound):
            set_outcome(session, chain.actors["stranger"], RULE, Outcome("invitation", wave))
        surveys.close_wave(session, product, wave)
        for deed in (dry_run, run_rule):
            with pytest.raises(Conflict, match="十一月回访"):
                deed(session, product, RULE)


def test_the_night_runs_each_by_its_outcome_and_says_which_could_not(chain, fans, wave):
    product = chain.actors["product"]
    with chain.db.write() as session:
        tag = records_tags.save_tag(session, product, "要回访")
        segment = save_segment(session, product, "静安店", Conditions(store_id=chain.stores["S1"]))
        own = records_rules.add_own_rule(session, product, "静安店问好", segment.id, "问个好")
        for code in (RULE, own):
            records_rules.choose_nightly(session, product, code, True)
        set_outcome(session, product, RULE, Outcome("invitation", wave))
        set_outcome(session, product, own, Outcome("tag", tag.id))
    done = run_nightly_rules(chain.db, product, {}, lambda share, doing: None)
    assert done == {"回访新客": 16, "静安店问好": 16}
    assert run_nightly_rules(chain.db, product, {}, lambda share, doing: None) == {"回访新客": 0, "静安店问好": 0}
    with chain.db.write() as session:
        undo_rule(session, product, own)
        surveys.close_wave(session, product, wave)
    with pytest.raises(Conflict, match="回访新客"):
        run_nightly_rules(chain.db, product, {}, lambda share, doing: None)
    with chain.db.read() as session:
        assert count(session, FanTag, FanTag.removed_at.is_(None)) == 16  # the other ran all the same


def test_a_brand_makes_its_own_rule_over_a_segment(chain, fans):
    product, manager = chain.actors["product"], chain.actors["store_manager"]
    with chain.db.write() as session:
        segment = save_segment(session, product, "来过一次", Conditions(orders_from=1))
        for name, deed in (("", "问好"), ("问好", " "), ("x" * 41, "问好")):
            with pytest.raises(InvalidInput):
                records_rules.add_own_rule(session, product, name, segment.id, deed)
        with pytest.raises(NotAllowed):
            records_rules.add_own_rule(session, manager, "问好", segment.id, "问个好")
        with pytest.raises(NotFound):
            records_rules.add_own_rule(session, chain.actors["stranger"], "问好", segment.id, "问个好")
        code = records_rules.add_own_rule(session, product, "问好", segment.id, "问个好")
        with pytest.raises(Conflict, match="问好"):
            records_rules.add_own_rule(session, product, "问好", segment.id, "问个好")
        with pytest.raises(Conflict, match="问好"):
            remove_segment(session, product, segment.id)
        reached, _ = dry_run(session, manager, code)
        assert len(reached) == 14 and set(reached["why"]) == {"至少 1 单"}
        assert run_rule(session, manager, code) == 14 and run_rule(session, manager, code) == 0
        with pytest.raises(NotFound):
            run_rule(session, chain.actors["stranger"], code)
        cards = records_cards.card_table(session, manager)
        assert set(cards["rule"]) == {"问好"} and set(cards["deed"]) == {"问个好"}
        records_rules.remove_own_rule(session, product, code)
        assert code not in [rule.code for rule in records_rules.known_rules(session, product)]
        assert set(records_cards.card_table(session, manager)["rule"]) == {"问好"}  # what it made stays, by its name
        records_rules.remove_own_rule(session, product, code, removed=False)
        assert records_rules.find_rule(session, product, code).is_own
        for wrong in (RULE, "own-999", "own-x"):
            with pytest.raises(NotFound):
                records_rules.remove_own_rule(session, product, wrong)
        records_rules.remove_own_rule(session, product, code)
        remove_segment(session, product, segment.id)
        with pytest.raises(NotFound, match="人群"):
            records_rules.remove_own_rule(session, product, code, removed=False)


def test_a_fan_who_is_erased_leaves_no_deed_and_the_run_can_still_be_taken_back(chain, fans, wave):
    choose(chain, Outcome("invitation", wave))
    admin = chain.actors["admin"]
    with chain.db.write() as session:
        assert run_rule(session, admin, RULE) == 16
        erase_fan(session, admin, fans["新0"], "删除")
        assert count(session, RuleDeed) == 15
        assert undo_rule(session, admin, RULE) == 15
