"""Reads of the registry: copies count for nothing, a merged fan has the level of the person, no store reads the brand's counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fanops.findings.records import said_by_people
from fanops.tables import (
    Fan,
    Interview,
    Theme,
    ThemeAssignment,
    ThemeLineage,
    ThemeRun,
    Turn,
    Unit,
    Voice,
    now,
)
from fanops.themes import records
from fanops.themes.records_evidence import evidence
from fanops.themes.records_quality import themes_of_interviews
from fanops.themes.selection import Selection


@pytest.fixture
def say(chain):
    """Give ``say(text, theme_id, fan_id, **voice)``: one voice of one unit; its unit id."""
    numbers = iter(range(1_000))

    def said(text: str, theme_id: int | None, fan_id: int | None = None, **voice) -> int:
        with chain.db.write() as session:
            row = Voice(**{"brand_id": chain.brand_id, "store_id": chain.stores["S1"], "fan_id": fan_id, "text": text,
                           "source": "测试", "source_key": str(next(numbers)), "said_at": now()} | voice)  # fmt: skip
            session.add(row)
            session.flush()
            unit = Unit(voice_id=row.id, start=0, end=len(text), polarity=-1)
            session.add(unit)
            session.flush()
            if theme_id is not None:
                session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme_id, strength=0.8))
            return unit.id

    return said


@pytest.fixture
def add(chain):
    """Give ``add(row)``: the id of a row that is kept."""

    def added(row) -> int:
        with chain.db.write() as session:
            session.add(row)
            session.flush()
            return row.id

    return added


def test_a_copy_is_counted_nowhere_and_is_not_without_theme(chain, say, add):
    theme = add(Theme(brand_id=chain.brand_id, name="排队太久"))
    unit = say("排队太久", theme)
    with chain.db.read() as session:
        voice = session.get_one(Unit, unit).voice_id
    for _ in range(3):
        say("排队太久", None, copy_of_id=voice)
    product = chain.actors["product"]
    with chain.db.read() as session:
        counts = records.totals(session, product)
        assert (counts["units"], counts["voices"], counts["unassigned"], counts["copies"]) == (1, 1, 0, 3)
        assert evidence(session, product, unassigned=True)[1] == 0
        assert records.theme_by_store(session, product)["store_units"].tolist() == [1]


def test_a_merged_fan_has_the_level_of_the_person(chain, say, add):
    theme = add(Theme(brand_id=chain.brand_id, name="排队太久"))
    person = add(Fan(brand_id=chain.brand_id, name_masked="王**", level="core"))
    old = add(Fan(brand_id=chain.brand_id, name_masked="王*", level="regular", merged_into_id=person))
    other = add(Fan(brand_id=chain.brand_id, name_masked="李*", level="regular"))
    for fan in (person, old, other, None):
        say("排队太久", theme, fan)
    product = chain.actors["product"]
    with chain.db.read() as session:
        for level, units in {"core": 2, "regular": 1}.items():
            counts = records.totals(session, product, Selection(level=level))
            assert (counts["units"], counts["fans"]) == (units, 1)
        rows, total = evidence(session, product, fan_id=person)
        assert total == 2 and set(rows["level"]) == {"core"} and set(rows["fan_id"]) == {person}
        assert sorted(said_by_people(session, product)["level"]) == ["", "core", "core", "regular"]
        [row] = records.theme_by_store(session, product).to_dict("records")
        # two of one person, one of another, one of nobody known: (2 + 1 + 1)² ÷ (4 + 1 + 1)
        assert row["units"] == 4 and row["fans"] == 2 and row["independent"] == pytest.approx(16 / 6)


def test_who_sees_one_store_does_not_read_the_counts_of_the_brand(chain, add):
    run = add(ThemeRun(brand_id=chain.brand_id, input_fingerprint="a", result_fingerprint="b"))
    theme = add(Theme(brand_id=chain.brand_id, name="排队太久", born_run_id=run))
    add(ThemeLineage(run_id=run, theme_id=theme, kind="born", units=59, shared_units=0))
    with chain.db.read() as session:
        assert records.lineage(session, chain.actors["product"])["units"].tolist() == [59]
        for login in ("clerk", "store_manager", "region_manager"):
            seen = records.lineage(session, chain.actors[login])
            assert seen["name"].tolist() == ["排队太久"] and seen[["units", "shared_units"]].isna().all(axis=None)


def test_an_interview_that_brought_no_theme_was_held(chain, say, add):
    live = add(Theme(brand_id=chain.brand_id, name="排队太久"))
    retired = add(Theme(brand_id=chain.brand_id, name="以前的事", state="retired"))
    for number, said in enumerate([[live, retired], [], [None], [live], [retired]]):
        held = add(
            Interview(brand_id=chain.brand_id, store_id=chain.stores["S1"], guide="depth",
                      state="live" if number == 3 else "done")
        )  # fmt: skip
        for place, theme in enumerate(said):
            turn = add(Turn(interview_id=held, position=place, speaker="fan", text="等太久"))
            say("等太久", theme, kind="interview", turn_id=turn)
    with chain.db.read() as session:
        assert themes_of_interviews(session, chain.actors["product"]) == [{live}, set(), set(), set()]


def test_the_change_counts_voices_of_both_periods_and_what_they_are_out_of(chain, say, add):
    one, other = (add(Theme(brand_id=chain.brand_id, name=name)) for name in ("排队太久", "好喝"))
    until = now() + timedelta(hours=1)
    for theme, days in ((one, 3), (one, 4), (one, 30), (other, 40), (None, 2)):
        say("等太久", theme, said_at=now() - timedelta(days=days))
    with chain.db.read() as session:
        change = records.recent_change(session, chain.actors["product"], until).set_index("theme_id")
    assert change.to_dict("index") == {
        one: {"voices": 2, "base": 3, "voices_before": 1, "base_before": 2},
        other: {"voices": 0, "base": 3, "voices_before": 1, "base_before": 2},
    }  # fmt: skip
