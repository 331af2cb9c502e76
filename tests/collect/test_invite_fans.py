"""Invitations: exactly those who raised it, minus who is left out with the reason; done once, counted as a contact."""

from __future__ import annotations

import io
from datetime import timedelta

import pandas as pd
import pytest
from sqlmodel import func, select

from fanops.collect import invite_fans as inviting
from fanops.collect import records_drafts
from fanops.collect import records_surveys as records
from fanops.collect.invite_fans import Asked
from fanops.collect.surveys.definition import read_definition
from fanops.errors import Conflict, NotAllowed, NotFound
from fanops.fans.records_segments import Conditions, save_segment
from fanops.tables import Contact, Fan, Invitation, Order, Theme, ThemeAssignment, Unit, Voice, now

SURVEY = """
code: visit
title: 新品
groups:
  - {code: g, title: 一, questions: [{code: q1, kind: nps, title: 会推荐吗}]}
"""


@pytest.fixture
def wave(chain) -> int:
    with chain.db.write() as session:
        version = records.publish(session, chain.actors["product"], read_definition(SURVEY))
        return records.open_wave(session, chain.actors["product"], version.id, "新品试用").id


@pytest.fixture
def theme(chain) -> int:
    """18 raisers of S1; one opted out, one was contacted three times."""
    with chain.db.write() as session:
        row = Theme(brand_id=chain.brand_id, name="排队太久")
        session.add(row)
        session.flush()
        for place in range(20):
            fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"], name_masked=f"王{place}",
                      opted_out_at=now() if place == 18 else None)  # fmt: skip
            session.add(fan)
            session.flush()
            voice = Voice(
                brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fan.id, text="慢", source_key=str(place)
            )
            session.add(voice)
            session.flush()
            unit = Unit(voice_id=voice.id, start=0, end=1)
            session.add(unit)
            session.flush()
            session.add(ThemeAssignment(unit_id=unit.id, theme_id=row.id, strength=1))
            for _ in range(3 if place == 19 else 0):
                session.add(Contact(fan_id=fan.id, kind="call", channel="phone"))
        return row.id


def test_18_raisers_give_18_invited_and_the_others_are_listed_by_reason(chain, wave, theme):
    manager = chain.actors["store_manager"]
    with chain.db.write() as session:
        yes, no = inviting.preview(session, manager, wave, Asked("theme", theme))
        assert len(yes) == 18 and sorted(no["why"]) == ["已退订", "近 30 天已联系 3 次"]
        assert inviting.invite(session, manager, wave, Asked("theme", theme)) == 18
        assert inviting.invite(session, manager, wave, Asked("theme", theme)) == 0
        _, no = inviting.preview(session, manager, wave, Asked("theme", theme))
        assert no["why"].tolist().count("这一期已经邀请过") == 18
        assert session.exec(select(func.count(Contact.id)).where(Contact.kind == "survey")).one() == 18
        assert inviting.invitation_counts(session, manager, wave) == (18, 0, 0)
        with pytest.raises(NotAllowed):
            inviting.invite(session, chain.actors["clerk"], wave, Asked("theme", theme))
        assert inviting.preview(session, chain.actors["clerk2"], wave, Asked("theme", theme))[0].empty
    _, _, content = inviting.export_links(chain.db, manager, {"wave": str(wave)})
    table = pd.read_excel(io.BytesIO(content), engine="openpyxl")
    assert len(table) == 18 and table["个人链接"].str.contains("/s/").all() and table["个人链接"].is_unique
    with chain.db.write() as session:
        code = table["个人链接"].iloc[0].rsplit("/", 1)[1]
        form, _ = records_drafts.find_form(session, code)
        assert form.invitation.fan_id == table["粉丝编号"].iloc[0]
        records.close_wave(session, manager, wave)
        with pytest.raises(Conflict):
            inviting.invite(session, manager, wave, Asked("theme", theme))


def test_a_segment_or_the_fans_of_the_week(chain, wave, theme):
    product = chain.actors["product"]
    with chain.db.write() as session:
        segment = save_segment(session, product, "全部", Conditions())
        assert len(inviting.preview(session, product, wave, Asked("segment", segment.id))[0]) == 18
        fan = session.exec(select(Fan.id)).first()
        for days, number in ((2, "1"), (20, "2")):
            session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fan + (number == "2"), number=number,
                              placed_at=now() - timedelta(days=days), amount_fen=1))  # fmt: skip
        session.flush()
        yes, _ = inviting.preview(session, product, wave, Asked("week", chain.stores["S1"]))
        assert yes["fan_id"].tolist() == [fan]
        for wrong in (Asked("segment", 999), Asked("nothing", 1)):
            with pytest.raises(NotFound):
                inviting.preview(session, product, wave, wrong)
        assert session.exec(select(func.count(Invitation.id))).one() == 0
