"""Commands about fans: matches, rules of levels, tags, value, products; the same figures as the pages."""

from __future__ import annotations

import json

from click.testing import CliRunner

from fanops.cli import cli
from fanops.fans.identity_records import Person, find_or_create_fans
from fanops.tables import Order, Product, now


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
    [month] = json.loads(run("value", "net", "--months", "1", "--json", "--brand", brand))
    assert (month["net_fen"], month["amount_fen"], month["orders"]) == (2000, 3000, 3)
    assert "会员  1 位" in run("value", "newcomers", "--months", "1", "--brand", brand)
    run("value", "alias", "芋泥啵啵", drink_id, "--brand", brand)
    assert "也叫 芋泥啵啵" in run("value", "products", "--brand", brand)
    assert "已拆开" in run("value", "alias", "芋泥啵啵", "--brand", brand)
