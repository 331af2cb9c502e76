"""The period of the figures: it ends where the data end; a named week stays the week it names."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

import pytest

from fanops.settings import settings, today
from fanops.summary.kept_weeks import kept_page, kept_weeks, this_monday
from fanops.summary.records import key_figures
from fanops.summary.records_brief import brief
from fanops.summary.records_period import freshness_words, periods
from fanops.tables import Order, Unit, Voice
from fanops.web.weekly_brief import keep_weekly

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=settings().zone)


def buy(session, chain, day: date, fen: int = 1000, **more) -> None:
    session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], number=f"{day}{fen}{more}", placed_at=at(day),
                      amount_fen=fen, **more))  # fmt: skip


def say(session, chain, day: date, *, no_content: bool = False, polarity: int = 0) -> Voice:
    voice = Voice(brand_id=chain.brand_id, store_id=chain.stores["S1"], source="测试", source_key=f"{day}{no_content}", text="慢",
                  said_at=at(day))  # fmt: skip
    session.add(voice)
    session.flush()
    session.add(Unit(voice_id=voice.id, start=0, end=1, no_content=no_content, polarity=polarity))
    return voice


@ONE
@pytest.mark.parametrize(("stopped", "change"), [(5, True), (20, False)])
def test_what_is_not_imported_yet_is_no_collapse(chain, stopped, change):
    ceo, last = chain.actors["ceo"], today() - timedelta(days=stopped)
    with chain.db.write() as session:
        for back in range(56):
            buy(session, chain, last - timedelta(days=back))
        say(session, chain, today() - timedelta(days=1))
    with chain.db.read() as session:
        revenue = key_figures(session, ceo, 28)[0]
        found = periods(session, ceo, 28)
        said = freshness_words(found)
        page = brief(session, ceo)
    assert (found["orders"].last, found["orders"].whole) == (last, change)
    assert f"订单到 {last.month}月{last.day}日" in said and "原声到" in said
    assert ("往回数" in said and "不比变化" not in said) if change else "不比变化" in said
    if change:
        assert revenue.value == revenue.before == 28_000 and revenue.until.date() == last + timedelta(days=1)
    else:
        assert revenue.value < 28_000 and math.isnan(revenue.before)
    assert page.freshness == said and page.until.date() == today()


@ONE
def test_without_data_there_is_a_period_and_no_change(chain):
    with chain.db.read() as session:
        found = periods(session, chain.actors["ceo"], 7)
        assert freshness_words(found) == "还没有订单，还没有原声。"
        assert found["orders"].until.date() == today() + timedelta(days=1)
        assert all(not figure.base for figure in key_figures(session, chain.actors["ceo"]))


@ONE
def test_the_kept_page_is_of_the_week_it_names(chain):
    ceo, monday = chain.actors["ceo"], this_monday()
    with chain.db.write() as session:
        for back, fen in ((0, 70_000), (1, 500), (7, 300), (8, 9_000)):  # this week's, of the week, of the week, before
            buy(session, chain, monday - timedelta(days=back), fen)
    keep_weekly(chain.db, ceo, {}, lambda share, doing: None)
    page = kept_page(ceo, str(*kept_weeks(ceo))).decode()
    assert f"{monday - timedelta(days=7)} 到 {monday - timedelta(days=1)}" in page
    assert "¥8<" in page and "¥708" not in page
