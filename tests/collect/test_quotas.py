"""Quotas: a default and exceptions, counted by what came in, seen by scope, respected by invitations."""

from __future__ import annotations

import pytest

from fanops.collect import invite_fans as inviting
from fanops.collect import record_on_behalf as recording
from fanops.collect import records_quotas as quotas
from fanops.collect import records_surveys as records
from fanops.collect.invite_fans import Asked
from fanops.collect.surveys.definition import read_definition
from fanops.errors import InvalidInput, NotAllowed, NotFound
from fanops.fans.records_segments import Conditions, save_segment
from fanops.tables import Fan, Response, now

SURVEY = """
code: visit
title: 到店
groups:
  - {code: g, title: 一, questions: [{code: q1, kind: nps, title: 会推荐吗}]}
"""


@pytest.fixture
def wave(chain) -> int:
    with chain.db.write() as session:
        version = records.publish(session, chain.actors["product"], read_definition(SURVEY))
        return records.open_wave(session, chain.actors["product"], version.id, "十一月").id


def answer(session, wave: int, key: str, **who) -> None:
    session.add(Response(wave_id=wave, submit_key=key, state="submitted", submitted_at=now(), **who))
    session.flush()


def by(table, key: str, name: str) -> dict:
    return {row[key]: row[name] if row[name] == row[name] else None for row in table.to_dict("records")}


def test_a_default_with_exceptions_and_what_came_in(chain, wave):
    product, manager, clerk = (chain.actors[each] for each in ("product", "store_manager", "clerk"))
    s1, s2 = chain.stores["S1"], chain.stores["S2"]
    e1, e2 = chain.staff["E1"], chain.staff["E2"]
    with chain.db.write() as session:
        quotas.set_default_quota(session, product, wave, 3)
        quotas.set_quota(session, manager, wave, 2, store_id=s1)
        quotas.set_quota(session, manager, wave, 2, staff_id=e1)
        for place in range(2):
            answer(session, wave, f"a{place}", store_id=s1, staff_id=e1 if place else None)
        session.add(Response(wave_id=wave, submit_key="d", store_id=s1, staff_id=e1))  # a draft counts for nothing
    with chain.db.read() as session:
        table = quotas.store_progress(session, product, wave)
        assert by(table, "store_id", "wanted") == {s1: 2, s2: 3, chain.stores["S3"]: 3}
        assert by(table, "store_id", "answered") == {s1: 2, s2: 0, chain.stores["S3"]: 0}
        assert by(table, "store_id", "missing") == {s1: 0, s2: 3, chain.stores["S3"]: 3}
        assert by(table, "store_id", "is_own")[s1] and not by(table, "store_id", "is_own")[s2]
        assert quotas.store_progress(session, manager, wave)["store_id"].tolist() == [s1]
        assert by(quotas.staff_progress(session, product, wave), "staff_id", "answered") == {e1: 1}
        shares = quotas.own_shares(session, clerk, wave, s1)
        assert [(each.name, each.answered, each.wanted, each.is_full) for each in shares] == [
            ("我", 1, 2, False), ("静安店", 2, 2, True),
        ]  # fmt: skip
        assert [each.name for each in quotas.own_shares(session, chain.actors["clerk2"], wave, chain.stores["S3"])] == [
            "天河店"
        ]
    with chain.db.write() as session:
        quotas.set_quota(session, product, wave, 5, store_id=s1)  # again changes the same row
        quotas.set_quota(session, product, wave, None, staff_id=e1)
        quotas.set_default_quota(session, product, wave, None)
        assert by(quotas.store_progress(session, product, wave), "store_id", "wanted") == {
            s1: 5, s2: None, chain.stores["S3"]: None,
        }  # fmt: skip
        for refused, words in (
            (lambda: quotas.set_quota(session, manager, wave, 1, store_id=s2), NotFound),
            (lambda: quotas.set_quota(session, manager, wave, 1, staff_id=e2), NotFound),
            (lambda: quotas.set_default_quota(session, manager, wave, 1), NotAllowed),
            (lambda: quotas.set_quota(session, clerk, wave, 1, store_id=s1), NotAllowed),
            (lambda: quotas.set_quota(session, product, wave, -1, store_id=s1), InvalidInput),
            (lambda: quotas.set_quota(session, product, wave, 1), InvalidInput),
            (lambda: quotas.set_quota(session, product, wave, 1, store_id=s1, staff_id=e1), InvalidInput),
            (lambda: quotas.store_progress(session, chain.actors["stranger"], wave), NotFound),
        ):
            with pytest.raises(words):
                refused()


