"""Commands about fans: matches, rules of levels, tags, value, products; the same figures as the pages."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlmodel import select

from fanops.cli import cli
from fanops.fans.identity_records import Person, find_or_create_fans
from fanops.tables import Fan, Order, Product, Segment, Staff, Tag, Theme, ThemeAssignment, Unit, Voice, now
from fanops.text.aspects import GENERAL


def run(*arguments: str, fails: bool = False) -> str:
    """Run a command in this process and give what it printed."""
    done = CliRunner().invoke(cli, list(arguments))
    assert (done.exit_code != 0) is fails, done.output + repr(done.exception)
    return done.output


def test_what_pages_do_by_command(chain) -> None:
    store, brand = chain.stores["S1"], "山茶"
    with chain.db.write() as session:
        people = [Person({"phone": "+8613800138000"}, name="王小明", store_id=store, birthday="05-06"),
                  Person({"member": "M1"}, name="王小明", store_id=store, birthday="05-06")]  # fmt: skip
        one, two = (int(each) for each in find_or_create_fans(session, chain.brand_id, people, source="会员").fan_ids)
        for number, channel in enumerate(("store", "store", "delivery")):
            session.add(Order(brand_id=chain.brand_id, store_id=store, fan_id=one, number=str(number), channel=channel,
                              placed_at=now(), amount_fen=1000))  # fmt: skip
        drink = Product(brand_id=chain.brand_id, name="芋泥波波")
        session.add(drink)
        session.flush()
        drink_id = str(drink.id)
    [match] = json.loads(run("fans", "matches", "--refresh", "--json", "--brand", brand))
    assert (match["one"]["fan_id"], match["other"]["fan_id"]) == (one, two)
    assert "王小明" not in run("fans", "matches", "--brand", brand)
    assert "不是同一个人" in run("fans", "decide", str(match["match_id"]), "apart", "--brand", brand)
    assert "共 0 对" in run("fans", "matches", "--refresh", "--brand", brand)
    assert "已识别 → 粉丝：1 位" in run("fans", "rules", "--fan-orders", "3", "--save", "--brand", brand)
    assert "样本不足" in run("fans", "outlook", str(one), "--brand", brand)
    assert "符合 1 位，新贴 1" in run("tag", "rule", "常客", '{"orders_from": 3}', "--apply", "--brand", brand)
    assert json.loads(run("tag", "list", "--json", "--brand", brand))[0]["by_rule"] == 1
    assert "继续 1" in run("tag", "refresh", "--brand", brand)
    for wrong in ("x", '{"order_from": 3}', '{"levels": "core"}', '{"levels": ["x"]}', "{}"):
        run("tag", "rule", "常客", wrong, "--apply", "--brand", brand, fails=True)
    for wrong in (("list", "--level", "vip"), ("list", "--most", "-1"), ("tag", "99999", "--name", "慢")):
        run("fans", *wrong, "--brand", brand, fails=True)
    [month] = json.loads(run("value", "net", "--months", "1", "--json", "--brand", brand))
    assert (month["net_fen"], month["amount_fen"], month["orders"]) == (2000, 3000, 3)
    assert "会员  1 位" in run("value", "newcomers", "--months", "1", "--brand", brand)
    run("value", "alias", "芋泥啵啵", drink_id, "--brand", brand)
    assert "也叫 芋泥啵啵" in run("value", "products", "--brand", brand)
    assert "已拆开" in run("value", "alias", "芋泥啵啵", "--brand", brand)


def test_deeds_of_people_by_command(chain) -> None:
    store, brand = chain.stores["S1"], ("--brand", "山茶")
    with chain.db.write() as session:
        people = [Person({"member": f"M{number}"}, store_id=store) for number in (1, 2)]
        one, two = (int(each) for each in find_or_create_fans(session, chain.brand_id, people, source="会员").fan_ids)
        for number in range(2):
            session.add(Order(brand_id=chain.brand_id, store_id=store, fan_id=one, number=str(number), placed_at=now(),
                              amount_fen=1000))  # fmt: skip
        session.get_one(Fan, one).owner_staff_id = session.exec(select(Staff.id).where(Staff.store_id == store)).first()
    run("fans", "nominate", str(one), "--why", "带来很多朋友", *brand, fails=True)  # no ground
    run("fans", "nominate", str(one), "--ground", "意见领袖", "--why", "带来很多朋友", *brand)
    with chain.db.read() as session:
        assert (session.get_one(Fan, one).level, session.get_one(Fan, one).level_reason) == (
            "core",
            "意见领袖：带来很多朋友",
        )
    run("fans", "nominate", str(one), "--undo", *brand)
    assert "已记下" in run("fans", "referral", str(two), "--by", "M1", *brand)
    run("fans", "referral", str(two), "--by", "M1", *brand, fails=True)
    assert "已去掉" in run("fans", "referral", str(two), "--undo", *brand)
    assert "已退订" in run("fans", "optout", str(two), "--said", "别找我", *brand)
    run("fans", "optout", str(two), "--undo", *brand, fails=True)  # no word of theirs
    assert "又可以联系" in run("fans", "optout", str(two), "--undo", "--said", "可以了", *brand)
    moves = json.loads(run("fans", "flow", "--days", "28", "--json", *brand))
    assert moves == [{"before": "", "after": "new", "fans": 1}]
    table = json.loads(run("fans", "staff", "--json", *brand))
    assert sum(row["fans"] for row in table) == 1 and "配额 —" in run("fans", "staff", *brand)
    assert json.loads(run("fans", "staff", "--by", "store", "--json", *brand)) == []
    run("fans", "hand-over", "nobody", *brand, fails=True)


def test_raisers_are_invited_and_tags_of_themes_confirmed_by_command(chain) -> None:
    brand = ("--brand", "山茶")
    with chain.db.write() as session:
        theme = Theme(brand_id=chain.brand_id, name="排队太久")
        session.add(theme)
        session.flush()
        session.add(Tag(brand_id=chain.brand_id, name="嫌等得久", theme_id=theme.id))
        for place in range(3):
            fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"], name_masked="王*")
            session.add(fan)
            session.flush()
            voice = Voice(
                brand_id=chain.brand_id,
                store_id=chain.stores["S1"],
                fan_id=fan.id,
                text="排队太久",
                source_key=str(place),
            )
            session.add(voice)
            session.flush()
            unit = Unit(voice_id=voice.id, start=0, end=4, polarity=-1)
            session.add(unit)
            session.flush()
            session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id, strength=0.9))
        theme_id = str(theme.id)
    item = str(json.loads(run("backlog", "open", theme_id, "--title", "预点单", "--json", *brand))["item_id"])
    assert "会邀请 2 位，共 3 位" in run("backlog", "invite", item, "--most", "2", "--dry-run", *brand)
    assert json.loads(run("backlog", "invite", item, "--most", "2", "--json", *brand)) == {
        "invited": 2,
        "may": 3,
        "left_out": {},
    }
    assert "已邀请 1 位" in run("backlog", "invite", item, *brand)
    [waiting] = json.loads(run("tag", "suggested", "--json", *brand))
    assert (waiting["fans"], waiting["first"][0]["sentence"]) == (3, "排队太久")
    assert "已贴 3 位" in run("tag", "suggested", "--confirm", str(waiting["tag_id"]), *brand)
    assert "没有等确认" in run("tag", "suggested", *brand)


def test_the_owners_page_is_written_to_a_file(chain, tmp_path) -> None:
    out = tmp_path / "week.html"
    assert "已写到" in run("brief", "--out", str(out), "--days", "7", "--brand", "山茶")
    assert "谁没有声音" in out.read_text("utf-8")
    assert "没有这个文件夹" in run(
        "brief", "--out", str(tmp_path / "none" / "week.html"), "--brand", "山茶", fails=True
    )


@pytest.mark.parametrize(
    "command", [("brief", "--out", "week.html"), ("overview",), ("fans", "flow"), ("fans", "staff")]
)
@pytest.mark.parametrize("days", ["0", "-5", "99999999"])
def test_a_period_that_is_none_is_refused(command, days) -> None:
    assert "至少 1，最多 3650" in run(*command, "--days", days, fails=True)


def test_the_overview_of_an_empty_chain_has_no_invented_numbers(chain) -> None:
    said = run("overview", "--brand", "山茶")
    assert "nan" not in said and "复购率  —（无可比，n=0）" in said


def test_rules_are_tried_run_undone_and_given_another_outcome_by_command(chain) -> None:
    brand = ("--brand", "山茶")
    with chain.db.write() as session:
        for place in range(2):
            fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"], name_masked="王*")
            session.add(fan)
            session.flush()
            session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fan.id, number=str(place),
                              placed_at=now() - timedelta(days=7), amount_fen=1000))  # fmt: skip
        tag = Tag(brand_id=chain.brand_id, name="要回访")
        session.add_all([tag, Segment(brand_id=chain.brand_id, name="全部", conditions={})])
        session.flush()
        tag_id = str(tag.id)
    code = "welcome_back"
    tried = json.loads(run("fans", "rule", "try", code, "--json", *brand))
    assert len(tried["fans"]) == 2 and tried["left_out"] == []
    assert "会做 2 位" in run("fans", "rule", "try", code, *brand)
    assert "做了 2 位。服务卡" in run("fans", "rule", "run", code, *brand)
    assert "做了 0 位" in run("fans", "rule", "run", code, *brand)
    assert "可撤回 2" in run("fans", "rule", "list", *brand)
    assert "撤回了 2 位" in run("fans", "rule", "undo", code, *brand)
    for wrong in ((), ("--card", "--tag", tag_id), ("--wave", "1")):
        run("fans", "rule", "set", code, *wrong, *brand, fails=True)
    assert "贴标签“要回访”，每晚执行" in run("fans", "rule", "set", code, "--tag", tag_id, "--nightly", *brand)
    assert json.loads(run("fans", "refresh", "--json", *brand))["rules"] == {"回访新客": 2}
    assert "不含 2 位：60 天内这条规则已经做过" in run("fans", "rule", "try", code, *brand)
    assert "own-1" in run("fans", "rule", "add", "问好", "--segment", "全部", "--deed", "问个好", *brand)
    run("fans", "rule", "add", "问好", "--segment", "没有", "--deed", "问个好", *brand, fails=True)
    assert [each["code"] for each in json.loads(run("fans", "rule", "list", "--json", *brand))][-1] == "own-1"
    assert "做了 2 位" in run("fans", "rule", "run", "own-1", *brand)
    assert "已删除" in run("fans", "rule", "remove", "own-1", *brand)
    run("fans", "rule", "run", "own-1", *brand, fails=True)
    assert "已恢复" in run("fans", "rule", "remove", "own-1", "--undo", *brand)


def test_general_remarks_are_listed_last_and_marked(chain) -> None:
    with chain.db.write() as session:
        general, asked = (Theme(brand_id=chain.brand_id, name=name) for name in ("味道不错", "排队太久"))
        general.aspect = GENERAL
        session.add_all([general, asked])
        session.flush()
        for place, theme in enumerate([general, general, general, asked]):  # most people only praised
            fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"])
            session.add(fan)
            session.flush()
            voice = Voice(brand_id=chain.brand_id, fan_id=fan.id, text=theme.name, source_key=f"list{place}")
            session.add(voice)
            session.flush()
            unit = Unit(voice_id=voice.id, start=0, end=len(voice.text), polarity=0)
            session.add(unit)
            session.flush()
            session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id))
    first, last = run("themes", "list", "--brand", "山茶").strip().splitlines()
    assert "排队太久" in first and "笼统评价" not in first
    assert "味道不错" in last and last.endswith("笼统评价")
