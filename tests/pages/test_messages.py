"""消息: an address is added, tested, paused; a message is looked at, sent again, given up; raisers are invited."""

from __future__ import annotations

import pytest
from sqlmodel import select

from fanops.actions import records_backlog as backlog
from fanops.sending import records as sending
from fanops.settings import settings
from fanops.tables import Fan, Message, Theme, ThemeAssignment, Trial, Unit, Voice, Webhook
from tests.pages.test_domain_pages import words_on
from tests.sending.conftest import Receiver

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@pytest.fixture
def receiver(db, monkeypatch):
    """A running receiver, which this machine allows."""
    monkeypatch.setenv("FANOPS_PRIVATE_RECEIVERS", "true")
    settings.cache_clear()
    it = Receiver()
    it.start()
    yield it
    it.stop()
    monkeypatch.undo()
    settings.cache_clear()


@ONE
def test_an_address_from_adding_to_removing(chain, receiver, open_page) -> None:
    at = open_page("product", "messages.py", view="接收地址")
    assert not at.exception and "还没有接收地址" in words_on(at)
    at.text_input(key="hook.name").set_value("产品部看板")
    at.text_input(key="hook.address").set_value("ftp://x")
    at.button(key="FormSubmitter:hook.add-添加").click().run()
    assert "网址要以" in words_on(at) and at.text_input(key="hook.name").value == "产品部看板"  # what was typed stays
    at.text_input(key="hook.address").set_value(receiver.url)
    at.button(key="FormSubmitter:hook.add-添加").click().run()
    assert "只显示这一次" in words_on(at) and at.code[0].value.startswith("whsec_")
    assert receiver.url not in words_on(at)
    at.button(key="hook.saved").click().run()
    assert not at.code
    with chain.db.read() as session:
        number = session.exec(select(Webhook.id)).one()
    at.button(key=f"hook.test.{number}").click().run()
    assert not at.exception and "测试消息已送到" in words_on(at) and receiver.bodies()[0]["type"] == "test"
    assert "近 7 天送到 1 条" in words_on(at)
    at.button(key=f"hook.pause.{number}").click().run()
    assert "暂停着" in words_on(at) and at.button(key=f"hook.test.{number}").disabled
    at.button(key=f"hook.pause.{number}").click().run()
    receiver.stop()
    at.button(key=f"hook.test.{number}").click().run()
    assert "测试消息没有送到：连不上对方" in words_on(at) and "会再试" in words_on(at)
    at.button(key=f"hook.remove.{number}").click().run()
    assert "还没有接收地址" in words_on(at)


@ONE
def test_a_message_is_looked_at_sent_again_and_given_up(chain, receiver, open_page) -> None:
    product = chain.actors["product"]
    with chain.db.write() as session:
        row, _ = sending.add_webhook(session, product, "webhook", "看板", receiver.url, ["fix.opened"])
        first, second = (sending.write_test(session, product, row.id).id for _ in range(2))
    at = open_page("ceo", "messages.py")
    at.selectbox(key="messages.chosen").set_value(first).run()
    at.button(key=f"messages.again.{first}").click().run()
    assert f"消息 {first} 已送到" in words_on(at)
    at.selectbox(key="messages.chosen").set_value(second).run()
    at.button(key=f"messages.give_up.{second}").click().run()
    assert "已放弃" in words_on(at)
    at.segmented_control(key="messages.state").set_value("failed").run()
    [table] = [frame.value for frame in at.dataframe if "状态" in frame.value]
    assert table["编号"].tolist() == [second] and table["原因"].tolist() == ["由人放弃"]
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert session.get_one(Message, second).state == "waiting"


@ONE
def test_raisers_are_invited_after_a_look_at_who_is_left_out(chain, open_page) -> None:
    product = chain.actors["product"]
    with chain.db.write() as session:
        theme = Theme(brand_id=chain.brand_id, name="排队太久")
        session.add(theme)
        session.flush()
        for place in range(3):
            fan = Fan(brand_id=chain.brand_id, name_masked="王**", home_store_id=chain.stores["S1"])
            session.add(fan)
            session.flush()
            fan.opted_out_at = fan.joined_at if place == 0 else None
            voice = Voice(
                brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fan.id, text="慢", source_key=str(place)
            )
            session.add(voice)
            session.flush()
            unit = Unit(voice_id=voice.id, start=0, end=1, polarity=-1)
            session.add(unit)
            session.flush()
            session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id, strength=0.9))
        item_id = backlog.open_item(session, product, theme.id, "预点单").id
    at = open_page("product", "backlog.py")
    assert "可以邀请 **2 位**；不邀请：已退订 1 位" in words_on(at)
    at.segmented_control(key=f"trial.channel.{item_id}").set_value("link").run()
    assert not at.exception and "先开一期" in words_on(at)
    at.segmented_control(key=f"trial.channel.{item_id}").set_value("wecom").run()
    assert "门店没有群机器人 2 位" in words_on(at)
    assert f"trial.invite.{item_id}" not in [button.key for button in at.button]
    at.segmented_control(key=f"trial.channel.{item_id}").set_value("task").run()
    at.button(key=f"trial.invite.{item_id}").click().run()
    assert "已用门店服务卡邀请 2 位" in words_on(at)
    with chain.db.read() as session:
        assert session.exec(select(Trial.channel)).all() == ["task", "task"]
