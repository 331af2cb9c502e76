"""Edits by hand on the theme pages: doubtful matches are settled, histories lead to what stands in the way of an undo."""

from __future__ import annotations

import pytest
from sqlmodel import func, select

from fanops.collect.records_voices import NewVoice, add_voices
from fanops.tables import Theme, ThemeAssignment, ThemeEvent, ThemeLineage, Voice
from fanops.themes import edit
from fanops.themes.discover import run_discovery
from fanops.ui import quotes as quotes_view

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
SAID = [
    f"{start}{subject}{what}"
    for start in ("", "真的", "每次")
    for subject, what in [
        ("排队", "太久了"), ("排队", "等了半小时"), ("等位", "等太久"), ("出餐", "慢得要命"), ("珍珠", "太硬"), ("珍珠", "嚼不动"),
        ("芋圆", "有点硬"), ("小料", "没煮软"), ("店员", "很热情"), ("店员", "态度很好"), ("收银", "很有耐心"), ("店长", "笑脸迎人"),
    ]
]  # fmt: skip


def words_on(at) -> str:
    shown = [*at.markdown, *at.caption, *at.error, *at.success, *at.info, *at.warning, *at.title]
    return " ".join(str(box.value) for box in shown).replace("\\", "")


def say(chain, *texts: str) -> None:
    with chain.db.write() as session:
        first = session.exec(select(func.count(Voice.id))).one()
        add_voices(
            session, chain.brand_id, [NewVoice(text, "review", "测试", str(first + n)) for n, text in enumerate(texts)]
        )


@pytest.fixture
def themes(chain) -> list[int]:
    """The ids of the themes, the largest first."""
    say(chain, *SAID)
    run_discovery(chain.db, chain.actors["product"], {})
    with chain.db.read() as session:
        held = select(ThemeAssignment.theme_id).where(ThemeAssignment.theme_id.is_not(None))
        return list(session.exec(held.group_by(ThemeAssignment.theme_id).order_by(func.count().desc())))


@pytest.fixture
def doubt(chain, themes) -> int:
    """A second run that asks about the largest theme; gives the number of the match."""
    say(chain, "昨天排队太久了", "昨天店员很热情", "昨天珍珠太硬")
    run_discovery(chain.db, chain.actors["product"], {})
    with chain.db.write() as session:
        rows = select(ThemeLineage).where(ThemeLineage.theme_id == themes[0], ThemeLineage.run_id == 2)
        row = session.exec(rows).one()
        row.grey = True
        return row.id


def lineage_tab(open_page, login: str):
    at = open_page(login, "themes.py")
    at.session_state["themes.tab"] = "沿革"
    return at.run()


@ONE
def test_what_the_overview_asks_for_is_done_on_the_lineage_tab(open_page, chain, themes, doubt, monkeypatch):
    shown: dict[str, list[str]] = {}
    view = quotes_view.quotes
    monkeypatch.setattr("fanops.ui.themes.decision_views.quotes", lambda rows, key, **given: shown.update({key: rows["sentence"].tolist()}) or view(rows, key, **given))  # fmt: skip
    asked = [link.proto.label for link in open_page("product", "overview.py").get("page_link")]
    assert any("个主题的对应要人确认" in label for label in asked)
    at = lineage_tab(open_page, "product")
    assert not at.exception and "1 个主题的对应要人确认" in words_on(at) and f"原来的主题 {themes[0]}" in words_on(at)
    assert len(shown[f"lineage.old.{doubt}"]) == 3 and all("昨天" in said for said in shown[f"lineage.new.{doubt}"])
    at.button(key=f"lineage.same.{doubt}").click().run()
    assert not at.exception and "还是同一件事" in words_on(at) and "要人确认" not in words_on(at)
    at.button(key="done.undo").click().run()
    at.text_input(key=f"lineage.name.{doubt}").set_value("另一件事")
    at.button(key=f"lineage.apart.{doubt}").click().run()
    assert not at.exception and "已分成两件事" in words_on(at)
    with chain.db.read() as session:
        new = session.exec(select(Theme).where(Theme.name == "另一件事")).one()
        assert session.get_one(Theme, themes[0]).state == "died" and new.state == "active"
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert session.get_one(Theme, themes[0]).state == "active"
        assert session.get_one(ThemeLineage, doubt).decided_at is None