def test_every_count_opens_its_fans(chain, wave):
    manager, s1, e1 = chain.actors["store_manager"], chain.stores["S1"], chain.staff["E1"]
    with chain.db.write() as session:
        fans = [
            Fan(brand_id=chain.brand_id, home_store_id=chain.stores[code], name_masked=code) for code in ("S1", "S3")
        ]
        session.add_all(fans)
        session.flush()
        for place, fan_id in enumerate((fans[0].id, fans[1].id, None)):
            answer(session, wave, str(place), store_id=s1, staff_id=e1 if place < 2 else None, fan_id=fan_id)
        table, others = quotas.who_answered(session, manager, wave, store_id=s1)
        assert (table["fan"].tolist(), others) == (["S1"], 2)
        table, others = quotas.who_answered(session, chain.actors["product"], wave, staff_id=e1)
        assert (table["fan"].tolist(), others) == (["S1", "S3"], 0)
        for wrong in ({"store_id": chain.stores["S3"]}, {"staff_id": chain.staff["E3"]}, {}):
            with pytest.raises(NotFound):
                quotas.who_answered(session, manager, wave, **wrong)


def test_a_full_quota_never_loses_an_answer(chain, wave):
    clerk, store = chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        quotas.set_quota(session, chain.actors["product"], wave, 0, store_id=store)
        draft = recording.start_on_behalf(session, clerk, wave, store_id=store)
        recording.answer_on_behalf(session, clerk, draft.id, "q1", {"q1": ["9"]})
        assert recording.submit_on_behalf(session, clerk, draft.id)
        assert quotas.own_shares(session, clerk, wave, store)[0].done_share == 1.0


def test_invitations_respect_what_is_still_wanted(chain, wave):
    """S1 wants 2 and has none: 2 × 2 of its 10 fans; S2 is full: none of 4; S3 has no quota: all 3."""
    product = chain.actors["product"]
    with chain.db.write() as session:
        for code, number in (("S1", 10), ("S2", 4), ("S3", 3)):
            session.add_all(Fan(brand_id=chain.brand_id, home_store_id=chain.stores[code]) for _ in range(number))
        segment = save_segment(session, product, "全部", Conditions()).id
        asked = Asked("segment", segment, per_wanted=2)
        assert len(inviting.preview(session, product, wave, asked)[0]) == 17
        quotas.set_quota(session, product, wave, 2, store_id=chain.stores["S1"])
        quotas.set_quota(session, product, wave, 1, store_id=chain.stores["S2"])
        answer(session, wave, "x", store_id=chain.stores["S2"])
        yes, no = inviting.preview(session, product, wave, asked)
        assert yes["store"].value_counts().to_dict() == {"静安店": 4, "天河店": 3}
        assert no["why"].value_counts().to_dict() == {"这家店还缺的，已邀请够": 6, "这家店的配额已满": 4}
        assert inviting.preview(session, product, wave, asked)[0].equals(yes)  # the same lot every time
        assert inviting.invite(session, product, wave, asked) == 7
        assert inviting.invite(session, product, wave, asked) == 0
        assert inviting.invite(session, product, wave, Asked("segment", segment, per_wanted=3)) == 2
