"""The theme pages: addresses that make no sense, pages of a list that a filter makes shorter, and what a store may see."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fanops.tables import Theme, ThemeAssignment, ThemeLineage, ThemeRun, Unit, Voice, now
from fanops.ui.themes import ticks

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
ENDLESS = "9" * 20


def words_on(at) -> str:
    return " ".join(str(box.value) for box in [*at.markdown, *at.caption, *at.error, *at.info, *at.title, *at.text])


@pytest.fixture
def theme(chain) -> int:
    """A theme of 24 sentences in both stores, three of them displeased, over two runs; its id."""
    with chain.db.write() as session:
        runs = [ThemeRun(brand_id=chain.brand_id, input_fingerprint=name, result_fingerprint=name) for name in "ab"]
        session.add_all(runs)
        session.flush()
        row = Theme(brand_id=chain.brand_id, name="排队太久", born_run_id=runs[0].id)
        session.add(row)
        session.flush()
        for run, kind in zip(runs, ("born", "continued"), strict=True):
            session.add(ThemeLineage(run_id=run.id, theme_id=row.id, kind=kind, units=9753, shared_units=9751))
        for place in range(24):
            voice = Voice(brand_id=chain.brand_id, store_id=chain.stores["S1" if place % 2 else "S2"], text=f"排队{place}次",
                          source="测试", source_key=str(place), said_at=now() - timedelta(days=place))  # fmt: skip
            session.add(voice)
            session.flush()
            unit = Unit(voice_id=voice.id, start=0, end=len(voice.text), polarity=-1 if place < 3 else 0)
            session.add(unit)
            session.flush()
            session.add(ThemeAssignment(unit_id=unit.id, theme_id=row.id, strength=0.9))
        return row.id


@ONE
@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("theme.py", "theme"),
        ("fan.py", "fan"),
        ("interview.py", "interview"),
        ("record.py", "draft"),
        ("fixes.py", "fix"),
    ],
)
def test_a_number_that_no_row_can_have_is_no_error(open_page, file, name):
    at = open_page("product", file, **{name: ENDLESS})
    assert not at.exception and "出错了" not in words_on(at)


@ONE
def test_a_filter_on_the_last_page_leaves_no_empty_list(open_page, theme, monkeypatch):
    listed: list[int] = []

    def noted(evidence, key, *, choosable=False, chosen=()):
        listed.append(len(evidence))
        return []

    monkeypatch.setattr(ticks, "quotes", noted)
    at = open_page("product", "theme.py", theme=theme)
    at.session_state["theme.page"] = 3
    at.run()
    assert not at.exception and listed[-1] == 4
    at.button_group(key="theme.sign").set_value("不满").run()
    assert not at.exception and "共 3 句" in words_on(at) and listed[-1] == 3
    at = open_page("product", "voices.py")
    at.session_state["voices.page"] = 2
    at.run()
    assert "共 24 句" in words_on(at) and listed[-1] == 4
    at.text_input(key="voices.words").set_value("排队1次").run()
    assert not at.exception and "共 1 句" in words_on(at) and listed[-1] == 1


@ONE
def test_the_weeks_of_a_theme_are_drawn(open_page, theme):
    at = open_page("product", "theme.py", theme=theme)
    at.session_state["theme.tab"] = "时间"
    at.run()
    assert not at.exception and "每周提到它的原声占比" in words_on(at)


@ONE
def test_a_store_sees_the_history_of_themes_without_the_counts_of_the_brand(open_page, theme):
    for login, sees in (("product", True), ("clerk", False), ("region_manager", False)):
        at = open_page(login, "themes.py")
        at.session_state["themes.tab"] = "沿革"
        at.run()
        assert not at.exception, login
        table = next(frame.value for frame in at.dataframe if "变化" in frame.value)
        assert ("9753" in table.to_string()) is sees and ("9751" in table.to_string()) is sees
        assert ("按全品牌的原声算" in words_on(at)) is not sees


@ONE
def test_one_store_alone_has_nothing_to_compare(open_page, theme):
    for login, said in (("clerk", "没有可比的"), ("product", "样本不足")):
        at = open_page(login, "themes.py")
        at.session_state["themes.tab"] = "门店对比"
        at.run()
        assert not at.exception and said in words_on(at)


@ONE
def test_themes_are_found_by_several_words(open_page, theme, chain):
    with chain.db.write() as session:
        row = session.get_one(Theme, theme)
        row.name, row.keywords = "出餐等得久", ["骑手", "慢"]
        session.add(row)
    at = open_page("ceo", "themes.py")
    for said, found in (("骑手 慢", True), ("慢　等得久", True), ("骑手 甜", False)):
        at.text_input(key="themes.words").set_value(said).run()
        assert not at.exception
        assert ("没有主题的名字或关键词里有" not in words_on(at)) is found, said
