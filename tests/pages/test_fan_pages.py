"""Fans by page: tags by rule and by hand, likely matches, nominations, referrals, rules with a preview, products, flows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import delete, select

from fanops.fans import records_tags as tags
from fanops.fans.identity_records import Person, find_or_create_fans
from fanops.fans.refresh import refresh_fans
from fanops.summary.records import key_figures
from fanops.tables import (
    Fan,
    FanTag,
    LikelyMatch,
    Order,
    OrderItem,
    Product,
    ProductAlias,
    Referral,
    Segment,
    ServiceCard,
    Staff,
    Store,
    Tag,
    TagRejection,
    now,
)  # fmt: skip
from fanops.ui.tables import place_of
from tests.pages.test_domain_pages import words_on

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@pytest.fixture
def fans(chain) -> list[int]:
    """Four fans of S1 with 2, 4, 6 and 8 orders; the first two look like one person; two spellings of one drink."""
    store = chain.stores["S1"]
    with chain.db.write() as session:
        people = [
            Person({"phone": "+8613800138000"}, name="王小明", store_id=store, birthday="05-06"),
            Person({"member": "M1001"}, name="王小明", store_id=store, birthday="05-06"),
            Person({"phone": "+8613912345678"}, name="赵六", store_id=store),
            Person({"phone": "+8613712345679"}, name="钱七", store_id=store),
        ]
        ids = [int(each) for each in find_or_create_fans(session, chain.brand_id, people, source="会员").fan_ids]
        drinks = [Product(brand_id=chain.brand_id, name=name) for name in ("芋泥波波", "芋泥啵啵")]
        session.add_all(drinks)
        session.flush()
        for place, fan_id in enumerate(ids):
            for number in range(2 * place + 2):
                order = Order(brand_id=chain.brand_id, store_id=store, fan_id=fan_id, number=f"{fan_id}-{number}",
                              channel="delivery" if number == 1 else "store",
                              placed_at=now() - timedelta(days=1 + 7 * number), amount_fen=2000)  # fmt: skip
                session.add(order)
                session.flush()
                session.add(OrderItem(order_id=order.id, product_id=drinks[place % 2].id))
    refresh_fans(chain.db, chain.actors["product"], {}, lambda share, doing: None)
    return ids


def table_with(at, column: str):
    """Give the table on the page that has this column."""
    return next(frame.value for frame in at.dataframe if column in frame.value)


@ONE
def test_a_rule_tag_is_previewed_saved_and_shown_with_its_rule(open_page, fans, chain):
    at = open_page("product", "tags.py")
    assert not at.exception and "还没有标签" in words_on(at)
    at.text_input(key="tag.name").set_value("常客")
    at.number_input(key="tag.orders_from").set_value(6).run()
    assert "符合 **2 位**" in words_on(at) and len(table_with(at, "例如")) == 2
    at.button(key="tag.save").click().run()
    assert not at.exception and "贴给 2 位" in words_on(at)
    table = table_with(at, "怎么来")
    assert table[["标签", "现在有", "怎么来"]].values.tolist() == [["常客", 2, "规则：至少 6 单"]]
    at = open_page("clerk", "fan.py", fan=fans[3])
    assert not at.exception and "规则：至少 6 单" in words_on(at)
    at = open_page("clerk", "fan.py", fan=fans[0])
    at.button(key=f"fan.tag.do.{fans[0]}").click().run()
    assert not at.exception and "已贴上“常客”" in words_on(at)
    at = open_page("product", "tags.py")
    at.button(key="tags.rule.drop").click().run()
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert session.exec(select(Tag.rule)).one()["orders_from"] == 6
        assert sorted(session.exec(select(FanTag.origin)).all()) == ["person", "rule", "rule"]
    at = open_page("store_manager", "tags.py")
    assert "由总部定" in words_on(at)


@ONE
def test_a_likely_match_is_turned_down_taken_back_and_joined(open_page, fans, chain):
    at = open_page("store_manager", "fans.py")
    at.toggle(key="fans.matches").set_value(True).run()
    assert not at.exception and "生日相同" in words_on(at) and "王小明" not in words_on(at)
    at.button(key="match.part.1").click().run()
    assert "不是同一个人，不再提示" in words_on(at)
    at.button(key="done.undo").click().run()
    at = open_page("store_manager", "fan.py", fan=fans[0])
    at.button(key="match.join.1").click().run()
    assert not at.exception and "已合并" in words_on(at)
    with chain.db.read() as session:
        assert session.get_one(Fan, fans[1]).merged_into_id == fans[0]
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert session.get_one(Fan, fans[1]).merged_into_id is None
        assert session.exec(select(LikelyMatch.state)).one() == "waiting"
    assert not [toggle for toggle in open_page("clerk", "fans.py").toggle if toggle.key == "fans.matches"]


@ONE
def test_a_fan_is_nominated_and_noted_as_brought_by_another(open_page, fans, chain):
    at = open_page("store_manager", "fan.py", fan=fans[0])
    assert "样本不足（全品牌下过单的顾客只有 4 位）" in words_on(at).replace("\\", "")
    at.button(key=f"fan.nominate.do.{fans[0]}").click().run()
    assert "请选提名成什么" in words_on(at)
    at.button_group(key=f"fan.nominate.ground.{fans[0]}").set_value("意见领袖").run()
    at.text_input(key=f"fan.nominate.why.{fans[0]}").set_value("小红书有三万人看")
    at.button(key=f"fan.nominate.do.{fans[0]}").click().run()
    assert not at.exception and "已提名" in words_on(at)
    with chain.db.read() as session:
        assert (session.get_one(Fan, fans[0]).level, session.get_one(Fan, fans[0]).level_reason[:4]) == (
            "core",
            "意见领袖",
        )
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert session.get_one(Fan, fans[0]).level_reason == ""
    at = open_page("clerk", "fan.py", fan=fans[2])
    at.text_input(key=f"fan.referral.{fans[2]}").set_value("13800138000").run()
    at.button(key=f"fan.referral.do.{fans[2]}").click().run()
    assert not at.exception and "已记下是谁介绍来的" in words_on(at)
    with chain.db.read() as session:
        assert session.exec(select(Referral.referrer_fan_id)).one() == fans[0]
    at.button(key=f"fan.by.{fans[2]}").click().run()
    assert at.query_params["fan"] == str(fans[0])
    at.button(key=f"fan.consent.out.{fans[0]}").click().run()
    with chain.db.read() as session:
        out = select(Fan.id).where(Fan.opted_out_at.is_not(None))
        assert not at.exception and session.exec(out).all() == [fans[0]]
    at = open_page("product", "fan_insights.py", see="新客来源")
    assert not at.exception and table_with(at, "合计")["粉丝推荐"].sum() == 1


@ONE
def test_rules_are_previewed_saved_and_taken_back(open_page, fans, chain):
    at = open_page("product", "rules.py")
    assert not at.exception and "近 180 天至少 6 单" in words_on(at)
    at.number_input(key="levels.fan_orders").set_value(4).run()
    assert "**1 位**的分层会变" in words_on(at)
    at.button(key="levels.save").click().run()
    assert not at.exception and "已保存并重算分层" in words_on(at)
    with chain.db.read() as session:
        assert session.get_one(Fan, fans[1]).level == "fan"
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert session.get_one(Fan, fans[1]).level == "repeat"
    at = open_page("product", "rules.py")
    at.text_input(key="rfm.recency_days").set_value("7、14")
    [button for button in at.button if button.label == "保存"][-2].click().run()
    assert "四个整数" in words_on(at)
    at.number_input(key="activity.quality").set_value(9.0)
    next(button for button in at.button if button.label == "保存并重算今天的").click().run()
    assert not at.exception and "今天的活跃指数已重算" in words_on(at) and "占 56%" in words_on(at)
    assert not [box for box in open_page("store_manager", "rules.py").number_input if box.key == "levels.fan_orders"]


@ONE
def test_two_names_of_a_drink_become_one_and_value_and_flows_are_drawn(open_page, fans, chain):
    at = open_page("product", "dictionary.py")
    assert not at.exception and "像是同一个商品" in words_on(at)
    next(button for button in at.button if (button.key or "").startswith("product.alike")).click().run()
    assert not at.exception
    assert table_with(at, "也叫")[["卖出（份）", "订单"]].values.tolist() == [[20, 20]]
    with chain.db.read() as session:
        assert len(session.exec(select(ProductAlias)).all()) == 1
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert session.exec(select(ProductAlias)).all() == []
    assert "品牌净值" in words_on(open_page("product", "fan_insights.py", see="渠道与净值"))
    at = open_page("product", "fan_insights.py", see="谁换了阶段")
    assert not at.exception and "换了阶段" in words_on(at)
    at.button_group(key="flow.what").set_value("分层").run()
    assert not at.exception and "手工提名不算在内" in words_on(at)


@ONE
def test_a_clerk_notes_that_a_fan_wants_no_contact_and_takes_it_back(open_page, fans, chain):
    at = open_page("clerk", "fan.py", fan=fans[0])
    assert not at.exception and "还没有人" in words_on(at)
    at.button(key=f"fan.consent.out.{fans[0]}").click().run()
    assert not at.exception and "已退订" in words_on(at)
    with chain.db.read() as session:
        assert session.get_one(Fan, fans[0]).opted_out_at is not None
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert session.get_one(Fan, fans[0]).opted_out_at is None


@ONE
def test_links_to_fans_by_store_and_by_how_long_they_are_away_are_followed(open_page, fans, chain):
    at = open_page("ceo", "fans.py", store=chain.stores["S1"])
    assert not at.exception and "共 4 位" in words_on(at)
    assert "没有这样的粉丝" in words_on(open_page("ceo", "fans.py", store=chain.stores["S2"]))
    assert "没有这样的粉丝" in words_on(open_page("ceo", "fans.py", away=60))


@ONE
def test_staff_figures_stand_on_one_place_and_who_leaves_can_come_back(open_page, fans, chain):
    with chain.db.write() as session:
        staff = session.exec(select(Staff).where(Staff.store_id == chain.stores["S1"])).first()
        session.add(ServiceCard(fan_id=fans[0], store_id=chain.stores["S1"], deed="问候", state="done", staff_id=staff.id,
                                closed_at=now()))  # fmt: skip
        staff_id, name = staff.id, staff.name
    at = open_page("store_manager", "allocation.py")
    assert not at.exception
    table = table_with(at, "首倡")
    row = table[table["员工"] == name].iloc[0]
    assert (row["做了"], row["跟进率"], row["问卷配额"], row["有内容的"], row["带来"]) == (1, "100.0%", "—", "—", "—")
    at.selectbox(key="allocation.leaving").set_value(staff_id).run()
    at.button(key="allocation.leave").click().run()
    assert not at.exception and "已记为离职" in words_on(at)
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert session.get_one(Staff, staff_id).left_on is None


@ONE
def test_head_office_lets_a_rule_put_a_tag_and_makes_one_of_its_own(open_page, fans, chain):
    with chain.db.write() as session:
        session.add_all([Tag(brand_id=chain.brand_id, name="要问好"), Segment(brand_id=chain.brand_id, name="常客",
                                                                          conditions={"orders_from": 6})])  # fmt: skip
    at = open_page("product", "rules.py")
    at.text_input(key="rule.new.name").set_value("给常客问好")
    at.text_input(key="rule.new.deed").set_value("问个好")
    next(button for button in at.button if button.label == "建这条规则").click().run()
    assert not at.exception and "已建规则" in words_on(at)
    at.button_group(key="rule.kind.own-1").set_value("tag").run()
    at.button(key="rule.outcome.own-1").click().run()
    assert not at.exception and "贴标签“要问好”" in words_on(at)
    at.button(key="rule.try.own-1").click().run()
    assert "会做 **2 位**" in words_on(at)
    at.button(key="rule.run.own-1").click().run()
    assert not at.exception and "给 2 位贴了标签" in words_on(at)
    with chain.db.read() as session:
        assert session.exec(select(FanTag.origin)).all() == ["automation", "automation"]
    at.button(key="rule.undo.own-1").click().run()
    assert "撤回了 2 位" in words_on(at)
    at = open_page("store_manager", "rules.py")
    assert "给常客问好" in words_on(at)
    assert not [each for each in at.button if each.key in ("rule.outcome.own-1", "rule.remove.own-1")]
    at = open_page("product", "rules.py")
    at.button(key="rule.remove.own-1").click().run()
    assert "已删除规则" in words_on(at)
    at.button(key="done.undo").click().run()
    assert "给常客问好" in words_on(at)


@ONE
def test_people_of_one_name_are_told_apart_by_the_last_digits(open_page, fans, chain):
    at = open_page("clerk", "fans.py")
    assert sorted(table_with(at, "手机尾号")["手机尾号"]) == ["", "5678", "5679", "8000"]
    at.text_input(key="fans.words").set_value("5678").run()
    assert not at.exception and table_with(at, "手机尾号")["粉丝"].tolist() == ["赵*"]
    with chain.db.write() as session:
        session.add(ServiceCard(fan_id=fans[2], store_id=chain.stores["S1"], deed="问问她"))
    at = open_page("clerk", "today.py")
    at.text_input(key="today.words").set_value("5678").run()
    assert not at.exception and "**赵\\* 尾号 5678**" in words_on(at)


@ONE
def test_a_figure_of_the_overview_opens_the_rows_under_it(open_page, fans, chain):
    with chain.db.write() as session:
        for order in session.exec(select(Order).where(Order.fan_id == fans[2])):
            order.placed_at = now() - timedelta(days=60)  # one of the four has not come lately
    with chain.db.read() as session:
        figures = {each.name: each for each in key_figures(session, chain.actors["ceo"], 28)}
    assert figures["活跃粉丝"].value == 3
    at = open_page("ceo", "fans.py", **figures["活跃粉丝"].query)
    assert not at.exception and "共 3 位" in words_on(at)
    at.selectbox(key="came").set_value(0).run()
    assert "共 4 位" in words_on(at)
    assert figures["听到的原声"].query["period"] == "近 28 天" and figures["不满占比"].query["pile"] == "不满"
    assert not open_page("ceo", "voices.py", **figures["不满占比"].query).exception
    at = open_page("ceo", "fan_insights.py", **figures["营业额"].query)
    assert not at.exception and f"合计 ¥{figures['营业额'].value / 100:,.0f}" in words_on(at)


def test_a_tap_on_any_cell_opens_the_row():
    assert (place_of([], [(3, "粉丝")]), place_of([2], [(3, "粉丝")]), place_of([], [])) == (3, 2, None)


@ONE
def test_who_stands_under_two_numbers_is_shown_before_the_merge_and_parted_again(open_page, fans, chain):
    at = open_page("store_manager", "fan.py", fan=fans[2])
    number, merge = f"fan.merge.number.{fans[2]}", f"fan.merge.do.{fans[2]}"
    assert at.button(key=merge).disabled
    at.text_input(key=number).set_value("13888888888").run()
    assert "没有对应到唯一一位" in words_on(at) and at.button(key=merge).disabled
    at.text_input(key=number).set_value("钱").run()  # a surname that one fan has finds that fan
    assert "找到 **钱* 尾号 5679** · 粉丝 · 静安店 · 8 单" in words_on(at).replace("\\", "")
    at.button(key=merge).click().run()
    assert "合并要写明原因" in words_on(at)
    at.text_input(key=f"fan.merge.reason.{fans[2]}").set_value("她说两个号码都是她的")
    at.button(key=merge).click().run()
    with chain.db.read() as session:
        assert session.get_one(Fan, fans[3]).merged_into_id == fans[2]
    at.button(key="done.undo").click().run()
    assert not at.exception and "已撤销" in at.toast[0].value
    with chain.db.read() as session:
        assert session.get_one(Fan, fans[3]).merged_into_id is None


@ONE
def test_a_tag_taken_off_by_mistake_is_put_back_and_suggested_again(open_page, fans, chain):
    with chain.db.write() as session:
        tag = tags.save_tag(session, chain.actors["product"], "爱喝茶")
        held = tags.tag_by_hand(session, chain.actors["clerk"], fans[2], tag.id, "自己说的").id
    at = open_page("clerk", "fan.py", fan=fans[2])
    at.button(key=f"fan.untag.{held}").click().run()
    with chain.db.read() as session:
        assert session.get_one(FanTag, held).removed_at and session.exec(select(TagRejection)).all()
    assert "已去掉“爱喝茶”" in words_on(at)
    at.button(key="done.undo").click().run()
    assert not at.exception and not at.error
    with chain.db.read() as session:
        assert session.get_one(FanTag, held).removed_at is None and not session.exec(select(TagRejection)).all()


@ONE
def test_without_a_store_an_interview_says_what_comes_first(open_page, chain):
    with chain.db.write() as session:
        session.exec(delete(Store).where(Store.brand_id == chain.other_brand_id))
    at = open_page("stranger", "interviews.py")
    assert not at.exception and "先添加门店" in words_on(at)
    assert not [button for button in at.button if button.key == "interviews.unknown"]
