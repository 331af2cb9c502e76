"""The note route: kept while typed, refused in words, never a 5xx on hostile bodies."""

from __future__ import annotations

import json
import random

import pytest
from sqlmodel import select

from fanops.collect import record_interview as record
from fanops.tables import Interview

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
URL = "/api/interview/note"


@pytest.fixture
def held(chain) -> int:
    with chain.db.write() as session:
        clerk = chain.actors["clerk"]
        return record.start_interview(session, clerk, "core_fan_interview", store_id=chain.stores["S1"]).id


@ONE
def test_notes_are_kept_for_those_who_may(signed_in, browser, chain, held) -> None:
    note = {"interview": held, "question": "love", "field": "said", "text": "珍珠很软", "at": 5}
    assert browser().post(URL, json=note).status_code == 401
    assert signed_in("clerk2").post(URL, json=note).status_code == 404
    clerk = signed_in("clerk")
    assert clerk.post(URL, json=note).json() == {"revision": 1}
    assert clerk.post(URL, json=note, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert clerk.post(URL, json={**note, "field": "other"}).status_code == 409
    with chain.db.read() as session:
        assert session.exec(select(Interview.notes)).one()["love"]["said"] == "珍珠很软"


@ONE
def test_hostile_bodies_store_nothing_and_break_nothing(signed_in, chain, held) -> None:
    clerk, draw = signed_in("clerk"), random.Random(5)
    odd = [None, -1, 2**70, 1e400, [], {}, "", "x" * 5000, "\x00", "\ud800", True, "love", held, 7]
    for _ in range(500):
        body = {
            name: draw.choice(odd) for name in ("interview", "question", "field", "text", "at") if draw.random() < 0.9
        }
        content = json.dumps(body).encode("utf-8", "surrogatepass")
        if draw.random() < 0.2:
            content = content[: draw.randrange(len(content) + 1)]
        assert clerk.post(URL, content=content).status_code in {400, 404, 409, 413}, body
    assert clerk.post(URL, content=b"x" * 100_000).status_code == 413
    with chain.db.read() as session:
        assert session.exec(select(Interview.notes)).one() == {}


def test_what_no_database_takes_is_left_out(signed_in, chain, held) -> None:
    body = {"interview": held, "question": "love", "field": "said", "text": "珍珠\x00很\ud800软", "at": 5}
    assert signed_in("clerk").post(URL, content=json.dumps(body).encode()).status_code == 200
    with chain.db.read() as session:
        assert session.exec(select(Interview.notes)).one()["love"]["said"] == "珍珠很软"
