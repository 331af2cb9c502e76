"""Ticked sentences: kept over pages and searches, everything that matches at once, a whole box of the map; the 拿不准 pile."""

from __future__ import annotations

import pytest
from sqlmodel import select

from fanops.tables import Theme, ThemeAssignment, Unit, Voice
from fanops.themes import edit
from fanops.themes.discover import run_discovery
from fanops.themes.records_evidence import alike_units, evidence, evidence_units
from fanops.themes.records_likely import suggest_themes
from fanops.themes.records_map import units_in
from fanops.themes.records_sayings import said_units, sayings
from fanops.themes.selection import Selection
from fanops.ui.themes import ticks
from fanops.ui.themes.map_views import chosen_boxes
from tests.pages.test_theme_edit_pages import SAID, say, words_on

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def hold(chain, name: str, texts: list[str], **assignment) -> tuple[int, list[int]]:
    """A theme of these sentences; its id and theirs."""
    units = []
    with chain.db.write() as session:
        theme = Theme(brand_id=chain.brand_id, name=name)
        session.add(theme)
        session.flush()
        for text in texts:
            voice = Voice(brand_id=chain.brand_id, store_id=chain.stores["S1"], text=text, source_key=f"{name}{text}")
            session.add(voice)
            session.flush()
            unit = Unit(voice_id=voice.id, start=0, end=len(text), polarity=-1)
            session.add(unit)
            session.flush()
            units.append(unit.id)
            session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id, strength=0.5, **assignment))
        return theme.id, units


@pytest.fixture
def invoices(chain) -> tuple[int, list[int]]:
    """Thirty sentences, ten of them about invoices and twenty about thanks; and a theme of its own to move them to."""
    return hold(chain, "杂事", [f"没开发票{n}次" for n in range(10)] + [f"说了谢谢{n}次" for n in range(20)])


@pytest.fixture
def ticking(monkeypatch) -> set[int]:
    """What a person ticks where it is on the page; the rest stays as it was."""
    ticked: set[int] = set()
    monkeypatch.setattr(
        ticks, "quotes",
        lambda rows, key, choosable, chosen: sorted({*chosen, *ticked.intersection(rows["unit_id"])}),
    )  # fmt: skip
    return ticked


def themes_of(chain, units: list[int]) -> list[int | None]:
    with chain.db.read() as session:
        held = dict(session.exec(select(ThemeAssignment.unit_id, ThemeAssignment.theme_id)).all())
    return [held[unit] for unit in units]


@ONE
def test_ticks_stay_while_pages_turn_and_words_change(open_page, chain, invoices, ticking):
    theme, _ = invoices
    with chain.db.read() as session:
        first = sayings(session, chain.actors["product"], theme_id=theme, limit=10)[0]["unit_id"].tolist()
        third = sayings(session, chain.actors["product"], theme_id=theme, limit=10, offset=20)[0]["unit_id"].tolist()
    ticking.update([first[0], third[0]])
    at = open_page("product", "theme.py", theme=theme)
    assert "已选 1 句" in words_on(at)
    at.session_state["theme.page"] = 3
    at.run()
    assert "已选 2 句" in words_on(at)
    at.text_input(key=f"theme.words.{theme}").set_value("谢谢").run()
    assert not at.exception and "共 20 句、20 种说法" in words_on(at) and "已选 2 句" in words_on(at)
    ticking.clear()
    at.button(key=f"theme.{theme}.none").click().run()
    assert "已选" not in words_on(at)


@ONE
def test_all_that_match_are_split_off_in_one_deed(open_page, chain, invoices, ticking):
    theme, units = invoices
    at = open_page("product", "theme.py", theme=theme)
    at.text_input(key=f"theme.words.{theme}").set_value("发票").run()
    at.button(key=f"theme.{theme}.all").click().run()
    assert not at.exception and "已选 10 句" in words_on(at)
    at.text_input(key="split.name").set_value("不开发票")
    at.button(key="split.do").click().run()
    assert not at.exception and "已把 10 句拆成“不开发票”" in words_on(at)
    new = themes_of(chain, units)
    assert len(set(new[:10])) == 1 and new[0] != theme and set(new[10:]) == {theme}
    assert "已选" not in words_on(at)
    at.button(key="done.undo").click().run()
    assert set(themes_of(chain, units)) == {theme}


@ONE
def test_too_many_for_one_deed_are_not_offered(open_page, chain, invoices, ticking, monkeypatch):
    monkeypatch.setattr(ticks, "TICKS_MOST", 25)
    theme, _ = invoices
    at = open_page("product", "theme.py", theme=theme)
    assert not [box for box in at.button if box.key == f"theme.{theme}.all"] and "不能一次全选" in words_on(at)


@ONE
def test_all_found_voices_move_together(open_page, chain, invoices, ticking):
    _, units = invoices
    to, _ = hold(chain, "发票", ["发票抬头错了"])
    at = open_page("product", "voices.py")
    at.text_input(key="voices.words").set_value("没开发票").run()
    at.button(key="voices.全部.all").click().run()
    at.selectbox(key="move.to").set_value(to).run()
    at.button(key="move.do").click().run()
    assert not at.exception and "已移动 10 句" in words_on(at)
    assert set(themes_of(chain, units[:10])) == {to}


