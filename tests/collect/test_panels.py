"""Panels: made of what is known, asked again with reasons for who is not, change and attrition as counted by hand."""

from __future__ import annotations

import pytest
from sqlmodel import select

from fanops.collect import records_panels as panels
from fanops.collect import records_quotas as quotas
from fanops.collect import records_surveys as records
from fanops.collect.invite_fans import Asked
from fanops.collect.surveys.attrition import attrition
from fanops.collect.surveys.change import changes, comparable
from fanops.collect.surveys.definition import read_definition
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.fans.erase import erase_fan
from fanops.fans.merge import merge_fans
from fanops.tables import Answer, Consent, Contact, Fan, Invitation, PanelWave, Response, now

SURVEY = """
code: visit
title: 到店
groups:
  - code: g
    title: 一
    questions:
      - {code: taste, kind: rating, title: 口味}
      - {code: why, kind: single, title: 为什么来, options: [近, 好喝]}
"""


@pytest.fixture
def version(chain) -> int:
    with chain.db.write() as session:
        return records.publish(session, chain.actors["product"], read_definition(SURVEY)).id


@pytest.fixture
def fans(chain) -> list[int]:
    """Six fans: four of S1, two of S3."""
    with chain.db.write() as session:
        rows = [
            Fan(
                brand_id=chain.brand_id,
                home_store_id=chain.stores["S1" if place < 4 else "S3"],
                name_masked=f"王{place}",
            )
            for place in range(6)
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def open_wave(chain, version: int, title: str, given: dict[int, tuple[int, str]]) -> int:
    with chain.db.write() as session:
        wave = records.open_wave(session, chain.actors["product"], version, title).id
        respond(session, wave, given)
    return wave


def respond(session, wave: int, given: dict[int, tuple[int, str]]) -> None:
    for fan_id, (taste, why) in given.items():
        response = Response(wave_id=wave, fan_id=fan_id, submit_key=f"{wave}:{fan_id}", state="submitted",
                            submitted_at=now())  # fmt: skip
        session.add(response)
        session.flush()
        session.add_all(
            [
                Answer(response_id=response.id, question_code="taste", value=taste),
                Answer(response_id=response.id, question_code="why", value=why),
            ]
        )


def test_the_respondents_of_a_wave_asked_again(chain, version, fans):
    product = chain.actors["product"]
    first = open_wave(chain, version, "一", dict.fromkeys(fans[:5], (3, "近")))
    with chain.db.write() as session:
        panel, count = panels.create_panel(session, product, " 老朋友 ", Asked("wave", first))
        assert (panel.title, count) == ("老朋友", 5)
        panel_id = panel.id
    second = open_wave(chain, version, "二", {})
    with chain.db.write() as session:
        session.get_one(Fan, fans[1]).opted_out_at = now()
        session.add_all([Contact(fan_id=fans[2], kind="call", channel="phone") for _ in range(3)])
        session.add(Consent(fan_id=fans[3], purpose="contact", granted=True))
        session.flush()
        session.add(Consent(fan_id=fans[3], purpose="contact", granted=False))
        panels.leave_panel(session, product, panel_id, fans[4], "搬走了")
    with chain.db.write() as session:
        yes, no = panels.preview_asking(session, product, panel_id, second)
        assert yes["fan_id"].tolist() == [fans[0]]
        assert dict(zip(no["fan_id"], no["why"], strict=True)) == {
            fans[1]: "已退订", fans[2]: "近 30 天已联系 3 次", fans[3]: "未同意联系", fans[4]: "已退出：搬走了",
        }  # fmt: skip
        assert panels.ask_panel(session, product, panel_id, second) == 1
        assert panels.ask_panel(session, product, panel_id, second) == 0
        assert [wave.title for wave in panels.panel_waves(session, product, panel_id)] == ["一", "二"]
        respond(
            session, second, {fans[0]: (5, "好喝"), fans[2]: (3, "近"), fans[5]: (1, "近")}
        )  # the last is no member
    with chain.db.read() as session:
        found = panels.panel_answers(session, product, panel_id)
        table = attrition(found.waves)
        assert table[["asked", "answered", "all_along", "dropped"]].values.tolist() == [[5, 5, 5, 0], [2, 2, 2, 3]]
        assert table.loc[1, "dropped_ids"] == [fans[1], fans[3], fans[4]]
        pairs, _ = comparable(found.surveys[first], found.surveys[second])
        change = changes(pairs, found.values[first], found.values[second]).set_index(["code", "option"])
        assert change.loc[("taste", ""), ["base", "before", "after", "change"]].tolist() == [2, 3, 4, 1]
        assert change.loc[("why", "好喝"), ["before", "after"]].tolist() == [0, 0.5]
        gone = found.fans.dropna(subset=["left_at"]).set_index("fan_id")["why"].to_dict()
        assert gone == {fans[1]: "已退订", fans[4]: "搬走了"}
        own = panels.panel_answers(session, chain.actors["store_manager"], panel_id)
        assert own.fans["fan_id"].tolist() == fans[:4] and own.waves[0].answered == frozenset(fans[:4])
        assert panels.panels(session, product).to_dict("records")[0]["fans"] == 4
        assert panels.panel_answers(session, chain.actors["clerk2"], panel_id).fans["fan_id"].tolist() == [fans[4]]
    with chain.db.write() as session:
        panels.return_to_panel(session, product, panel_id, fans[4])
        assert panels.ask_panel(session, product, panel_id, second) == 1


def test_a_merged_fan_is_one_and_an_erased_one_has_left(chain, version, fans):
    product = chain.actors["product"]
    first = open_wave(chain, version, "一", dict.fromkeys(fans[:3], (3, "近")))
    with chain.db.write() as session:
        panel_id = panels.create_panel(session, product, "组", Asked("wave", first))[0].id
        merge_fans(session, product, fans[0], fans[3], "同一人")
        erase_fan(session, chain.actors["admin"], fans[2], "删除")
    second = open_wave(chain, version, "二", {fans[3]: (5, "近")})
    with chain.db.write() as session:
        assert panels.ask_panel(session, product, panel_id, second) == 1
        assert session.exec(select(Invitation.fan_id)).all() == [fans[1]]
        found = panels.panel_answers(session, product, panel_id)
        assert found.values[first]["taste"][fans[3]] == 3 and found.values[second]["taste"] == {fans[3]: 5}
        assert fans[0] not in set(found.fans["fan_id"])
        assert found.fans.set_index("fan_id").loc[fans[2], "why"] == "资料已删除"


def test_a_quota_holds_for_a_panel_too(chain, version, fans):
    product = chain.actors["product"]
    first = open_wave(chain, version, "一", dict.fromkeys(fans, (3, "近")))
    second = open_wave(chain, version, "二", {})
    with chain.db.write() as session:
        panel_id = panels.create_panel(session, product, "组", Asked("wave", first))[0].id
        quotas.set_quota(session, product, second, 1, store_id=chain.stores["S1"])
        yes, _ = panels.preview_asking(session, product, panel_id, second, per_wanted=1)
        assert len(yes) == 1 + 2


def test_what_is_refused(chain, version, fans):
    product, clerk = chain.actors["product"], chain.actors["clerk"]
    first = open_wave(chain, version, "一", dict.fromkeys(fans[:4], (3, "近")))
    empty = open_wave(chain, version, "空", {})
    with chain.db.write() as session:
        panel_id = panels.create_panel(session, product, "组", Asked("wave", first))[0].id
        for deed, refusal in (
            (lambda: panels.create_panel(session, clerk, "x", Asked("wave", first)), NotAllowed),
            (lambda: panels.create_panel(session, product, "组", Asked("wave", first)), Conflict),
            (lambda: panels.create_panel(session, product, "别的", Asked("wave", empty)), InvalidInput),
            (lambda: panels.create_panel(session, product, "  ", Asked("wave", first)), InvalidInput),
            (lambda: panels.create_panel(session, product, "x", Asked("panel", panel_id)), NotFound),
            (lambda: panels.leave_panel(session, product, panel_id, fans[0], " "), InvalidInput),
            (lambda: panels.leave_panel(session, product, panel_id, fans[5], "搬走了"), NotFound),
            (lambda: panels.panel_fans(session, chain.actors["stranger"], panel_id), NotFound),
        ):
            with pytest.raises(refusal):
                deed()
    with pytest.raises(Conflict, match="组"), chain.db.write() as session:
        panels.create_panel(session, product, "第二组", Asked("wave", first))
    with chain.db.read() as session:
        assert len(session.exec(select(PanelWave)).all()) == 1
        assert panels.panels(session, product)["title"].tolist() == ["组"]
