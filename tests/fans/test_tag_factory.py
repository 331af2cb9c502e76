"""The tag factory: a rule is previewed, applied, refreshed and run out; by hand survives everything; a rejected one stays away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from fanops.actions import records_suggestions as suggested
from fanops.errors import Conflict, InvalidInput, NotAllowed
from fanops.fans import records
from fanops.fans import records_tags as tags
from fanops.fans.records_conditions import Conditions, condition_words, count_members, parse_conditions, read_conditions
from fanops.fans.records_tags import refresh_tags
from fanops.tables import (
    Answer,
    Code,
    Coding,
    Fan,
    FanTag,
    Interview,
    LifecycleChange,
    Order,
    OrderItem,
    Product,
    ProductAlias,
    Response,
    Survey,
    SurveyVersion,
    Tag,
    TagRejection,
    Theme,
    ThemeAssignment,
    ThemeRun,
    Turn,
    Unit,
    Voice,
    Wave,
    now,
)  # fmt: skip


@pytest.fixture
def fans(chain) -> list[int]:
    """Ten fans, even ones of S1, odd ones of S3; fan n has n orders."""
    with chain.db.write() as session:
        found = []
        for place in range(10):
            store = chain.stores["S3" if place % 2 else "S1"]
            fan = Fan(brand_id=chain.brand_id, home_store_id=store, name_masked=f"{place}")
            session.add(fan)
            session.flush()
            found.append(fan.id)
            for number in range(place):
                session.add(Order(brand_id=chain.brand_id, store_id=store, fan_id=fan.id, number=f"{place}-{number}",
                                  placed_at=now() - timedelta(days=1 + number), amount_fen=2000))  # fmt: skip
    return found


def live(session, tag_id: int) -> dict[int, str]:
    rows = session.exec(
        select(FanTag.fan_id, FanTag.origin).where(FanTag.tag_id == tag_id, FanTag.removed_at.is_(None))
    )
    return dict(rows.all())


def test_a_rule_is_previewed_applied_and_refreshed(chain, fans):
    product = chain.actors["product"]
    rule = Conditions(orders_from=6)
    with chain.db.write() as session:
        with pytest.raises(NotAllowed):
            tags.save_tag(session, chain.actors["store_manager"], "常客", rule=rule)
        with pytest.raises(InvalidInput, match="条件"):
            tags.save_tag(session, product, "常客", rule=Conditions())
        tag = tags.save_tag(session, product, "常客", meaning="来得多", rule=rule)
        tags.tag_by_hand(session, chain.actors["clerk"], fans[0], tag.id, "老顾客")
        tags.tag_by_hand(session, chain.actors["clerk"], fans[8], tag.id)
        session.add(TagRejection(fan_id=fans[7], tag_id=tag.id))
        with pytest.raises(Conflict):
            tags.tag_by_hand(session, chain.actors["clerk"], fans[0], tag.id)
    with chain.db.read() as session:
        counts, sample = tags.preview_rule(session, product, rule, "常客")
        # 6, 7, 8, 9 are like this; 8 has it by hand, 7 refused it.
        assert (counts.fit, counts.new, counts.have, counts.refused, counts.leave) == (4, 2, 1, 1, 0)
        assert sample == [fans[6], fans[9]] and counts.words == "至少 6 单"
        assert tags.preview_rule(session, chain.actors["store_manager"], rule, "常客")[0].fit == 2
    assert refresh_tags(chain.db, product) == {"added": 2, "kept": 0, "ended": 0}
    assert refresh_tags(chain.db, product) == {"added": 0, "kept": 2, "ended": 0}
    with chain.db.write() as session:
        assert live(session, tag.id) == {fans[0]: "person", fans[8]: "person", fans[6]: "rule", fans[9]: "rule"}
        shown = records.tags_of(session, product, fans[6]).iloc[0]
        assert shown["reason"] == "规则：至少 6 单"
        row = tags.tag_dictionary(session, product).iloc[0]
        assert (row["by_hand"], row["by_rule"], row["fans"], row["rule"]) == (2, 2, 4, "至少 6 单")
        tags.save_tag(session, product, "常客", rule=Conditions(orders_from=9))
    assert refresh_tags(chain.db, product) == {"added": 0, "kept": 1, "ended": 1}
    with chain.db.write() as session:
        assert set(live(session, tag.id)) == {fans[0], fans[8], fans[9]}
        was = tags.drop_rule(session, product, tag.id)
    assert refresh_tags(chain.db, product) == {"added": 0, "kept": 0, "ended": 1}
    with chain.db.write() as session:
        assert live(session, tag.id) == {fans[0]: "person", fans[8]: "person"}  # by hand survives
        tags.put_rule_back(session, product, tag.id, was)
    assert refresh_tags(chain.db, product)["added"] == 1


def test_a_rule_tag_with_a_duration_lasts_after_the_fan_has_changed_and_then_runs_out(chain, fans):
    product, moment = chain.actors["product"], now()
    with chain.db.write() as session:
        tag = tags.save_tag(session, product, "最近来过", lasts_days=30, rule=Conditions(last_to=5))
        by_hand = tags.tag_by_hand(session, product, fans[0], tag.id).id
    assert refresh_tags(chain.db, product, at=moment)["added"] == 9
    with chain.db.write() as session:
        for order in session.exec(select(Order).where(Order.fan_id == fans[1])):
            session.delete(order)
    assert refresh_tags(chain.db, product, at=moment + timedelta(days=20)) == {"added": 0, "kept": 8, "ended": 0}
    assert refresh_tags(chain.db, product, at=moment + timedelta(days=31)) == {"added": 0, "kept": 8, "ended": 1}
    with chain.db.read() as session:
        assert fans[1] not in live(session, tag.id)
        assert session.get_one(FanTag, by_hand).removed_at is None


def test_a_rule_does_not_stand_on_itself(chain, fans):
    product = chain.actors["product"]
    with chain.db.write() as session:
        one = tags.save_tag(session, product, "一")
        two = tags.save_tag(session, product, "二", rule=Conditions(tag_id=one.id))
        with pytest.raises(InvalidInput, match="自己"):
            tags.save_tag(session, product, "一", rule=Conditions(tag_id=one.id))
        with pytest.raises(InvalidInput, match="自己"):
            tags.save_tag(session, product, "一", rule=Conditions(tag_id=two.id))
        with pytest.raises(InvalidInput):
            tags.save_tag(session, product, "一", lasts_days=0)


def test_a_tag_entered_a_second_time_keeps_its_rule_and_its_keeper(chain, fans):
    product, manager = chain.actors["product"], chain.actors["store_manager"]
    with chain.db.write() as session:
        tag = tags.save_tag(session, product, "常客", meaning="每周来", rule=Conditions(orders_from=6))
        kept = dict(tag.rule)
        for who in (manager, product):
            with pytest.raises(Conflict, match="已有规则"):
                tags.save_tag(session, who, "常客")
        tags.save_tag(session, product, "爱喝茶", meaning="只点茶")
        with pytest.raises(Conflict, match="已经有标签"):
            tags.save_tag(session, manager, "爱喝茶", meaning="别的意思")
        tags.save_tag(session, manager, "带娃")
        assert tags.save_tag(session, manager, "带娃", meaning="带孩子来").meaning == "带孩子来"
        assert tag.rule == kept and tag.meaning == "每周来"
        tags.drop_rule(session, product, tag.id)
        assert tags.save_tag(session, product, "常客", meaning="常来").meaning == "常来"


@pytest.mark.parametrize(
    ("typed", "why"),
    [({"orders_from": -1}, "0 到"), ({"last_from": 999_999}, "0 到"), ({"last_to": 10**30}, "0 到"), ({"store_id": 2**63}, "太大")],
)  # fmt: skip
def test_numbers_that_no_condition_takes_are_refused(typed, why):
    with pytest.raises(InvalidInput, match=why):
        parse_conditions(typed)


def test_at_least_nothing_asks_nothing(chain, fans):
    product = chain.actors["product"]
    with chain.db.read() as session:
        everybody = count_members(session, product, Conditions())
        assert count_members(session, product, Conditions(orders_from=0)) == everybody
        assert count_members(session, product, Conditions(spent_from=0)) == everybody
        assert count_members(session, product, Conditions(orders_from=1)) == everybody - 1
        assert condition_words(session, product, Conditions(orders_from=0)) == "全部粉丝"


def test_conditions_over_stages_products_codes_and_answers(chain, fans):
    """Each condition by hand: fan 0 gave the answer, 1 was coded, 2 bought under an alias, 3 and 4 sleep."""
    product = chain.actors["product"]
    with chain.db.write() as session:

        def add(row):
            session.add(row)
            session.flush()
            return row.id

        brand = chain.brand_id
        survey = add(Survey(brand_id=brand, code="s", title="到店"))
        version = add(SurveyVersion(survey_id=survey, number=1, definition={}, sha256="0" * 64))
        wave = add(Wave(brand_id=brand, version_id=version, title="十一月"))
        for place, value in ((0, ["slow", "dear"]), (5, "slow"), (6, ["slower"]), (7, 5)):
            response = add(Response(wave_id=wave, fan_id=fans[place], state="submitted", submit_key=f"{place}"))
            add(Answer(response_id=response, question_code="wrong", value=value))
        interview = add(Interview(brand_id=brand, fan_id=fans[1]))
        turn = add(Turn(interview_id=interview, position=1, speaker="fan", text="排队太久"))
        code = add(Code(brand_id=brand, name="排队"))
        add(Coding(turn_id=turn, code_id=code, start=0, end=4, quoted="排队太久"))
        whole = add(Product(brand_id=brand, name="芋泥波波"))
        other = add(Product(brand_id=brand, name="芋泥啵啵"))
        add(ProductAlias(brand_id=brand, product_id=whole, alias="芋泥啵啵"))
        order = session.exec(select(Order.id).where(Order.fan_id == fans[2])).first()
        add(OrderItem(order_id=order, product_id=other))
        for place, day, stage in ((3, 2, "asleep"), (4, 2, "asleep"), (4, 1, "active")):
            add(LifecycleChange(fan_id=fans[place], to_stage=stage, changed_on=(now() - timedelta(days=day)).date()))

        def count(**wanted) -> int:
            return count_members(session, product, Conditions(**wanted))

        # A code's passages move when it is merged, and once more: who asks for it still finds them.
        last = add(Code(brand_id=brand, name="慢"))
        middle = add(Code(brand_id=brand, name="等位", merged_into_id=last))
        merged = add(Code(brand_id=brand, name="队", merged_into_id=middle))
        kept = session.exec(select(Coding)).one()
        kept.code_id = last
        session.flush()
        assert count(code_id=merged) == count(code_id=last) == 1 and count(code_id=code) == 0
        kept.code_id = code
        session.flush()

        assert count(survey_id=survey, question="wrong", answer="slow") == 2
        assert count(survey_id=survey, question="wrong", answer="5") == 1
        assert count(code_id=code) == 1 and count(product_id=whole) == 1
        assert count(stages=("asleep",)) == 1 and count(stages=("asleep", "active")) == 2
        stored = {
            "stages": ["asleep"],
            "survey_id": survey,
            "question": "wrong",
            "answer": "slow",
            "answer_words": "等得久",
        }
        said = condition_words(session, product, read_conditions(stored))
        assert said == "沉睡、答过“等得久”"
        with pytest.raises(InvalidInput, match="题目"):
            tags.save_tag(session, product, "答", rule=Conditions(survey_id=survey))


def test_what_a_theme_suggests_waits_for_a_person_and_a_rejected_one_stays_away(chain, fans):
    manager = chain.actors["store_manager"]
    with chain.db.write() as session:
        run = ThemeRun(
            brand_id=chain.brand_id, state="done", parameters={}, versions={}, fingerprint="", input_sha256=""
        )
        session.add(run)
        theme = Theme(brand_id=chain.brand_id, name="等位久")
        session.add(theme)
        session.flush()
        tag = Tag(brand_id=chain.brand_id, name="嫌等位久", theme_id=theme.id, lasts_days=90)
        session.add(tag)
        for place in (0, 2, 4):
            voice = Voice(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fans[place], source_key=str(place),
                          text="茶好喝，等了半小时", said_at=now() - timedelta(days=place))  # fmt: skip
            session.add(voice)
            session.flush()
            unit = Unit(voice_id=voice.id, start=4, end=9, polarity=-1)
            session.add(unit)
            session.flush()
            session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id, strength=0.9, run_id=run.id))
    with chain.db.write() as session:
        assert [(row.id, theme, count) for row, theme, count in suggested.suggested_tags(session, manager)] == [
            (tag.id, "等位久", 3)
        ]
        table = suggested.suggestions(session, manager, tag.id)
        assert table["fan_id"].tolist() == [fans[0], fans[2], fans[4]] and set(table["sentence"]) == {"等了半小时"}
        assert suggested.confirm_suggestions(session, manager, tag.id, [fans[0], fans[9]]) == 1
        suggested.reject_suggestion(session, manager, tag.id, fans[2])
        assert suggested.suggestions(session, manager, tag.id)["fan_id"].tolist() == [fans[4]]
        assert suggested.confirm_suggestions(session, manager, tag.id, [fans[2]]) == 0
        suggested.take_rejection_back(session, manager, tag.id, fans[2])
        assert suggested.suggestions(session, manager, tag.id)["fan_id"].tolist() == [fans[2], fans[4]]
        shown = records.tags_of(session, manager, fans[0]).iloc[0]
        assert (shown["origin"], shown["sentence"], shown["author"]) == ("theme", "等了半小时", "店长store_manager")
        assert suggested.suggested_tags(session, chain.actors["stranger"]) == []
    refresh_tags(chain.db, chain.actors["product"], at=now() + timedelta(days=91))
    with chain.db.read() as session:
        assert live(session, tag.id) == {}  # a theme's tag runs out
