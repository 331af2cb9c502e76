"""Rules: a dry run of n runs n and then none; cards are ticked, counted as contacts, and taken back."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest
from sqlmodel import func, select

from fanops.access.organisation import set_brand_choice
from fanops.actions import records_fixes
from fanops.actions import run_rules as acting
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.fans import records_cards as cards
from fanops.fans import records_outlook, records_tellings
from fanops.fans import records_rules as rules
from fanops.fans.outlook import FittedModel
from fanops.fans.rules import RULES, RuleNumbers
from fanops.tables import Contact, Fan, FanIdentity, Order, OrderItem, Product, ServiceCard, Telling, Unit, Voice, now


@pytest.fixture
def fans(chain) -> dict[str, int]:
    """14 who came once a week ago; one too new, one who came twice, one opted out; one asleep core fan; one displeased."""
    with chain.db.write() as session:
        store, found = chain.stores["S1"], {}

        def add(name: str, *days_ago: int, **about) -> int:
            fan = Fan(brand_id=chain.brand_id, home_store_id=about.pop("store", store), name_masked=name, **about)
            session.add(fan)
            session.flush()
            for days in days_ago:
                session.add(Order(brand_id=chain.brand_id, store_id=store, fan_id=fan.id, number=f"{fan.id}-{days}",
                                  placed_at=now() - timedelta(days=days), amount_fen=1500))  # fmt: skip
            found[name] = fan.id
            return fan.id

        for place in range(14):
            add(f"新{place}", 7)
        add("太新", 1)
        add("来过两次", 9, 7)
        add("退订", 7, opted_out_at=now())
        add("睡", *range(60, 200, 10), level="core")
        add("别店", 7, store=chain.stores["S3"])
        angry = add("不满", *range(2, 30, 7), level="fan")
        voice = Voice(
            brand_id=chain.brand_id,
            store_id=store,
            fan_id=angry,
            source_key="1",
            text="还行，但是等了半小时。",
            said_at=now(),
        )
        session.add(voice)
        session.flush()
        session.add_all(
            [Unit(voice_id=voice.id, start=0, end=3, polarity=0), Unit(voice_id=voice.id, start=3, end=11, polarity=-1)]
        )
    return found


def test_a_dry_run_of_14_runs_14_and_then_none(chain, fans):
    manager = chain.actors["store_manager"]
    with chain.db.read() as session:
        found = acting.dry_run(session, manager, "welcome_back")
        assert len(found.reached) == 14 and found.reasons() == {"已退订": 1}
        assert len(acting.dry_run(session, chain.actors["ceo"], "welcome_back")[0]) == 15
        assert session.exec(select(func.count(ServiceCard.id))).one() == 0
    with chain.db.write() as session:
        assert acting.run_rule(session, manager, "welcome_back") == 14
        assert acting.run_rule(session, manager, "welcome_back") == 0
    with chain.db.write() as session:
        assert acting.undo_rule(session, manager, "welcome_back") == 14
        assert acting.run_rule(session, manager, "welcome_back") == 14
        with pytest.raises(NotAllowed):
            acting.run_rule(session, chain.actors["clerk"], "welcome_back")
        with pytest.raises(NotFound):
            acting.run_rule(session, manager, "nothing")


def test_each_rule_finds_its_own(chain, fans):
    product = chain.actors["product"]
    with chain.db.read() as session:
        found = {code: acting.dry_run(session, product, code)[0] for code in RULES}
    assert found["wake_up"]["fan"].tolist() == ["睡"]
    assert found["recovery"][["fan", "why"]].values.tolist() == [["不满", "但是等了半小时"]]
    assert found["new_product"].empty and found["promise"].empty
    with chain.db.write() as session:
        set_brand_choice(session, product, rules.NUMBERS, RuleNumbers(asleep_from=70, new_to=8, most=3))
        assert acting.dry_run(session, product, "wake_up")[0].empty
        assert len(acting.dry_run(session, product, "welcome_back")[0]) == 3


def test_a_card_is_read_ticked_counted_and_taken_back(chain, fans):
    clerk, manager = chain.actors["clerk"], chain.actors["store_manager"]
    with chain.db.write() as session:
        tea = Product(brand_id=chain.brand_id, name="芋泥波波")
        session.add(tea)
        session.flush()
        order = session.exec(select(Order.id).where(Order.fan_id == fans["不满"])).first()
        session.add(OrderItem(order_id=order, product_id=tea.id, quantity=2))
        acting.run_rule(session, manager, "recovery")
    with chain.db.write() as session:
        [card] = cards.card_table(session, clerk).to_dict("records")
        assert (card["rule"], card["late"]) == ("服务补救", False)
        lines = dict(cards.card_lines(session, clerk, card["fan_id"], card["deed"]))
        assert lines["喜欢"] == "芋泥波波" and lines["提过"] == "“但是等了半小时”" and len(lines) <= 5
        with pytest.raises(InvalidInput, match="原因"):
            cards.close_card(session, clerk, card["card_id"], "not_done")
        with pytest.raises(NotFound):
            cards.close_card(session, chain.actors["clerk2"], card["card_id"], "done")
        cards.close_card(session, clerk, card["card_id"], "done")
        assert session.exec(select(Contact.subject)).all() == [card["deed"]]
        with pytest.raises(Conflict, match="已经有人"):
            cards.close_card(session, clerk, card["card_id"], "done")
        cards.reopen_card(session, clerk, card["card_id"])
        assert session.exec(select(Contact)).all() == [] and len(cards.card_table(session, clerk)) == 1


def test_the_apology_is_for_the_newest_sentence_that_says_something(chain, fans):
    store, angry = chain.stores["S1"], fans["不满"]
    with chain.db.write() as session:
        for place, (text, days) in enumerate([("啊太慢。", 0), ("珍珠有点硬。", 1), ("一般般，不值。", 4)], 2):
            voice = Voice(brand_id=chain.brand_id, store_id=store, fan_id=angry, source_key=str(place), text=text,
                          said_at=now() + timedelta(hours=1) - timedelta(days=days))  # fmt: skip
            session.add(voice)
            session.flush()
            session.add(Unit(voice_id=voice.id, start=0, end=len(text), polarity=-1))
        session.exec(select(Voice).where(Voice.source_key == "1")).one().said_at = now() - timedelta(days=3)
        session.flush()
        found = acting.dry_run(session, chain.actors["product"], "recovery")[0]
        assert found["why"].tolist() == ["珍珠有点硬"]


def test_a_promise_told_by_card_is_told_and_taken_back_with_it(chain, fans):
    clerk, manager, product = (chain.actors[name] for name in ("clerk", "store_manager", "product"))
    store, fan_id = chain.stores["S1"], fans["睡"]
    with chain.db.write() as session:
        fix = records_fixes.open_fix(session, product, None, [store], "高峰期加人", checklist=["加人"])
        session.add(Telling(fix_id=fix.id, fan_id=fan_id, store_id=store))
        session.flush()
        assert acting.run_rule(session, manager, "promise") == 1
        [card] = cards.card_table(session, clerk).to_dict("records")
        assert card["reason"] == "高峰期加人"
        brief = cards.card_lines(session, clerk, fan_id, card["deed"], brief=True)
        assert brief == [("我们做了", "高峰期加人（还没有告诉）"), ("现在做", card["deed"])]
        cards.close_card(session, clerk, card["card_id"], "done")
        told = records_tellings.telling_table(session, clerk, "told")
        assert told["title"].tolist() == ["高峰期加人"] and records_tellings.telling_table(session, clerk).empty
        assert dict(cards.card_lines(session, product, fan_id))["我们做了"] == "高峰期加人（已告诉过）"
        assert session.exec(select(Contact.kind)).all() == ["telling"]  # one contact, not two
        cards.reopen_card(session, clerk, card["card_id"])
        due = records_tellings.telling_table(session, clerk)
        assert len(due) == 1 and session.exec(select(Contact)).all() == []
        records_tellings.record_told(session, clerk, int(due["telling_id"].iloc[0]))
        assert cards.card_table(session, clerk).empty and session.exec(select(Contact.kind)).all() == ["telling"]


def test_a_card_for_a_fan_of_another_store_is_read_where_it_is_due(chain):
    clerk, elsewhere = chain.actors["clerk"], chain.actors["clerk2"]
    with chain.db.write() as session:
        fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S2"], name_masked="林*")
        session.add(fan)
        session.flush()
        with pytest.raises(NotFound):
            cards.card_lines(session, clerk, fan.id)
        session.add(ServiceCard(fan_id=fan.id, store_id=chain.stores["S1"], deed="请来试", rule_code=cards.TRIAL))
        session.flush()
        [card] = cards.card_table(session, clerk).to_dict("records")
        assert not card["own"] and cards.card_table(session, chain.actors["product"])["own"].tolist() == [True]
        assert cards.card_lines(session, clerk, card["fan_id"], card["deed"]) == [("现在做", "请来试")]
        with pytest.raises(NotFound):
            cards.card_lines(session, elsewhere, fan.id)
        cards.close_card(session, clerk, card["card_id"], "done")
        with pytest.raises(NotFound):
            cards.card_lines(session, clerk, fan.id)


def test_the_fourth_contact_in_30_days_is_refused_and_left_out(chain, fans):
    clerk, manager = chain.actors["clerk"], chain.actors["store_manager"]
    with chain.db.write() as session:
        acting.run_rule(session, manager, "recovery")
        for _ in range(3):
            session.add(Contact(fan_id=fans["不满"], kind="call", channel="phone"))
        card = int(cards.card_table(session, clerk)["card_id"].iloc[0])
        with pytest.raises(Conflict, match="近 30 天已联系 3 次"):
            cards.close_card(session, clerk, card, "done")
        cards.close_card(session, clerk, card, "not_done", "联系太多")
        for _ in range(3):
            session.add(Contact(fan_id=fans["新0"], kind="call", channel="phone"))
        session.flush()
        left_out = acting.dry_run(session, manager, "welcome_back").reasons()
        assert left_out["近 30 天已联系 3 次"] == 1


def test_regulars_are_expected_on_their_day(chain, fans):
    with chain.db.read() as session:
        coming = cards.expected_today(session, chain.actors["clerk"])
        assert coming["fan"].tolist() == []
    with chain.db.write() as session:
        number = FanIdentity(
            brand_id=chain.brand_id, fan_id=fans["睡"], kind="phone", lookup_hash="7", sealed=b"7", masked="138****0007"
        )
        session.add(number)
        for days in (7, 14, 21, 28, 35, 42, 49):
            session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fans["睡"], number=f"r{days}",
                              placed_at=now() - timedelta(days=days), amount_fen=1))  # fmt: skip
        for order in session.exec(select(Order).where(Order.fan_id == fans["睡"], Order.number.not_like("r%"))):
            session.delete(order)
    with chain.db.read() as session:
        coming = cards.expected_today(session, chain.actors["clerk"])
        assert coming[["fan", "usual_days", "tail"]].values.tolist() == [["睡", 7.0, "0007"]]
        assert cards.expected_today(session, chain.actors["clerk2"]).empty


def test_with_a_model_the_likeliest_to_come_today_are_named_with_their_chance(chain, fans):
    fit = FittedModel(
        r=1.0, alpha=10.0, a=1.5, b=3.0, bounds=(0.1, 0.2, 0.4, 0.8), predicted=(0.1,) * 5, observed=(0.1,) * 5
    )
    with chain.db.write() as session:
        records_outlook.keep_model(session, chain.actors["product"], fit)
        for who, every in (("睡", 7), ("不满", 3)):
            for order in session.exec(select(Order).where(Order.fan_id == fans[who])):
                session.delete(order)
            for days in range(every, 8 * every, every):
                session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fans[who], number=f"m{who}{days}",
                                  placed_at=now() - timedelta(days=days), amount_fen=1))  # fmt: skip
    with chain.db.read() as session:
        coming = cards.expected_today(session, chain.actors["product"])
        # By hand for 不满 (7 days, every 3): history of 6 repeats, last day 18, age 21.
        history = pd.DataFrame({"repeats": [6], "last_day": [18], "age_days": [21]})
        assert coming["fan"].tolist()[0] == "不满"
        assert coming["chance"].iloc[0] == pytest.approx(fit.model.expected(history, 1.0)[0])
        assert coming["chance"].is_monotonic_decreasing and coming["usual_days"].iloc[0] == 3.0
    with chain.db.write() as session:  # who has been here today is not expected again
        session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fans["不满"], number="today",
                          placed_at=now(), amount_fen=1))  # fmt: skip
        session.flush()
        assert "不满" not in cards.expected_today(session, chain.actors["product"])["fan"].tolist()
