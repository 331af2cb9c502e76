"""The brand's own aspects: tried on its sentences, kept for old and new ones, and taken back."""

from __future__ import annotations

import pytest
from sqlmodel import select

from fanops.collect import records_aspects as records
from fanops.collect.records_voices import NewVoice, add_voices
from fanops.errors import InvalidInput, NotAllowed
from fanops.tables import Unit
from fanops.text.aspects import pack_lines, read_pack

LINES = "杯子：杯子漏 吸管\n等候：排队、叫号\n味道：好喝"


def said(chain, *texts: str) -> None:
    with chain.db.write() as session:
        add_voices(
            session,
            chain.brand_id,
            [NewVoice(text=text, kind="review", source_key=text, source="测试") for text in texts],
        )


def aspects_in(chain) -> list[str]:
    with chain.db.read() as session:
        return list(session.exec(select(Unit.aspect).order_by(Unit.id)))


def test_what_people_type_is_read_and_written_the_same() -> None:
    pack = read_pack(LINES, "山茶")
    assert pack.cues == {"杯子": ("杯子漏", "吸管"), "等候": ("排队", "叫号"), "味道": ("好喝",)}
    assert read_pack(pack_lines(pack), "山茶").cues == pack.cues
    with pytest.raises(InvalidInput) as refused:
        read_pack("杯子：漏\n杯子：吸管\n没有冒号\n空的：\n其他：随便", "")
    assert [problem.row for problem in refused.value.problems] == [2, 3, 4, 5]
    with pytest.raises(InvalidInput):
        read_pack(" \n", "")


def test_aspects_are_tried_kept_and_taken_back(chain) -> None:
    said(chain, "杯子漏了一桌", "排队排了很久", "奶茶很好喝")
    before = aspects_in(chain)
    actor = chain.actors["product"]
    with chain.db.read() as session:
        changed, looked_at = records.preview_pack(session, actor, LINES)
    assert looked_at == 3 and changed["after"].tolist() == ["味道", "等候", "杯子"] and aspects_in(chain) == before
    with chain.db.write() as session:
        assert records.keep_pack(session, actor, LINES) == 3
    said(chain, "吸管容易断")
    assert aspects_in(chain) == ["杯子", "等候", "味道", "杯子"]
    with chain.db.write() as session:
        records.keep_pack(session, actor, "")
        assert not records.is_own(session, chain.brand_id)
    assert aspects_in(chain)[:3] == before


def test_a_store_changes_nothing(chain) -> None:
    with pytest.raises(NotAllowed), chain.db.write() as session:
        records.keep_pack(session, chain.actors["store_manager"], LINES)
