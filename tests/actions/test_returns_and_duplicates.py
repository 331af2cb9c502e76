"""A theme that returns opens its fix again and says why; alike items are suggested and merged as pointers; exports carry evidence."""

from __future__ import annotations

import io
from datetime import timedelta

import pandas as pd
import pytest
from sqlmodel import select

from fanops.actions import merge_items, records_fixes
from fanops.actions import records_backlog as backlog
from fanops.actions import records_rollout as rollouts
from fanops.actions.export_backlog import export_backlog
from fanops.actions.review_returns import Heard, has_returned, reopen_returned
from fanops.errors import Conflict, NotAllowed
from fanops.summary.records import waiting
from fanops.tables import (
    BacklogItem,
    Fan,
    Fix,
    FixStore,
    Rollout,
    Telling,
    Theme,
    ThemeAssignment,
    Transition,
    Unit,
    Voice,
    now,
)  # fmt: skip


def say(session, chain, theme_id: int | None, count: int, days_ago: int, key: str, store: str = "S1") -> None:
    for place in range(count):
        fan = Fan(brand_id=chain.brand_id, name_masked="王**", home_store_id=chain.stores[store])
        session.add(fan)
        session.flush()
        voice = Voice(brand_id=chain.brand_id, store_id=chain.stores[store], fan_id=fan.id, text="排队太久", source_key=f"{key}{place}",
                      said_at=now() - timedelta(days=days_ago))  # fmt: skip
        session.add(voice)
        session.flush()
        unit = Unit(voice_id=voice.id, start=0, end=4, polarity=-1)
        session.add(unit)
        session.flush()
        session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme_id, strength=0.9))


@pytest.fixture
def mended(chain) -> int:
    """Theme 排队太久 in S1: 10 of 20 complained before; the fix was opened 60 days ago and done 50 days ago. Gives the theme."""
    with chain.db.write() as session:
        theme = Theme(brand_id=chain.brand_id, name="排队太久")
        session.add(theme)
        session.flush()
        say(session, chain, theme.id, 10, 70, "a")
        say(session, chain, None, 10, 70, "b")
        fix = records_fixes.open_fix(session, chain.actors["product"], theme.id, [chain.stores["S1"]], "加人")
        session.get_one(Fix, fix.id).opened_at = now() - timedelta(days=60)
        row = session.exec(select(FixStore)).one()
        row.state, row.done_at, row.closed_at = "closed", now() - timedelta(days=50), now() - timedelta(days=45)
        session.add(row)
        return theme.id


def test_when_a_theme_has_returned():
    assert has_returned(Heard(10, 20), Heard(5, 20)) and not has_returned(Heard(10, 20), Heard(4, 16))
    assert not has_returned(Heard(10, 20), Heard(6, 30)) and not has_returned(Heard(0, 0), Heard(0, 0))
    assert has_returned(Heard(0, 0), Heard(5, 100))


def test_a_returned_theme_reopens_the_fix_and_says_why(chain, mended):
    product = chain.actors["product"]
    with chain.db.write() as session:
        say(session, chain, mended, 4, 5, "c")
        say(session, chain, None, 4, 5, "d")
    assert reopen_returned(chain.db, product) == {"fixes": 0, "items": 0}
    with chain.db.write() as session:
        say(session, chain, mended, 2, 3, "e")
        say(session, chain, mended, 9, 3, "elsewhere", "S2")
        row = session.exec(select(FixStore)).one()
        fan_id = session.exec(select(Voice.fan_id).where(Voice.source_key == "a0")).one()
        session.add(Telling(fix_id=row.fix_id, fan_id=fan_id, store_id=row.store_id))
    assert reopen_returned(chain.db, product) == {"fixes": 1, "items": 0}
    assert reopen_returned(chain.db, product) == {"fixes": 0, "items": 0}
    with chain.db.read() as session:
        row = session.exec(select(FixStore)).one()
        assert (
            row.state == "reopened"
            and "6 人不满（占 60.0%）" in row.note
            and "占 50.0%" in row.note
            and row.read_at is None
        )
        assert session.exec(select(Telling)).all() == []  # nobody is told that it is done
        assert session.exec(select(Transition.to_state).order_by(Transition.id.desc())).first() == "reopened"


