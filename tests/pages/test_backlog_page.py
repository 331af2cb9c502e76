"""The backlog by page: a verdict of the right person with its way back, two people at one item."""

from __future__ import annotations

from sqlmodel import select

from fanops.actions import records_backlog as backlog
from fanops.actions.records_rollout import plan_stores, rollout_of
from fanops.tables import Fan, FanIdentity, Rollout, Theme, ThemeAssignment, Trial, Unit, Voice
from tests.pages.test_domain_pages import ONE, filled, words_on

__all__ = ["filled"]  # a fixture


@ONE
def test_head_office_records_a_verdict_of_the_right_person_and_takes_it_back(open_page, filled, chain):
    with chain.db.write() as session:
        fan_id = int(backlog.trial_table(session, chain.actors["product"], 1)["fan_id"].iloc[0])
        session.add(FanIdentity(brand_id=chain.brand_id, fan_id=fan_id, kind="phone", masked="138****5678",
                                lookup_hash="a", sealed=b"a"))  # fmt: skip
    at = open_page("product", "backlog.py")
    who = next(box for box in at.selectbox if box.label == "谁来试了")
    assert "尾号 5678" in who.options[0]  # two of one name come to one store
    next(group for group in at.button_group if group.label == "评价").set_value("like")
    next(button for button in at.button if button.label == "记录评价").click().run()
    assert not at.exception and "会买。" in words_on(at)
    with chain.db.read() as session:
        assert backlog.trial_table(session, chain.actors["product"], 1)["verdict"].tolist().count("like") == 1
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert backlog.trial_table(session, chain.actors["product"], 1)["verdict"].tolist().count("like") == 0


@ONE
def test_two_people_write_at_one_item(open_page, chain):
    """The second is shown what the first wrote, keeps what they typed, and does not push the item two stages on."""
    product = chain.actors["product"]
    with chain.db.write() as session:
        theme = Theme(brand_id=chain.brand_id, name="珍珠硬")
        session.add(theme)
        session.flush()
        item = backlog.open_item(session, product, theme.id, "小锅").id
    mine = open_page("product", "backlog.py")
    with chain.db.write() as session:
        backlog.write_down(session, product, item, wanted="两小时一换")
    mine.text_area(key=f"item.wanted.{item}").set_value("加计时器")

    def press() -> None:
        next(each for each in mine.button if each.label == "记下").click().run()

    press()
    assert "同事刚才也写了：“两小时一换”" in words_on(mine)
    assert mine.text_area(key=f"item.wanted.{item}").value == "加计时器"
    press()
    with chain.db.read() as session:
        assert backlog.get_item(session, product, item).wanted == "加计时器"


@ONE
def test_the_steps_to_a_store_can_be_taken_back(open_page, chain):
    """Inviting, planning a store, moving on and going live each leave their way back."""
    product, store = chain.actors["product"], chain.stores["S1"]
    with chain.db.write() as session:
        theme = Theme(brand_id=chain.brand_id, name="珍珠硬")
        session.add(theme)
        session.flush()
        fan = Fan(brand_id=chain.brand_id, home_store_id=store, name_masked="王*")
        session.add(fan)
        session.flush()
        voice = Voice(brand_id=chain.brand_id, fan_id=fan.id, store_id=store, text="珍珠太硬", source_key="1")
        session.add(voice)
        session.flush()
        unit = Unit(voice_id=voice.id, start=0, end=4)
        session.add(unit)
        session.flush()
        session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id, strength=1))
        session.flush()
        item = backlog.open_item(session, product, theme.id, "小锅").id

    def left(table) -> int:
        with chain.db.read() as session:
            return len(session.exec(select(table)).all())

    at = open_page("product", "backlog.py")
    at.button(key=f"trial.invite.{item}").click().run()
    assert "已用门店服务卡邀请 1 位" in words_on(at) and left(Trial) == 1
    at.button(key="done.undo").click().run()
    assert not at.exception and left(Trial) == 0
    at.multiselect(key=f"roll.add.{item}").set_value([store]).run()
    at.button(key=f"roll.do.{item}").click().run()
    assert "已加入“试点”" in words_on(at) and left(Rollout) == 1
    at.button(key="done.undo").click().run()
    assert not at.exception and left(Rollout) == 0
    at.button(key="item.advance").click().run()
    assert "已进入“定义”" in words_on(at)
    at.button(key="done.undo").click().run()
    with chain.db.write() as session:
        assert backlog.get_item(session, product, item).stage == "listen"
        plan_stores(session, product, item, [store])
    at = open_page("product", "backlog.py")
    at.button(key=f"roll.set.{item}").click().run()
    assert "还在“聆听”，门店不能上线" in words_on(at)
    with chain.db.write() as session:
        backlog.get_item(session, product, item).stage = "pilot"
    at.button(key=f"roll.set.{item}").click().run()
    assert "静安店：已上线" in words_on(at)
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert rollout_of(session, product, item, store) == ("planned", None)
