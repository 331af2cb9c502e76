"""A doubtful match is settled by a person: the same thing, or two; either way it is asked no more, and can be taken back."""

from __future__ import annotations

import pytest
from sqlmodel import func, select

from fanops.collect.records_voices import NewVoice, add_voices
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.summary.records import waiting
from fanops.tables import AuditEntry, Theme, ThemeAssignment, ThemeLineage, ThemeRun, Unit, Voice
from fanops.themes import edit
from fanops.themes.discover import run_discovery
from fanops.themes.records import theme_table
from fanops.themes.records_edit import newest_run
from fanops.themes.records_lineage import decide_lineage, open_questions, renamed_by

SAID = [
    f"{start}{subject}{what}"
    for start in ("", "真的", "每次", "今天")
    for subject, what in [
        ("排队", "太久了"), ("排队", "等了半小时"), ("等位", "等太久"), ("出餐", "慢得要命"), ("珍珠", "太硬"), ("珍珠", "嚼不动"),
        ("芋圆", "有点硬"), ("小料", "没煮软"), ("店员", "很热情"), ("店员", "态度很好"), ("收银", "很有耐心"), ("店长", "笑脸迎人"),
    ]
]  # fmt: skip
TODO = "个主题的对应要人确认"


def say(chain, *texts: str) -> None:
    with chain.db.write() as session:
        first = session.exec(select(func.count(Voice.id))).one()
        rows = [
            NewVoice(text, "review", "测试", str(first + n), store_id=chain.stores["S1"])
            for n, text in enumerate(texts)
        ]
        add_voices(session, chain.brand_id, rows)


@pytest.fixture
def asked(chain) -> int:
    """Two runs; the second asks about the theme of waiting. Gives its id."""
    say(chain, *SAID)
    run_discovery(chain.db, chain.actors["product"], {})
    say(chain, "昨天排队太久了", "昨天店员很热情")
    run_discovery(chain.db, chain.actors["product"], {})
    with chain.db.write() as session:
        theme_id = session.exec(
            select(ThemeAssignment.theme_id).join(Unit, Unit.id == ThemeAssignment.unit_id).join(Voice, Voice.id == Unit.voice_id)
            .where(Voice.text == "排队太久了")
        ).one()  # fmt: skip
        rows = select(ThemeLineage).where(ThemeLineage.theme_id == theme_id, ThemeLineage.run_id == 2)
        session.exec(rows).one().grey = True
    return theme_id


def snapshot(chain) -> tuple:
    """Everything that an answer can touch, but for new themes that were taken back."""
    with chain.db.read() as session:
        themes = session.exec(select(Theme).where(Theme.state != "retired").order_by(Theme.id)).all()
        placed = session.exec(select(ThemeAssignment).order_by(ThemeAssignment.unit_id)).all()
        lineage = session.exec(select(ThemeLineage).order_by(ThemeLineage.id)).all()
        return tuple([row.model_dump() for row in rows] for rows in (themes, placed, lineage))


def todo(chain) -> int:
    with chain.db.read() as session:
        return sum(entry.count for entry in waiting(session, chain.actors["product"]) if entry.what == TODO)


def answer(chain, same: bool, name: str = "", login: str = "product") -> tuple[int, int]:
    """Answer the first question; gives the number of the edit and its theme."""
    with chain.db.read() as session:
        question = open_questions(session, chain.actors["product"])[0]
    with chain.db.write() as session:
        event = decide_lineage(session, chain.actors[login], question.lineage_id, same, name)
        return event.id, event.theme_id


def held(chain, theme_id: int) -> set[int]:
    with chain.db.read() as session:
        return set(session.exec(select(ThemeAssignment.unit_id).where(ThemeAssignment.theme_id == theme_id)))


def undo(chain, number: int) -> None:
    with chain.db.write() as session:
        edit.undo_edit(session, chain.actors["product"], number)


def test_the_question_shows_what_was_and_what_came(chain, asked):
    with chain.db.read() as session:
        [question] = open_questions(session, chain.actors["product"])
        texts = dict(session.exec(select(Unit.id, Voice.text).join(Voice, Voice.id == Unit.voice_id)).all())
        assert open_questions(session, chain.actors["stranger"]) == []
    assert (question.theme_id, question.kind, question.units_before, question.units) == (asked, "continued", 16, 17)
    assert [texts[unit] for unit in question.new_quotes] == ["昨天排队太久了"]
    assert len(question.old_quotes) == 3 and not any("昨天" in texts[unit] for unit in question.old_quotes)


