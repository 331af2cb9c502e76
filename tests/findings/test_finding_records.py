"""Findings in the database: kept over runs, dismissed ones stay away, stores see their own, every decision has its way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from sqlmodel import select

from fanops.access.organisation import brand_choice, set_brand_choice
from fanops.cli.worker import DAILY, handlers
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.findings import records
from fanops.findings.find import find_findings
from fanops.findings.priority import Weights
from fanops.findings.signals import Signal
from fanops.tables import Fan, Finding, Order, Theme, ThemeAssignment, ThemeRun, Unit, Voice, now
from fanops.text.aspects import GENERAL


@pytest.fixture
def waiting(chain) -> int:
    """Theme 排队太久: 14 people in the last weeks against 1 of 60 before. Gives its id."""
    with chain.db.write() as session:
        run = ThemeRun(brand_id=chain.brand_id, input_fingerprint="a", result_fingerprint="b")
        session.add(run)
        session.flush()
        themes = [Theme(brand_id=chain.brand_id, name=name, born_run_id=run.id) for name in ("排队太久", "好喝")]
        session.add_all(themes)
        session.flush()
        rows = [Fan(brand_id=chain.brand_id, name_masked="王**", level="fan") for _ in range(100)]
        session.add_all(rows)
        session.flush()
        fans = [row.id for row in rows]
        for place, fan in enumerate(fans):
            recent, about_waiting = place < 40, place < 14 or place == 99
            text = "排队太久" if about_waiting else "好喝"
            voice = Voice(brand_id=chain.brand_id, store_id=chain.stores["S1" if place % 2 else "S2"], fan_id=fan, kind="review",
                          source="测试", source_key=str(place), text=text, said_at=now() - timedelta(days=3 if recent else 60))  # fmt: skip
            session.add(voice)
            session.flush()
            unit = Unit(voice_id=voice.id, start=0, end=len(text), polarity=-1 if about_waiting else 1)
            session.add(unit)
            session.flush()
            session.add(
                ThemeAssignment(unit_id=unit.id, theme_id=themes[not about_waiting].id, run_id=run.id, strength=0.9)
            )
        session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fans[0], number="1", placed_at=now(),
                          amount_fen=4200))  # fmt: skip
        return themes[0].id


def test_a_rise_is_found_with_what_stands_behind_it(chain, waiting):
    assert find_findings(chain.db, chain.actors["product"])["new"] >= 1
    with chain.db.read() as session:
        table = records.finding_table(session, chain.actors["product"])
    row = table[table["kind"] == "rising"].iloc[0]
    assert (
        row["theme_id"] == waiting
        and "40 人里有 14 人说到，平均占每人所说的 35.0%" in row["claim"]
        and "1.7%" in row["claim"]
    )
    assert row["fans"] == 15 and row["negative_share"] == 1.0 and row["revenue_fen"] == 4200
    assert 0 < row["priority"] <= 100


def test_what_was_dismissed_stays_dismissed_and_what_passed_is_gone(chain, waiting):
    product = chain.actors["product"]
    find_findings(chain.db, product)
    with chain.db.write() as session:
        rising = int(records.finding_table(session, product).iloc[0]["finding_id"])
        with pytest.raises(InvalidInput, match="原因"):
            records.decide(session, product, rising, "dismissed", "  ")
        assert records.decide(session, product, rising, "dismissed", "促销带来的") == "open"
    assert find_findings(chain.db, product)["new"] == 0
    with chain.db.write() as session:
        finding = session.get_one(Finding, rising)
        assert (finding.state, finding.reason) == ("dismissed", "促销带来的")
        records.decide(session, product, rising, "open")
        for voice in session.exec(select(Voice)):
            voice.said_at = now() - timedelta(days=200)
            session.add(voice)
    assert find_findings(chain.db, product)["gone"] >= 1
    with chain.db.read() as session:
        assert session.get_one(Finding, rising).state == "gone"


def test_writing_merging_and_the_way_back(chain, waiting):
    product, manager = chain.actors["product"], chain.actors["store_manager"]
    with chain.db.write() as session:
        with pytest.raises(InvalidInput, match="1 到"):
            records.write_finding(session, manager, waiting, "  ", manager.store_id)
        own = records.write_finding(session, manager, waiting, "周末下午等得最久", manager.store_id)
        other = records.write_finding(session, product, waiting, "等位")
        assert own.numbers["fans"] < other.numbers["fans"] == 15
        assert records.merge_findings(session, product, other.id, own.id) == "accepted"
        with pytest.raises(Conflict):
            records.merge_findings(session, product, own.id, other.id)
        with pytest.raises(Conflict):
            records.merge_findings(session, product, own.id, own.id)
        records.unmerge_finding(session, product, other.id)
        assert session.get_one(Finding, other.id).state == "accepted"
        records.set_effort(session, product, own.id, "small")
        assert session.get_one(Finding, own.id).numbers["effort"] == "small"
        with pytest.raises(NotAllowed):
            records.write_finding(session, chain.actors["clerk"], waiting, "慢")


def test_a_finding_about_a_store_is_seen_by_those_who_see_the_store(chain, waiting):
    product, manager = chain.actors["product"], chain.actors["store_manager"]
    elsewhere = next(store for store in chain.stores.values() if store != manager.store_id)
    with chain.db.write() as session:
        far = records.write_finding(session, product, waiting, "别家店的事", elsewhere).id
        near = records.write_finding(session, product, waiting, "全品牌的事").id
    with chain.db.read() as session:
        seen = set(records.finding_table(session, manager, None)["finding_id"])
        assert near in seen and far not in seen
        with pytest.raises((NotFound, NotAllowed)):
            records.get_finding(session, manager, far)
        assert records.finding_table(session, chain.actors["stranger"], None).empty


def test_weights_are_the_brands_own_and_only_head_office_changes_them(chain):
    with chain.db.write() as session:
        set_brand_choice(session, chain.actors["product"], records.WEIGHTS, Weights(reach=0.5))
        with pytest.raises(NotAllowed):
            set_brand_choice(session, chain.actors["clerk"], records.WEIGHTS, Weights())
    with chain.db.read() as session:
        assert brand_choice(session, chain.actors["clerk"], records.WEIGHTS, Weights()).reach == 0.5
        assert brand_choice(session, chain.actors["stranger"], records.WEIGHTS, Weights()).reach == Weights().reach


def test_general_remarks_are_no_finding(chain, waiting):
    product = chain.actors["product"]
    find_findings(chain.db, product)
    with chain.db.write() as session:
        assert len(records.finding_table(session, product))
        session.get_one(Theme, waiting).aspect = GENERAL
    assert find_findings(chain.db, product)["gone"] >= 1
    with chain.db.read() as session:
        assert waiting not in set(records.finding_table(session, product)["theme_id"])


def test_a_brands_finding_is_head_offices_to_decide_and_a_stores_its_managers(chain, waiting):
    manager, region = chain.actors["store_manager"], chain.actors["region_manager"]
    with chain.db.write() as session:
        brand = records.write_finding(session, chain.actors["product"], waiting, "全品牌的事").id
        own = records.write_finding(session, manager, waiting, "我店里的事", manager.store_id).id
        for actor in (manager, region):
            for deed in (
                lambda actor=actor: records.decide(session, actor, brand, "dismissed", "不想看"),
                lambda actor=actor: records.merge_findings(session, actor, brand, own),
                lambda actor=actor: records.set_effort(session, actor, brand, "large"),
                lambda actor=actor: records.write_finding(session, actor, waiting, "全品牌都这样"),
            ):
                with pytest.raises(NotAllowed, match="全品牌"):
                    deed()
        assert session.get_one(Finding, brand).state == "accepted"
        assert records.decide(session, manager, own, "dismissed", "已经解决") == "accepted"
        records.decide(session, chain.actors["ceo"], brand, "dismissed", "促销带来的")
        assert session.get_one(Finding, brand).state == "dismissed"


def test_a_share_too_small_to_print_is_not_called_nothing():
    signal = Signal("core", 1, None, 12, 2000, 0.006, 2, 9000, 0.0002, 0.001, 0.01)
    assert records.claim_of(signal, "开发票", "").endswith("平均占每人所说的 0.6%；其他粉丝占不到 0.1%。")
    nobody = replace(signal, kind="store", other_people=0, other_share=0.0)
    assert records.claim_of(nobody, "开发票", "江北店").endswith("平均占每人所说的 0.6%；其他门店没有人说。")


def test_a_night_that_moves_levels_moves_findings_of_core_fans(chain, waiting):
    """Levels are recomputed by night; what core fans say more than others is compared with those levels."""
    assert DAILY.index("refresh_fans") < DAILY.index("find_findings")
    product = chain.actors["product"]
    night = partial(
        handlers()["find_findings"],
        chain.db,
        SimpleNamespace(actor=product, parameters={}, progress=lambda share, doing: None),
    )

    def of_core_fans() -> list[str]:
        with chain.db.read() as session:
            kind = Finding.kind == "core"
            return list(session.exec(select(Finding.state).where(Finding.theme_id == waiting, kind)))

    night()
    assert of_core_fans() == []
    with chain.db.write() as session:
        said = select(Voice.fan_id).where(Voice.text == "排队太久")
        for fan in session.exec(select(Fan).where(Fan.id.in_(said))):
            fan.level = "core"
    night()
    assert of_core_fans() == ["open"]
    with chain.db.write() as session:
        for fan in session.exec(select(Fan)):
            fan.level = "fan"
    night()
    assert of_core_fans() == ["gone"]
