"""The document a fan is handed: all of it, in Chinese a person reads, hostile words harmless, refused like any other read."""

from __future__ import annotations

import pytest

from fanops.collect import record_on_behalf as record
from fanops.collect import records_surveys as surveys
from fanops.collect.records_voices import NewVoice, add_voices
from fanops.collect.surveys.definition import read_definition
from fanops.errors import NotAllowed, NotFound
from fanops.fans.identity_records import find_or_create_fan
from fanops.fans.records_contacts import record_contact
from fanops.tables import Fan, Order, now
from fanops.web.fan_document import export_fan

SURVEY = """
code: taste
title: 味道
groups:
  - code: g
    title: 味道
    questions:
      - {code: q1, kind: single, title: 最喜欢哪一样, options: [四季春, 芋泥波波]}
"""


@pytest.fixture
def fan(chain) -> int:
    """A fan of S1 who bought, spoke, answered and was called."""
    store, clerk = chain.stores["S1"], chain.actors["clerk"]
    with chain.db.write() as session:
        person = find_or_create_fan(session, chain.brand_id, {"phone": "13800138000"}, store_id=store, name="王小明")
        session.add(
            Order(
                brand_id=chain.brand_id, store_id=store, fan_id=person.id, number="A1", placed_at=now(), amount_fen=1850
            )
        )
        said = NewVoice("<script>alert(1)</script>排队太久", "review", "测试", "1", store_id=store, fan_id=person.id)
        add_voices(session, chain.brand_id, [said])
        record_contact(session, clerk, person, "service", "in_store")
        version = surveys.publish(session, chain.actors["product"], read_definition(SURVEY))
        wave = surveys.open_wave(session, chain.actors["product"], version.id, "十一月")
        draft = record.start_on_behalf(session, clerk, wave.id, store_id=store, fan_id=person.id)
        record.answer_on_behalf(session, clerk, draft.id, "q1", {"q1": ["四季春"]})
        record.submit_on_behalf(session, clerk, draft.id)
        return person.id


def test_a_fan_can_read_what_is_kept(chain, fan):
    name, media_type, content = export_fan(chain.db, chain.actors["store_manager"], {"fan": str(fan)})
    page = content.decode()
    assert name.endswith(".html") and media_type.startswith("text/html")
    for words in (
        "王小明",
        "手机号",
        "+8613800138000",
        "18.5",
        "金额（元）",
        "最喜欢哪一样",
        "四季春",
        "当面",
        "没有。",
    ):
        assert words in page, words
    assert "&lt;script&gt;" in page and "<script" not in page
    for code in ("in_store", ">service<", "+00:00", ">phone<"):
        assert code not in page, code


def test_nobody_else_is_handed_it(chain, fan):
    for actor, refusal in (("clerk", NotAllowed), ("product", NotAllowed), ("stranger", NotFound)):
        with pytest.raises(refusal):
            export_fan(chain.db, chain.actors[actor], {"fan": str(fan)})
    for asked in ("", "9" * 20, "-1", "七"):
        with pytest.raises(NotFound):
            export_fan(chain.db, chain.actors["ceo"], {"fan": asked})
    with chain.db.read() as session:
        assert session.get_one(Fan, fan).name_sealed is not None
