"""The themes page: what it counts in, what it stands on, and that nothing is left out in silence."""

from __future__ import annotations

import pytest

from fanops.tables import Fan, Theme, ThemeAssignment, Unit, Voice
from fanops.themes import records
from fanops.themes.records_identified import count_unidentified, with_fan_polarity
from fanops.ui.charts import theme_bars

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