def test_the_same_thing_is_asked_no_more_and_asked_again_once_taken_back(chain, asked):
    before = snapshot(chain)
    assert todo(chain) == 1
    number, theme_id = answer(chain, True)
    assert theme_id == asked and todo(chain) == 0
    with chain.db.read() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.deed == "decide_lineage")).one()
        assert entry.detail == {"same": True, "theme_id": asked} and entry.account_id == chain.accounts["product"]
    undo(chain, number)
    assert snapshot(chain) == before and todo(chain) == 1


def test_the_same_thing_is_called_what_it_was_unless_a_person_said_otherwise(chain, asked):
    with chain.db.write() as session:
        theme, run = session.get_one(Theme, asked), newest_run(session, chain.brand_id)
        run.counts = run.counts | {"renamed": {str(asked): "等位久"}}
        renamed = theme.name
    before = snapshot(chain)
    number, _ = answer(chain, True)
    with chain.db.read() as session:
        theme = session.get_one(Theme, asked)
        assert (theme.name, theme.named_by_hand) == ("等位久", False) != (renamed, False)
    undo(chain, number)
    assert snapshot(chain) == before
    number, _ = answer(chain, True)
    with chain.db.write() as session:
        edit.rename_theme(session, chain.actors["product"], asked, "排队")
    undo(chain, number)
    with chain.db.read() as session:
        assert session.get_one(Theme, asked).name == "排队"
    answer(chain, True)
    with chain.db.read() as session:
        assert session.get_one(Theme, asked).name == "排队"  # given by hand


def test_two_things_are_two_themes_now_and_after_the_next_run(chain, asked):
    before, units, total = snapshot(chain), held(chain, asked), len(SAID) + 2
    with chain.db.read() as session:
        name = session.get_one(Theme, asked).name
    number, new = answer(chain, False)
    assert new != asked and held(chain, new) == units and held(chain, asked) == set() and todo(chain) == 0
    with chain.db.read() as session:
        old, theme = session.get_one(Theme, asked), session.get_one(Theme, new)
        assert (old.state, old.centroid, theme.state, theme.name) == ("died", None, "active", name)
        assert not session.exec(select(ThemeAssignment).where(ThemeAssignment.by_hand.is_(True))).all()
        assert theme_table(session, chain.actors["product"])["units"].sum() == total
        kinds = session.exec(select(ThemeLineage.theme_id, ThemeLineage.kind).where(ThemeLineage.run_id == 2)).all()
        assert {(asked, "died"), (new, "born")} <= set(kinds)
    undo(chain, number)
    assert snapshot(chain) == before and todo(chain) == 1
    number, new = answer(chain, False, "等得久")
    run_discovery(chain.db, chain.actors["product"], {})
    assert held(chain, new) == units and held(chain, asked) == set()
    undo(chain, number)  # also after a run
    assert held(chain, asked) == units
    with chain.db.read() as session:
        assert session.get_one(Theme, new).state == "retired" and session.get_one(Theme, asked).state == "active"
        assert theme_table(session, chain.actors["product"])["units"].sum() == total


def test_what_was_put_there_by_hand_stays_in_the_old_theme(chain, asked):
    by_hand = sorted(held(chain, asked))[:2]
    with chain.db.write() as session:
        edit.move_units(session, chain.actors["product"], by_hand, asked)
    before = snapshot(chain)
    number, new = answer(chain, False)
    assert held(chain, asked) == set(by_hand)
    with chain.db.read() as session:
        old, theme = session.get_one(Theme, asked), session.get_one(Theme, new)
        assert (old.state, old.pinned, theme.name) == ("active", True, f"{old.name}（2）")
    undo(chain, number)
    assert snapshot(chain) == before