def test_what_was_done_before_it_was_written_down_is_compared_with_before_it_was_done(chain, mended):
    with chain.db.write() as session:
        session.exec(select(Fix)).one().opened_at = now()
        say(
            session, chain, mended, 6, 5, "c"
        )  # 6 of 20 where it was 10 of 20: it holds, though that is all there is since
        say(session, chain, None, 24, 5, "d")
    assert reopen_returned(chain.db, chain.actors["product"]) == {"fixes": 0, "items": 0}


def test_a_closed_item_goes_back_to_review(chain, mended):
    product = chain.actors["product"]
    with chain.db.write() as session:
        item = backlog.open_item(session, product, mended, "预点单")
        item.stage, item.opened_at = "closed", now() - timedelta(days=60)
        session.add(item)
        session.add(
            Rollout(
                item_id=item.id, store_id=chain.stores["S1"], state="live", live_on=(now() - timedelta(days=40)).date()
            )
        )
        say(session, chain, mended, 6, 5, "c")
        session.exec(select(FixStore)).one().state = "fixing"
    assert reopen_returned(chain.db, product) == {"fixes": 0, "items": 1}
    with chain.db.read() as session:  # whoever keeps the backlog is told on the first page
        assert ("个需求条目关闭后又出现了", 1) in [(each.what, each.count) for each in waiting(session, product)]
    with chain.db.read() as session:
        assert session.exec(select(BacklogItem.stage)).one() == "review"


def test_duplicates_are_suggested_merged_and_unmerged(chain, mended):
    product = chain.actors["product"]
    with chain.db.write() as session:
        other_theme = Theme(brand_id=chain.brand_id, name="珍珠太硬")
        session.add(other_theme)
        session.flush()
        one = backlog.open_item(session, product, mended, "手机上先点单").id
        two = backlog.open_item(session, product, mended, "排队叫号").id
        three = backlog.open_item(session, product, other_theme.id, "手机上先点单吧").id
        backlog.open_item(session, product, other_theme.id, "珍珠多煮十分钟")
        likely = merge_items.likely_duplicates(session, product, one)
        assert set(likely["item_id"]) == {two, three} and likely["why"].iloc[0] == "同一个主题"
        merge_items.merge_items(session, product, two, one)
        assert merge_items.merged_items(session, product, one) == [(two, "排队叫号")]
        assert two not in set(backlog.item_table(session, product)["item_id"])
        for bad in ((one, one), (one, two), (three, two), (two, three)):
            with pytest.raises(Conflict):
                merge_items.merge_items(session, product, *bad)
        with pytest.raises(NotAllowed):
            merge_items.merge_items(session, chain.actors["clerk"], three, one)
        merge_items.unmerge_item(session, product, two)
        assert two in set(backlog.item_table(session, product)["item_id"])
        with pytest.raises(Conflict):
            merge_items.unmerge_item(session, product, two)


def test_the_export_carries_the_evidence_of_own_stores(chain, mended):
    with chain.db.write() as session:
        item = backlog.open_item(session, chain.actors["product"], mended, "=预点单")
        rollouts.plan_stores(session, chain.actors["product"], item.id, [chain.stores["S1"]])
    _, _, content = export_backlog(chain.db, chain.actors["product"], {})
    sheets = pd.read_excel(io.BytesIO(content), sheet_name=None, engine="openpyxl")
    assert list(sheets) == ["条目", "依据", "门店", "试用"] and sheets["条目"]["条目"].tolist() == ["'=预点单"]
    assert sheets["门店"]["状态"].tolist() == ["计划中"]  # as on the screen
    assert len(sheets["依据"]) == 10 and set(sheets["依据"]["原话"]) == {"排队太久"} and len(sheets["门店"]) == 1
    _, _, content = export_backlog(chain.db, chain.actors["clerk2"], {})
    assert len(pd.read_excel(io.BytesIO(content), sheet_name="依据", engine="openpyxl")) == 0
