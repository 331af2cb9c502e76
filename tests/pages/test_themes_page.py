"""The themes page: what it counts in, what it stands on, and that nothing is left out in silence."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest
from sqlmodel import select

from fanops.summary.records_period import period_end
from fanops.tables import Fan, Theme, ThemeAssignment, Unit, Voice
from fanops.themes import edit, records
from fanops.themes.records_identified import count_unidentified, with_fan_polarity
from fanops.themes.records_sayings import all_alike, sayings, typical_sayings
from fanops.ui.charts import theme_bars
from fanops.ui.quotes import _quote
from fanops.ui.themes import theme_quote_views, ticks

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def words_on(at) -> str:
    shown = [*at.markdown, *at.caption, *at.error, *at.success, *at.info, *at.warning, *at.title]
    return " ".join(str(box.value) for box in shown).replace("\\", "")


def say(session, chain, theme: Theme, texts, *, fan_id=None, store=None, polarity=0, **given) -> list[int]:
    """Say each text as a voice with one unit in a theme; the ids of the units."""
    units = []
    for text in texts:
        voice = Voice(
            brand_id=chain.brand_id, source_key=f"{text}{theme.id}{len(session.new)}{fan_id}", text=text, source="测试",
            fan_id=fan_id, store_id=store,
        )  # fmt: skip
        session.add(voice)
        session.flush()
        unit = Unit(voice_id=voice.id, start=0, end=len(text), polarity=polarity, **given)
        session.add(unit)
        session.flush()
        session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id, strength=0.5))
        units.append(unit.id)
    return units


def new_theme(session, chain, name: str, **given) -> Theme:
    theme = Theme(brand_id=chain.brand_id, name=name, **given)
    session.add(theme)
    session.flush()
    return theme


@pytest.fixture
def mixed(chain) -> int:
    """A theme that one displeased fan and nine pleased people without a name speak of."""
    with chain.db.write() as session:
        theme = new_theme(session, chain, "排队")
        fan = Fan(brand_id=chain.brand_id, name_masked="王**")
        session.add(fan)
        session.flush()
        say(session, chain, theme, ["等太久"], fan_id=fan.id, store=chain.stores["S1"], polarity=-1)
        say(session, chain, theme, [f"不用排队{n}" for n in range(9)], polarity=1)
        return theme.id


@ONE
def test_a_bar_of_fans_is_cut_by_what_fans_say(chain, mixed) -> None:
    with chain.db.read() as session:
        actor = chain.actors["product"]
        table = with_fan_polarity(session, actor, records.EVERYTHING, records.theme_table(session, actor))
        empty = with_fan_polarity(session, actor, records.EVERYTHING, table.head(0))
    parts = theme_bars(table, "fans").data.set_index("sign")["数量"]
    assert parts.to_dict() == {"positive": 0, "neutral": 0, "negative": 1}
    assert theme_bars(table, "voices").data.set_index("sign")["数量"]["positive"] == 9
    assert empty.empty


@ONE
def test_most_voices_without_a_fan_are_counted_in_voices_and_said(chain, mixed, open_page) -> None:
    with chain.db.read() as session:
        assert count_unidentified(session, chain.actors["product"], theme_id=mixed) == {"no_fan": 9, "no_store": 9}
        assert count_unidentified(session, chain.actors["clerk"]) == {"no_fan": 0, "no_store": 0}
    at = open_page("product", "themes.py")
    assert not at.exception
    assert "9 条没有粉丝、9 条没有门店" in words_on(at)
    assert "（10 条原声）" in words_on(at)
    assert "9 条没有粉丝" in words_on(open_page("product", "theme.py", theme=mixed))


@ONE
@pytest.mark.parametrize(("age", "said"), [(10, "近 28 天占 100.0% → 100.0%（样本不足）"), (40, None)])
def test_words_that_were_not_imported_yet_are_no_fall(chain, open_page, age, said) -> None:
    with chain.db.write() as session:
        theme = new_theme(session, chain, "排队")
        say(session, chain, theme, [f"排队太久{n}" for n in range(8)])
        for place, voice in enumerate(session.exec(select(Voice).order_by(Voice.id)).all()):
            voice.said_at = period_end() - timedelta(days=age + 28 * (place % 2), hours=1)
            session.add(voice)
    shown = words_on(open_page("product", "themes.py"))
    assert "8 条原声" in shown
    assert said in shown if said else "近 28 天" not in shown


@ONE
def test_more_voices_of_everything_are_no_rise_of_a_theme(chain, open_page) -> None:
    with chain.db.write() as session:
        queue, oats, taste = (new_theme(session, chain, name) for name in ("排队", "燕麦奶", "好喝"))
        for theme, before, recent in ((queue, 20, 40), (oats, 2, 60), (taste, 18, 20)):  # out of 40, then of 120
            for text, count, days in (("早", before, 40), ("近", recent, 10)):
                say(session, chain, theme, [f"{theme}{text}{n}" for n in range(count)])
                for voice in session.exec(select(Voice).where(Voice.text.startswith(f"{theme}{text}"))).all():
                    voice.said_at = period_end() - timedelta(days=days)
                    session.add(voice)
    shown = words_on(open_page("product", "themes.py"))
    assert "近 28 天占 50.0% → 33.3%" in shown and "33.3% 升" not in shown  # twice as many, a smaller share
    assert "近 28 天占 5.0% → 50.0% 升" in shown and "近 28 天占 45.0% → 16.7% 降" in shown


@ONE
def test_a_long_list_says_what_it_leaves_out(chain, open_page) -> None:
    with chain.db.write() as session:
        for place in range(28):
            say(session, chain, new_theme(session, chain, f"主题{place:02}"), [f"话{place}"])
    at = open_page("product", "themes.py")
    assert at.button(key="themes.more").label == "还有 3 个主题，全部列出"
    before = len(at.get("page_link"))
    at.button(key="themes.more").click().run()
    assert not at.exception
    assert len(at.get("page_link")) == before + 3


@pytest.fixture
def doubled(chain) -> tuple[int, list[int]]:
    """A theme with a saying that three people share; its typical sentences are one that left it, and two of it."""
    with chain.db.write() as session:
        theme, other = new_theme(session, chain, "排队"), new_theme(session, chain, "珍珠")
        store = chain.stores["S1"]
        units = say(session, chain, theme, ["等太久", "叫号乱", "等太久", "等太久 "], store=store, polarity=-1)
        units += say(session, chain, theme, ["排队还行"], store=chain.stores["S2"], polarity=1)
        gone = say(session, chain, other, ["珍珠硬"])
        theme.quote_unit_ids = [gone[0], units[4], units[1]]
        session.add(theme)
        return theme.id, units


def test_a_saying_is_listed_once_with_how_many_say_it(chain, doubled) -> None:
    theme_id, units = doubled
    product, clerk = chain.actors["product"], chain.actors["clerk"]
    with chain.db.read() as session:
        rows, total = sayings(session, product, theme_id=theme_id)
        assert (total, sorted(zip(rows["sentence"].str.strip(), rows["times"], strict=True))) == (
            3, [("叫号乱", 1), ("排队还行", 1), ("等太久", 3)],
        )  # fmt: skip
        parts = [sayings(session, product, theme_id=theme_id, limit=2, offset=at)[0] for at in (0, 2)]
        assert [len(part) for part in parts] == [2, 1]
        assert pd.concat(parts)["unit_id"].tolist() == rows["unit_id"].tolist()
        assert sayings(session, product, theme_id=theme_id, polarity=1)[1] == 1
        assert sayings(session, clerk, theme_id=theme_id)[1] == 2
        assert all_alike(session, product, records.EVERYTHING, theme_id, [units[0]]) == [units[0], units[2], units[3]]
        assert all_alike(session, product, records.EVERYTHING, theme_id, []) == []


@ONE
def test_typical_sayings_come_first_as_far_as_they_are_in_the_theme(chain, doubled, open_page, monkeypatch) -> None:
    theme_id, units = doubled
    with chain.db.read() as session:
        theme = session.get_one(Theme, theme_id)
        typical = typical_sayings(session, chain.actors["product"], records.EVERYTHING, theme)
        assert typical["unit_id"].tolist() == [units[4], units[1]]
        assert typical_sayings(session, chain.actors["clerk"], records.EVERYTHING, theme)["unit_id"].tolist() == [
            units[1]
        ]
    shown = {}
    for place in (theme_quote_views, ticks):
        monkeypatch.setattr(
            place,
            "quotes",
            lambda rows, key, **given: shown.update({key: list(map(_quote, rows.itertuples()))}) or [],
        )
    at = open_page("product", "theme.py", theme=theme_id)
    assert not at.exception
    assert "最典型的说法" in words_on(at)
    assert [quote["sentence"] for quote in next(iter(shown.values()))] == ["排队还行", "叫号乱"]
    assert any("×3" in quote["who"] for quotes in shown.values() for quote in quotes)


@ONE
def test_a_ticked_saying_moves_with_all_that_say_the_same(chain, doubled, open_page, monkeypatch) -> None:
    theme_id, _ = doubled
    monkeypatch.setattr(ticks, "quotes", lambda rows, key, **given: rows.loc[rows["times"] == 3, "unit_id"].tolist())
    at = open_page("product", "theme.py", theme=theme_id)
    assert "已选 3 句" in words_on(at)


@ONE
def test_a_retired_theme_is_found_again_and_restored(chain, doubled, open_page) -> None:
    theme_id, _ = doubled
    with chain.db.write() as session:
        edit.set_retired(session, chain.actors["product"], theme_id, True)
    at = open_page("product", "themes.py")
    assert [box.label for box in at.expander if "已停用" in box.label] == ["已停用（1）"]
    assert not [box for box in open_page("store_manager", "themes.py").button if "restore" in (box.key or "")]
    at.button(key=f"themes.restore.{theme_id}").click().run()
    assert not at.exception
    assert "已恢复“排队”" in words_on(at)
    assert not [box for box in at.expander if "已停用" in box.label]
    with chain.db.read() as session:
        assert session.get_one(Theme, theme_id).state == "active"


@ONE
def test_after_an_undo_the_name_box_holds_the_name_that_is_true(chain, doubled, open_page) -> None:
    theme_id, _ = doubled
    at = open_page("product", "theme.py", theme=theme_id)
    at.session_state["theme.tab"] = "编辑与历史"
    at.run()
    next(each for each in at.text_input if each.label == "名称").set_value("等位")
    next(each for each in at.button if each.label == "改名").click().run()
    assert next(each for each in at.text_input if each.label == "名称").value == "等位"
    at.button(key="done.undo").click().run()
    assert not at.exception
    assert next(each for each in at.text_input if each.label == "名称").value == "排队"


@ONE
def test_a_theme_that_is_not_there_leaves_a_way_back(chain, open_page) -> None:
    at = open_page("product", "theme.py", theme=999_999)
    assert "没有这个主题" in words_on(at)
    assert "全部主题" in [link.proto.label for link in at.get("page_link")]
