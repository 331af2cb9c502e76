"""The pile of what says nothing: seen in one's own stores, put back with one click, and taken back exactly."""

from __future__ import annotations

import pytest
from sqlmodel import select

from fanops.errors import Conflict, NotAllowed, NotFound
from fanops.tables import AuditEntry, Unit, Voice
from fanops.themes import records
from fanops.themes.records_no_content import no_content_sayings, put_back, set_aside_again

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@pytest.fixture
def pile(chain) -> None:
    """Set aside: 不说了 once in each of two stores, 没有<b> in the first; one sentence that says something."""
    said = [("S1", "不说了", True), ("S2", "不说了", True), ("S1", "没有<b>", True), ("S1", "排队太久", False)]
    with chain.db.write() as session:
        for place, (store, text, empty) in enumerate(said):
            voice = Voice(brand_id=chain.brand_id, store_id=chain.stores[store], source_key=str(place), text=text,
                          source="测试", no_content=empty)  # fmt: skip
            session.add(voice)
            session.flush()
            session.add(Unit(voice_id=voice.id, start=0, end=len(text), no_content=empty, polarity=0))


def marks(chain) -> list:
    with chain.db.read() as session:
        rows = session.exec(select(Unit.id, Unit.no_content, Voice.no_content).join(Voice).order_by(Unit.id))
        return [tuple(row) for row in rows]


def test_what_is_set_aside_is_seen_in_scope_put_back_and_taken_back(chain, pile) -> None:
    product, clerk = chain.actors["product"], chain.actors["store_manager"]
    before = marks(chain)
    with chain.db.read() as session:
        rows, total, units = no_content_sayings(session, product)
        assert (rows.values.tolist(), total, units) == ([["没有<b>", 1, 3], ["不说了", 2, 1]], 2, 3)
        assert no_content_sayings(session, clerk)[2] == 2 == records.totals(session, clerk)["no_content"]
        assert no_content_sayings(session, chain.actors["stranger"])[2] == 0
        assert no_content_sayings(session, product, words="不说")[1] == 1
    with chain.db.write() as session:
        done = put_back(session, clerk, "不说了")
    assert len(done["units"]) == len(done["voices"]) == 1  # the own store only
    with chain.db.read() as session:
        assert records.totals(session, product)["unassigned"] == 2
        assert records.totals(session, product)["no_content"] == 2  # as many as the pile lists
        assert session.exec(select(AuditEntry.deed).order_by(AuditEntry.id.desc())).first() == "put_back_content"
    with chain.db.write() as session, pytest.raises(Conflict):
        put_back(session, clerk, "不说了")
    with chain.db.write() as session, pytest.raises(NotFound):
        set_aside_again(session, chain.actors["stranger"], done)
    with chain.db.write() as session, pytest.raises(NotAllowed):
        put_back(session, chain.actors["clerk"], "没有<b>")
    with chain.db.write() as session:
        set_aside_again(session, clerk, done)
    assert marks(chain) == before


@ONE
def test_a_sentence_is_put_back_on_the_page_and_the_deed_undone(chain, pile, open_page) -> None:
    before = marks(chain)
    at = open_page("product", "voices.py", pile="无内容")
    assert not at.exception
    assert [box.value for box in at.text] == ["没有<b>", "不说了（×2）"]
    at.button(key="voices.put_back.1").click().run()
    assert not at.exception
    assert any("已放回 2 句" in box.value for box in at.success)
    assert [box.value for box in at.text] == ["没有<b>"]
    at.button(key="done.undo").click().run()
    assert marks(chain) == before


@ONE
def test_the_choice_of_pile_has_a_line_of_its_own(open_page, pile) -> None:
    at = open_page("product", "voices.py")
    assert [box.key for box in at.get("button_group")] == ["pile"]
    beside = [box.key for column in at.columns for box in column.get("button_group")]
    assert not at.exception and beside == []  # a third of the width cuts its last entry off