def test_all_doubts_about_one_theme_are_settled_at_once(chain, asked):
    with chain.db.write() as session:
        other = Theme(brand_id=chain.brand_id, name="等位", state="died", quote_unit_ids=[1])
        session.add(other)
        session.flush()
        asked_by = session.exec(select(ThemeLineage).where(ThemeLineage.grey.is_(True))).one()
        asked_by.kind, asked_by.from_theme_id = "merged", other.id
        session.add(ThemeLineage(run_id=2, theme_id=asked, from_theme_id=other.id, kind="merged", grey=True))
    with chain.db.read() as session:
        [question] = open_questions(session, chain.actors["product"])
    assert question.others[0][1:] == ("等位", [1]) and todo(chain) == 2
    number, _ = answer(chain, False)
    assert todo(chain) == 0
    undo(chain, number)
    assert todo(chain) == 2


def test_what_cannot_be_decided_is_refused(chain, asked):
    product = chain.actors["product"]
    with chain.db.read() as session:
        [question] = open_questions(session, product)
        sure = session.exec(select(ThemeLineage.id).where(ThemeLineage.grey.is_(False))).first()
        taken = session.exec(select(Theme.name).where(Theme.parent_id.is_(None), Theme.id != asked)).first()
    for login, lineage_id, name, refusal in (
        ("store_manager", question.lineage_id, "", NotAllowed), ("stranger", question.lineage_id, "", NotFound),
        ("product", sure, "", Conflict), ("product", question.lineage_id, taken, Conflict),
        ("product", question.lineage_id, "长" * 31, InvalidInput),
    ):  # fmt: skip
        with pytest.raises(refusal), chain.db.write() as session:
            decide_lineage(session, chain.actors[login], lineage_id, False, name)
    answer(chain, True)
    with pytest.raises(Conflict, match="已经有人确认过"), chain.db.write() as session:
        decide_lineage(session, product, question.lineage_id, False)
    with chain.db.write() as session:
        session.get_one(ThemeLineage, question.lineage_id).decided_at = None
    run_discovery(chain.db, product, {})
    with pytest.raises(Conflict, match="之后又发现过一次"), chain.db.write() as session:
        decide_lineage(session, product, question.lineage_id, True)


def rename_by_run(chain, theme_id: int, was: str) -> None:
    """As if the second run had given the theme the name that it has."""
    with chain.db.write() as session:
        run = session.get_one(ThemeRun, 2)
        run.counts = run.counts | {"renamed": {str(theme_id): was}}


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_run_says_what_it_called_otherwise(chain):
    say(chain, *SAID)
    product = chain.actors["product"]
    run_discovery(chain.db, product, {})
    with chain.db.write() as session:
        waiting_for = session.exec(
            select(Theme).join(ThemeAssignment, ThemeAssignment.theme_id == Theme.id)
            .join(Unit, Unit.id == ThemeAssignment.unit_id).join(Voice, Voice.id == Unit.voice_id).where(Voice.text == "排队太久了")
        ).one()  # fmt: skip
        waiting_for.name, asked = "旧的叫法", waiting_for.id
    say(chain, *(f"{start}{what}" for start in ("昨天", "前天", "上周") for what in ("排队太久了", "等位等太久", "排队等了半小时", "出餐慢得要命")))  # fmt: skip
    result = run_discovery(chain.db, product, {})
    assert "renamed" not in result
    with chain.db.read() as session:
        assert session.get_one(Theme, asked).name != "旧的叫法"
        assert renamed_by(session.get_one(ThemeRun, 2)) == {asked: "旧的叫法"}


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_of_two_things_the_old_one_has_its_old_name(chain, asked):
    rename_by_run(chain, asked, "从前的叫法")
    before = snapshot(chain)
    with chain.db.read() as session:
        [question] = open_questions(session, chain.actors["product"])
    assert question.name_before == "从前的叫法" != question.name
    number, new = answer(chain, False)
    with chain.db.read() as session:
        names = session.get_one(Theme, asked).name, session.get_one(Theme, new).name
    assert names == ("从前的叫法", question.name)
    undo(chain, number)
    assert snapshot(chain) == before


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_the_page_says_both_names(chain, asked, open_page):
    rename_by_run(chain, asked, "从前的叫法")
    at = open_page("product", "themes.py")
    at.session_state["themes.tab"] = "沿革"
    at.run()
    said = " ".join(str(box.value) for box in [*at.markdown, *at.caption])
    with chain.db.read() as session:
        name = session.get_one(Theme, asked).name
    assert not at.exception and f"**原来的主题 {asked}** “从前的叫法”" in said and f"**这次发现的** “{name}”" in said
    assert f"“从前的叫法”现在叫“{name}”" in said
