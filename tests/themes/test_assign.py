"""New units go to the registered themes at once; what fits nowhere waits; nothing is seen twice."""

from __future__ import annotations

import pytest
from sqlmodel import func, select

from fanops.collect.records_voices import NewVoice, add_voices
from fanops.tables import Theme, ThemeAssignment, Unit, Voice
from fanops.themes.assign import NewUnits, assign_new_units
from fanops.themes.discover import run_discovery

SAID = [
    f"{start}{subject}{what}"
    for start in ("", "真的", "每次", "今天")
    for subject, what in [
        ("排队", "太久了"), ("排队", "等了半小时"), ("等位", "等太久"), ("出餐", "慢得要命"), ("珍珠", "太硬"), ("珍珠", "嚼不动"),
        ("芋圆", "有点硬"), ("小料", "没煮软"), ("店员", "很热情"), ("店员", "态度很好"), ("收银", "很有耐心"), ("店长", "笑脸迎人"),
    ]
]  # fmt: skip


def say(chain, *texts: str) -> None:
    with chain.db.write() as session:
        first = session.exec(select(func.count(Voice.id))).one()
        add_voices(
            session, chain.brand_id, [NewVoice(text, "review", "测试", str(first + n)) for n, text in enumerate(texts)]
        )


@pytest.fixture
def themed(chain):
    say(chain, *SAID)
    run_discovery(chain.db, chain.actors["product"], {})
    return chain


def where(chain) -> dict[str, int | None]:
    with chain.db.read() as session:
        rows = session.exec(
            select(Voice.text, ThemeAssignment.theme_id)
            .join(Unit, Unit.voice_id == Voice.id)
            .join(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        ).all()
    return dict(rows)


def test_without_themes_nothing_is_assigned(chain):
    say(chain, "排队太久了")
    assert assign_new_units(chain.db, chain.actors["product"]) == {
        "new": 0,
        "assigned": 0,
        "unsure": 0,
        "unassigned": 0,
    }


def test_new_units_join_their_theme_and_a_later_run_keeps_it(themed):
    product = themed.actors["product"]
    say(themed, "昨天排队太久了", "昨天珍珠太硬", "没有")
    done = assign_new_units(themed.db, product)
    assert done["new"] == 2 and done["assigned"] == 2
    assert assign_new_units(themed.db, product)["new"] == 0
    now_at = where(themed)
    assert now_at["昨天排队太久了"] == now_at["排队太久了"] and now_at["昨天珍珠太硬"] == now_at["珍珠太硬"]
    run_discovery(themed.db, product, {})
    later = where(themed)
    assert later["昨天排队太久了"] == later["排队太久了"] == now_at["排队太久了"]


def test_the_watcher_looks_only_when_something_came(themed):
    watcher = NewUnits()
    say(themed, "昨天店员很热情")
    watcher(themed.db)
    assert where(themed)["昨天店员很热情"] is not None
    with themed.db.write() as session:
        row = session.exec(select(ThemeAssignment).order_by(ThemeAssignment.id.desc())).first()
        session.delete(row)
    watcher(themed.db)  # no newer unit: it does not look
    assert "昨天店员很热情" not in where(themed)
    say(themed, "昨天店长笑脸迎人")
    watcher(themed.db)
    assert where(themed)["昨天店员很热情"] is not None


def test_another_encoder_assigns_nothing(themed):
    with themed.db.write() as session:
        from fanops.tables import ThemeRun

        run = session.exec(select(ThemeRun)).one()
        run.versions = {**run.versions, "encoder": "another"}
        session.add(run)
        assert session.exec(select(func.count(Theme.id))).one() > 0
    say(themed, "昨天排队太久了")
    assert assign_new_units(themed.db, themed.actors["product"])["new"] == 0


def test_a_theme_that_has_become_another_takes_the_name_of_what_it_is_unless_a_person_named_it(themed):
    product = themed.actors["product"]
    with themed.db.read() as session:
        waiting = session.exec(
            select(ThemeAssignment.theme_id).join(Unit, Unit.id == ThemeAssignment.unit_id).join(Voice, Voice.id == Unit.voice_id)
            .where(Voice.text == "排队太久了")
        ).one()  # fmt: skip
        before = session.get_one(Theme, waiting).name
    say(themed, "昨晚排队太久了")
    run_discovery(themed.db, product, {})
    with themed.db.read() as session:
        assert session.get_one(Theme, waiting).name == before
    for named, expected in ((False, None), (True, "等得久")):
        with themed.db.write() as session:
            theme = session.get_one(Theme, waiting)
            theme.name, theme.named_by_hand = "等得久", named
            session.add(theme)
        say(
            themed,
            *(
                f"{lead}{what}"
                for lead in ("", "听说", "早上", "那天", "又")
                for what in (
                    "排队等位等太久",
                    "等位排队太久了",
                    "排队等位半小时",
                    "等位要排队半小时",
                    f"排队等位等了{2 + named}小时",
                    "排队等位太久",
                )
            ),
        )
        run_discovery(themed.db, product, {})
        with themed.db.read() as session:
            name = session.get_one(Theme, waiting).name
            assert (name != "等得久") if expected is None else (name == expected)
