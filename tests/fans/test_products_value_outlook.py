"""Products under one name and back, net value and new customers by hand, who brought whom, what is expected of a fan."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlmodel import select

from fanops.access import vault
from fanops.collect.parse_cells import channel_of
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.fans import records_products as products
from fanops.fans import records_value as value
from fanops.fans.identity_records import find_or_create_fan
from fanops.fans.outlook import FittedModel, fitted, outlook_of
from fanops.fans.records_cards import card_lines
from fanops.fans.records_conditions import Conditions, members
from fanops.fans.records_outlook import fan_outlook, fit_model, keep_model
from fanops.fans.records_timeline import timeline
from fanops.fans.value import net_value
from fanops.settings import settings
from fanops.tables import Fan, Order, OrderItem, Product, ProductAlias, Referral, now


@pytest.fixture
def sold(chain) -> dict[str, int]:
    """A fan of S1 bought 芋泥波波 three times and 芋泥啵啵 twice, and 四季春 four times."""
    with chain.db.write() as session:
        fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"], name_masked="王**")
        session.add(fan)
        session.flush()
        ids = {"fan": fan.id}
        for name, times in (("芋泥波波", 3), ("芋泥啵啵", 2), ("四季春", 4)):
            row = Product(brand_id=chain.brand_id, name=name)
            session.add(row)
            session.flush()
            ids[name] = row.id
            for number in range(times):
                order = Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fan.id, number=f"{name}{number}",
                              placed_at=now(), amount_fen=1000)  # fmt: skip
                session.add(order)
                session.flush()
                session.add(OrderItem(order_id=order.id, product_id=row.id, quantity=1))
    return ids


def test_two_names_become_one_product_and_two_again(chain, sold):
    product = chain.actors["product"]
    with chain.db.write() as session:
        before = products.product_table(session, product)
        assert before[["name", "quantity"]].values.tolist() == [["四季春", 4], ["芋泥波波", 3], ["芋泥啵啵", 2]]
        assert products.alike_products(before) == [(sold["芋泥啵啵"], sold["芋泥波波"])]
        assert card_lines(session, product, sold["fan"])[0] == ("喜欢", "四季春、芋泥波波")
        with pytest.raises(NotAllowed):
            products.merge_products(session, chain.actors["store_manager"], sold["芋泥啵啵"], sold["芋泥波波"])
        products.merge_products(session, product, sold["芋泥啵啵"], sold["芋泥波波"])
        after = products.product_table(session, product)
        assert after[["name", "quantity", "orders"]].values.tolist() == [["芋泥波波", 5, 5], ["四季春", 4, 4]]
        assert after["aliases"].tolist() == [["芋泥啵啵"], []] and products.alike_products(after) == []
        assert card_lines(session, product, sold["fan"])[0] == ("喜欢", "芋泥波波、四季春")
        for wrong in (
            (sold["芋泥波波"], sold["四季春"]),
            (sold["四季春"], sold["芋泥啵啵"]),
            (sold["四季春"], sold["四季春"]),
        ):
            with pytest.raises(Conflict):
                products.merge_products(session, product, *wrong)
        with pytest.raises(InvalidInput):
            products.add_alias(session, product, sold["四季春"], " ")
        assert products.remove_alias(session, product, "芋泥啵啵") == sold["芋泥波波"]
        pd.testing.assert_frame_equal(products.product_table(session, product), before)
        assert session.exec(select(ProductAlias)).all() == []
        with pytest.raises(NotFound):
            products.remove_alias(session, product, "芋泥啵啵")


def test_what_was_given_back_is_not_sold(chain, sold):
    with chain.db.write() as session:
        other = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"], source="会员导入")
        session.add(other)
        session.flush()
        for number, fan_id in enumerate((sold["fan"], other.id)):
            for again in range(3):
                back = Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fan_id, number=f"退{number}{again}",
                             placed_at=now() - timedelta(days=400 * (again + 1)), amount_fen=-1000)  # fmt: skip
                session.add(back)
                session.flush()
                session.add(OrderItem(order_id=back.id, product_id=sold["芋泥波波"], quantity=1))
    with chain.db.read() as session:
        ceo = chain.actors["ceo"]
        table = products.product_table(session, ceo).set_index("name")
        assert table.loc["芋泥波波", ["quantity", "orders"]].tolist() == [3, 3]
        assert card_lines(session, ceo, sold["fan"])[0] == ("喜欢", "四季春、芋泥波波")
        who = session.exec(members(ceo, Conditions(product_id=sold["芋泥波波"]))).all()
        assert who == [sold["fan"]]
        # a refund long ago is no first order: the buyer is new this month, who only gave back is no customer
        assert value.new_customers(session, ceo, 1)["fans"].sum() == 1


def test_channels_are_read_from_what_files_say():
    said = {
        "商场小程序": "mall",
        "美团外卖": "delivery",
        "小程序自提": "miniapp",
        "企业团购": "group",
        "堂食": "store",
        "抖音": "抖音",
    }
    assert {cell: channel_of(cell) for cell in said} == said


def test_net_value_by_hand(chain):
    """S1 in November: 300 in the store, 100 delivered, 50 by the mall, 50 for a company → net 350 of 500, 70 %."""
    zone = settings().zone
    with chain.db.write() as session:
        for number, (store, day, channel, yuan) in enumerate(
            [("S1", 1, "store", 300), ("S1", 30, "delivery", 100), ("S1", 3, "mall", 50), ("S1", 4, "group", 50),
             ("S3", 5, "delivery", 80)]
        ):  # fmt: skip
            session.add(Order(brand_id=chain.brand_id, store_id=chain.stores[store], number=str(number), channel=channel,
                              placed_at=datetime(2026, 11, day, 0, 0, 1, tzinfo=zone), amount_fen=100 * yuan))  # fmt: skip
        session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], number="old", channel="store", amount_fen=70,
                          placed_at=datetime(2026, 10, 31, 23, 59, tzinfo=zone)))  # fmt: skip
    with chain.db.read() as session:
        sums = value.channel_sums(session, chain.actors["product"], 2, date(2026, 11, 26))
        found = net_value(sums, ["month", "store"]).set_index(["month", "store"])
        row = found.loc[("2026-11", "静安店")]
        assert (row["net_fen"], row["amount_fen"], row["orders"], row["net_orders"]) == (35_000, 50_000, 4, 2)
        assert row["share"] == 0.7 and found.loc[("2026-11", "天河店"), "share"] == 0
        assert found.loc[("2026-10", "静安店"), "amount_fen"] == 70
        mine = value.channel_sums(session, chain.actors["clerk2"], 2, date(2026, 11, 26))
        assert mine["store"].unique().tolist() == ["天河店"]


def test_new_customers_by_source_with_referrals(chain):
    store = chain.stores["S1"]
    with chain.db.write() as session:
        ids = []
        for place, source in enumerate(["会员导入", "会员导入", "", "问卷"]):
            fan = find_or_create_fan(
                session, chain.brand_id, {"phone": f"1380013800{place}"}, store_id=store, source=source
            )
            ids.append(fan.id)
            session.add(
                Order(
                    brand_id=chain.brand_id,
                    store_id=store,
                    fan_id=fan.id,
                    number=str(place),
                    placed_at=now(),
                    amount_fen=1,
                )
            )
        clerk = chain.actors["clerk"]
        with pytest.raises(InvalidInput):
            value.record_referral(session, clerk, ids[3], "王")
        with pytest.raises(NotFound):
            value.record_referral(session, clerk, ids[3], "13900000000")
        with pytest.raises(Conflict, match="自己"):
            value.record_referral(session, clerk, ids[0], "13800138000")
        value.record_referral(session, clerk, ids[3], "138 0013 8000", "一起来的")
        with pytest.raises(Conflict, match="已经"):
            value.record_referral(session, clerk, ids[3], "13800138001")
        with pytest.raises(Conflict, match="反过来"):
            value.record_referral(session, clerk, ids[0], "13800138003")
        by, brought = value.referrals_of(session, clerk, ids[3])
        assert by["fan_id"].tolist() == [ids[0]] and brought.empty
        assert value.referrals_of(session, clerk, ids[0])[1]["note"].tolist() == ["一起来的"]
        assert "推荐" in timeline(session, clerk, ids[0])["kind"].tolist()
        found = value.new_customers(session, chain.actors["product"], 1)
        assert dict(zip(found["source"], found["fans"], strict=True)) == {"会员导入": 2, "未注明": 1, "粉丝推荐": 1}
        with pytest.raises(NotFound):
            value.remove_referral(session, chain.actors["clerk2"], ids[3])
        value.remove_referral(session, clerk, ids[3])
        assert session.exec(select(Referral)).all() == []
        assert vault().unseal  # the numbers stay sealed


def steady(buyers: int, seed: int = 4) -> pd.DataFrame:
    """Buyers at rates of their own (gamma) over 200 days who stop with a chance of their own, as BG/NBD has it."""
    draw = np.random.default_rng(seed)
    rows = []
    for fan in range(buyers):
        rate, stop, at = draw.gamma(1.5, 1 / 20), draw.beta(1, 6), float(draw.uniform(0, 60))
        while at < 200:
            rows.append((fan, pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(days=at).floor("s")))
            if draw.random() < stop:
                break
            at += draw.exponential(1 / rate)
    return pd.DataFrame(rows, columns=["fan_id", "placed_at"])


def test_an_outlook_is_calibrated_and_silent_where_there_is_too_little():
    orders, until = steady(1_500), pd.Timestamp("2026-07-19", tz="UTC")
    fit = fitted(orders, until)
    assert fit.buyers == 1_500 and len(fit.bounds) == 4 and list(fit.bounds) == sorted(fit.bounds)
    assert sum(fit.predicted) == pytest.approx(sum(fit.observed), rel=0.25)

    def ago(*days: int) -> pd.Series:
        return pd.Series([until - pd.Timedelta(days=day) for day in days])

    regular = outlook_of(fit, ago(*range(1, 100, 7)), until)
    gone = outlook_of(fit, ago(*range(100, 190, 7)), until)
    assert regular.purchase_days == 15 and regular.alive > 0.8 > 0.2 > gone.alive
    assert 4 < regular.next_in_days < 14 and gone.next_in_days is None
    assert regular.orders > 1 > gone.orders and regular.predicted > gone.predicted
    assert outlook_of(fit, ago(1, 1, 8), until) is None  # two days only
    assert outlook_of(FittedModel(), ago(*range(1, 100, 7)), until) is None
    assert fitted(steady(40), until) == FittedModel(fitted_on="2026-07-19", buyers=40)


def test_the_model_is_kept_with_the_brand_and_read_for_one_fan(chain):
    orders = steady(300)
    shift = now() - orders["placed_at"].max().to_pydatetime()
    with chain.db.write() as session:
        fans = [Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"]) for _ in range(300)]
        session.add_all(fans)
        session.flush()
        for number, row in enumerate(orders.itertuples()):
            session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fans[row.fan_id].id, number=str(number),
                              placed_at=row.placed_at.to_pydatetime() + shift - timedelta(minutes=1), amount_fen=1))  # fmt: skip
    clerk, product = chain.actors["clerk"], chain.actors["product"]
    busiest = fans[int(orders["fan_id"].value_counts().index[0])].id
    with chain.db.write() as session:
        assert fan_outlook(session, clerk, busiest)[1] is None  # nothing fitted yet
        keep_model(session, product, fit_model(session, product))
    with chain.db.read() as session:
        fit, outlook, days = fan_outlook(session, clerk, busiest)
        assert fit.buyers == 300 and outlook.purchase_days == days and 0 <= outlook.alive <= 1
        with pytest.raises(NotFound):
            fan_outlook(session, chain.actors["clerk2"], busiest)
