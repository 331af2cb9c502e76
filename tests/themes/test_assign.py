"""New units go to the registered themes at once; what fits nowhere waits; nothing is seen twice."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import func, select

from fanops.collect.records_voices import NewVoice, add_voices
from fanops.tables import Theme, ThemeAssignment, ThemeRun, Unit, Voice
from fanops.themes import assign, discovery, edit
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


def theme_of(chain, text: str) -> int:
    return where(chain)[text]


def where(chain) -> dict[str, int | None]:
    with chain.db.read() as session:
        rows = session.exec(
            select(Voice.text, ThemeAssignment.theme_id)
            .join(Unit, Unit.voice_id == Voice.id)
            .join(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        ).all()
    return dict(rows)


def units(chain) -> dict[str, int]:
    with chain.db.read() as session:
        return dict(session.exec(select(Voice.text, Unit.id).join(Unit, Unit.voice_id == Voice.id)).all())


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


def test_what_is_said_of_a_merged_theme_goes_where_it_was_merged_into(themed):
    product = themed.actors["product"]
    pearls, staff = theme_of(themed, "珍珠太硬"), theme_of(themed, "店员很热情")
    with themed.db.write() as session:
        edit.merge_themes(session, product, pearls, staff)
    say(themed, "昨天珍珠太硬", "昨天芋圆有点硬", "昨天店长笑脸迎人")
    assert assign_new_units(themed.db, product)["assigned"] == 3
    assert {theme_of(themed, text) for text in ("昨天珍珠太硬", "昨天芋圆有点硬", "昨天店长笑脸迎人")} == {staff}
    with themed.db.read() as session:
        subs = select(ThemeAssignment.subtheme_id).where(ThemeAssignment.theme_id == staff)
        parents = session.exec(select(Theme.parent_id).where(Theme.id.in_(subs))).all()
        assert set(parents) <= {staff}


def test_what_is_said_of_a_retired_theme_is_nobody_elses(themed):
    product = themed.actors["product"]
    waiting = theme_of(themed, "排队太久了")
    with themed.db.write() as session:
        edit.set_retired(session, product, waiting, True)
    say(themed, "昨天排队太久了", "昨天出餐慢得要命")
    assign_new_units(themed.db, product)
    assert {theme_of(themed, text) for text in ("昨天排队太久了", "昨天出餐慢得要命")} == {waiting}
    run_discovery(themed.db, product, {})  # as a run has it
    assert theme_of(themed, "昨天排队太久了") == waiting


@pytest.mark.parametrize("centred", [True, False])
def test_a_split_theme_gets_what_is_said_of_it_at_once(themed, centred):
    product = themed.actors["product"]
    waiting = theme_of(themed, "排队太久了")
    apart = [unit for text, unit in units(themed).items() if "出餐" in text]
    with themed.db.write() as session:
        event = edit.split_theme(session, product, waiting, apart, "出餐慢")
        new = session.get_one(Theme, event.theme_id)
        assert np.linalg.norm(np.frombuffer(new.centroid, np.float32)) == pytest.approx(1, abs=1e-5)
        new_id = new.id
        if not centred:  # as a theme split off before, or found by another encoder
            new.centroid = None
    say(themed, "昨天出餐慢得要命", "昨天排队太久了", "昨天珍珠太硬")
    assign_new_units(themed.db, product)
    assert theme_of(themed, "昨天出餐慢得要命") == new_id
    assert theme_of(themed, "昨天排队太久了") == waiting != theme_of(themed, "昨天珍珠太硬")
    with themed.db.write() as session:
        again = [unit for text, unit in units(themed).items() if "出餐" in text and "每次" in text]
        second = edit.split_theme(session, product, new_id, again, "每次出餐慢").theme_id  # out of what a person made
        assert session.get_one(Theme, second).centroid is not None


def test_a_centre_of_another_encoder_draws_nothing(themed):
    product = themed.actors["product"]
    with themed.db.write() as session:
        old = ThemeRun(brand_id=themed.brand_id, versions={"encoder": "another"})
        session.add(old)
        session.flush()
        newest = ThemeRun(brand_id=themed.brand_id, versions=session.exec(select(ThemeRun.versions)).first())
        session.add(newest)
        strange = Theme(brand_id=themed.brand_id, name="旧的", pinned=True, seen_run_id=old.id, centroid=b"\0" * 12)
        session.add(strange)
    say(themed, "昨天排队太久了")
    assert assign_new_units(themed.db, product)["assigned"] == 1
    assert theme_of(themed, "昨天排队太久了") == theme_of(themed, "排队太久了")


def test_themes_merged_or_found_anew_while_units_are_compared_are_followed(themed, monkeypatch):
    product = themed.actors["product"]
    waiting, pearls = theme_of(themed, "排队太久了"), theme_of(themed, "珍珠太硬")
    meanwhile = []

    def strengths(similarity, labels):
        meanwhile.pop()() if meanwhile else None
        return discovery.strengths(similarity, labels)

    def merge():
        with themed.db.write() as session:
            edit.merge_themes(session, product, waiting, pearls)

    monkeypatch.setattr(assign, "strengths", strengths)
    say(themed, "昨天排队太久了")
    meanwhile.append(merge)
    assert assign_new_units(themed.db, product)["assigned"] == 1
    assert theme_of(themed, "昨天排队太久了") == pearls
    say(themed, "昨天店员很热情")
    staff = theme_of(themed, "店员很热情")

    def run_and_come_again():
        with themed.db.write() as session:  # a run that did not see the new one, and no longer found its theme
            run = session.exec(select(ThemeRun).order_by(ThemeRun.id.desc())).first()
            session.add(ThemeRun(brand_id=themed.brand_id, versions=run.versions, parameters=run.parameters))
            session.get_one(Theme, staff).state = "died"

    meanwhile.append(run_and_come_again)
    assign_new_units(themed.db, product)
    assert theme_of(themed, "昨天店员很热情") != staff


def test_what_belongs_nowhere_lies_between_the_themes_on_the_map(themed):
    say(themed, "今天股票又跌停了", "明年打算去挪威看极光")
    assert assign_new_units(themed.db, themed.actors["product"])["unassigned"]
    with themed.db.read() as session:
        middle = (func.avg(ThemeAssignment.x), func.avg(ThemeAssignment.y))
        themes = session.exec(
            select(*middle).where(ThemeAssignment.theme_id.is_not(None)).group_by(ThemeAssignment.theme_id)
        ).all()
        loose = session.exec(
            select(ThemeAssignment.x, ThemeAssignment.y).where(ThemeAssignment.theme_id.is_(None))
        ).all()
    assert loose and all(min(np.hypot(x - a, y - b) for a, b in themes) > 0.05 for x, y in loose)


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
                    "排队太久",
                    "排队排得太久",
                    "等位等得太久了",
                    "等位太久",
                    f"出餐慢得要{'死' if named else '命'}了",
                    "出餐太慢了",
                )
            ),
        )
        run_discovery(themed.db, product, {})
        with themed.db.read() as session:
            name = session.get_one(Theme, waiting).name
            assert (name != "等得久") if expected is None else (name == expected)


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_the_page_says_how_much_came_since_the_last_run(open_page, themed):
    def told() -> str:
        at = open_page("product", "themes.py")
        assert not at.exception
        return " ".join(box.value for box in at.caption)

    assert "上次发现" in told() and "此后新来" not in told()
    say(themed, "昨天排队太久了", "昨天珍珠太硬")
    assign_new_units(themed.db, themed.actors["product"])
    assert "此后新来 2 句" in told()
    run_discovery(themed.db, themed.actors["product"], {})
    assert "此后新来" not in told()