def test_what_matches_is_the_same_listed_and_all_at_once(chain, invoices):
    theme, units = invoices
    product, clerk = chain.actors["product"], chain.actors["clerk2"]
    with chain.db.read() as session:
        everything = Selection()
        assert said_units(session, product, everything, theme, words="发票") == units[:10]
        assert evidence_units(session, product, most=100, words="谢谢") == units[10:]
        assert evidence_units(session, product, most=3, theme_id=theme) == units[:3]
        assert evidence_units(session, clerk, most=100, theme_id=theme) == []


def test_a_box_on_the_map_holds_also_what_was_not_drawn(chain, invoices):
    _, units = invoices
    with chain.db.write() as session:
        for place, row in enumerate(session.exec(select(ThemeAssignment).order_by(ThemeAssignment.unit_id))):
            row.x, row.y = float(place), -float(place)
    areas = [{"brush_type": "rect", "coord_range": [[4.5, 1.5], [-4.5, -1.5]]}]
    boxes = chosen_boxes({"selection": {"selected": [], "areas": areas}})
    with chain.db.read() as session:
        product = chain.actors["product"]
        assert units_in(session, product, Selection(), boxes, most=100) == units[2:5]
        assert units_in(session, product, Selection(), boxes, most=100, words="谢谢") == []
        assert units_in(session, chain.actors["clerk2"], Selection(), boxes, most=100) == []


@ONE
def test_an_unsure_saying_is_asked_once_and_goes_to_the_theme_it_is_nearest_to(open_page, chain, ticking):
    say(chain, *SAID)
    product = chain.actors["product"]
    run_discovery(chain.db, product, {})
    with chain.db.write() as session:
        at_home = dict(session.exec(select(ThemeAssignment.unit_id, ThemeAssignment.theme_id)).all())
        nearest = suggest_themes(session, product, list(at_home))
        unit = next(unit for unit, theme in at_home.items() if nearest[unit][0] == theme and len(nearest[unit]) > 2)
        alike = next(units for units in alike_units(session, product) if unit in units)
        assert len(alike) == 3  # “”, “真的” and “每次” before the same words
        home, wrong, last = nearest[unit][0], nearest[unit][1], nearest[unit][-1]
        for each in session.exec(select(ThemeAssignment)):
            each.unsure = each.unit_id in alike
            each.theme_id = wrong if each.unsure else each.theme_id
        name = session.get_one(Theme, home).name
    at = open_page("product", "voices.py", pile="拿不准")
    assert not at.exception and "共 3 句、1 种说法" in words_on(at)
    first = next(box for box in at.button if (box.key or "").startswith("unsure.first."))
    assert first.label.replace("\\", "") == f"是“{name}”"
    first.click().run()
    assert not at.exception and f"已归到“{name}”：3 句同样的话" in words_on(at)
    assert themes_of(chain, alike) == [home] * 3
    at.button(key="done.undo").click().run()
    assert themes_of(chain, alike) == [wrong] * 3
    other = next(box for box in at.selectbox if (box.key or "").startswith("unsure.other."))
    other.set_value(last).run()
    assert not at.exception and themes_of(chain, alike) == [last] * 3


@ONE
def test_unsure_sentences_of_one_theme_are_confirmed_together(open_page, chain, ticking):
    theme, units = hold(chain, "排队", [f"排队{n}次" for n in range(30)], unsure=True)
    retired, _ = hold(chain, "旧事", ["旧话"], unsure=True)
    with chain.db.write() as session:
        edit.set_retired(session, chain.actors["product"], retired, True)
    assert "拿不准 30 句" in str([link.proto.label for link in open_page("product", "themes.py").get("page_link")])
    at = open_page("product", "voices.py", pile="拿不准")
    assert not at.exception and "共 30 句" in words_on(at)  # what lies in a retired theme needs no sorting
    at.selectbox(key="unsure.theme").set_value(theme).run()
    at.button(key=f"unsure.{theme}.all").click().run()
    at.button(key="unsure.all_right").click().run()
    assert not at.exception and "已确认 30 句属于“排队”" in words_on(at)
    with chain.db.read() as session:
        assert evidence(session, chain.actors["product"], unsure=True)[1] == 0
        rows = session.exec(select(ThemeAssignment).where(ThemeAssignment.unit_id.in_(units))).all()
        assert all(row.by_hand and row.theme_id == theme for row in rows)


@ONE
def test_a_clerk_is_offered_no_sorting_that_would_be_refused(open_page, chain, ticking):
    _, units = hold(chain, "排队", ["排队三次"], unsure=True)
    at = open_page("clerk", "voices.py", pile="拿不准")
    assert not at.exception and "1 句、1 种说法" in words_on(at) and "请告诉店长" in words_on(at)
    assert not [box for box in at.button if (box.key or "").startswith("unsure.")]
    ticking.update(units)
    at = open_page("clerk", "voices.py")
    assert not at.exception and "请告诉店长" in words_on(at) and not [box for box in at.button if box.key == "move.do"]
    assert [box for box in open_page("store_manager", "voices.py").button if box.key == "move.do"]