@ONE
def test_a_refused_name_keeps_the_question(open_page, chain, themes, doubt):
    with chain.db.read() as session:
        taken = session.get_one(Theme, themes[1]).name
    at = lineage_tab(open_page, "product")
    at.text_input(key=f"lineage.name.{doubt}").set_value(taken)
    at.button(key=f"lineage.apart.{doubt}").click().run()
    assert not at.exception and f"（编号 {themes[1]}）" in words_on(at)
    assert at.text_input(key=f"lineage.name.{doubt}").value == taken


@ONE
@pytest.mark.parametrize("login", ["clerk", "store_manager"])
def test_who_cannot_decide_is_not_asked(open_page, themes, doubt, login):
    at = lineage_tab(open_page, login)
    assert not at.exception and "要人确认" not in words_on(at)
    assert not [button for button in at.button if str(button.key).startswith("lineage.")]


def edits_tab(open_page, theme_id: int):
    at = open_page("product", "theme.py", theme=theme_id)
    at.session_state["theme.tab"] = "编辑与历史"
    return at.run()


@ONE
def test_a_merge_is_seen_and_undone_from_the_theme_it_went_into(open_page, chain, themes):
    product = chain.actors["product"]
    with chain.db.write() as session:
        merged = edit.merge_themes(session, product, themes[1], themes[0]).id
    at = edits_tab(open_page, themes[0])
    [table] = [frame.value for frame in at.dataframe if "详情" in frame.value]
    assert table["编辑"].tolist() == [merged] and "并入" in table["详情"].iloc[0]
    at.button(key="theme.undo_last").click().run()
    with chain.db.read() as session:
        assert session.get_one(ThemeEvent, merged).undone_at is not None
        assert session.get_one(Theme, themes[1]).state == "active"


@ONE
def test_an_undo_that_something_stands_on_says_what(open_page, chain, themes):
    product = chain.actors["product"]
    with chain.db.write() as session:
        unit = session.exec(select(ThemeAssignment.unit_id).where(ThemeAssignment.theme_id == themes[0])).first()
        edit.move_units(session, product, [unit], themes[1])
        later = edit.move_units(session, product, [unit], themes[2]).id
    at = edits_tab(open_page, themes[1])
    at.button(key="theme.undo_last").click().run()
    assert not at.exception and f"请先撤销编辑 {later}" in words_on(at)


@ONE
def test_what_is_not_in_use_offers_only_what_can_be_done(open_page, chain, themes):
    product = chain.actors["product"]
    with chain.db.write() as session:
        edit.merge_themes(session, product, themes[1], themes[0])
        edit.set_retired(session, product, themes[2], True)
        died = Theme(brand_id=chain.brand_id, name="没了", state="died")
        session.add(died)
        session.flush()
        died_id = died.id
    merged, retired = (
        open_page("product", "theme.py", theme=themes[1]),
        open_page("product", "theme.py", theme=themes[2]),
    )
    assert not merged.exception and "请在那个主题里编辑" in words_on(merged)
    assert not [button for button in merged.button if button.key == "theme.retire"]
    retired.button(key="theme.retire").click().run()
    with chain.db.read() as session:
        assert session.get_one(Theme, themes[2]).state == "active"
    at = open_page("product", "theme.py", theme=died_id)
    at.button(key="theme.retire").click().run()
    assert not at.exception and "里已经没有句子" in words_on(at)


@ONE
def test_any_edit_is_taken_back_from_the_history_and_said(open_page, chain, themes, monkeypatch):
    product = chain.actors["product"]
    with chain.db.write() as session:
        was = session.get_one(Theme, themes[0]).name
        first = edit.rename_theme(session, product, themes[0], "排队人多").id
        later = edit.set_pinned(session, product, themes[0], True).id
    monkeypatch.setattr("fanops.ui.themes.theme_edits.tapped_row", lambda rows, key: 1)  # the older of the two
    at = edits_tab(open_page, themes[0])
    at.button(key="theme.undo_this").click().run()
    assert not at.exception and f"已撤销编辑 {first}" in words_on(at)
    assert not [button for button in at.button if button.key == "theme.undo_this"]  # it is taken back already
    with chain.db.read() as session:
        theme = session.get_one(Theme, themes[0])
        assert (theme.name, theme.pinned) == (was, True) and session.get_one(ThemeEvent, later).undone_at is None
