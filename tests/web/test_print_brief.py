"""The CEO's sheet: for those who lead, escaped, without script."""

from __future__ import annotations

import pytest
from sqlmodel import select

from fanops.collect import records_surveys as surveys
from fanops.collect.surveys.definition import read_definition
from fanops.content import content_path
from fanops.sending.records import add_webhook
from fanops.settings import Settings
from fanops.summary.kept_weeks import kept_weeks
from fanops.tables import Fan, Message, Theme, ThemeAssignment, ThemeRun, Unit, Voice, now
from fanops.web.weekly_brief import keep_weekly

ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0f3f5a10-1111-2222-3333-444455556666"

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@ONE
def test_the_sheet_is_for_those_who_lead_and_escapes_what_fans_wrote(signed_in, browser, chain) -> None:
    with chain.db.write() as session:
        run = ThemeRun(brand_id=chain.brand_id, input_fingerprint="a", result_fingerprint="b")
        session.add(run)
        session.flush()
        theme = Theme(brand_id=chain.brand_id, name="<script>alert(1)</script>", born_run_id=run.id)
        fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"], level="core")
        session.add_all([theme, fan])
        session.flush()
        voice = Voice(
            brand_id=chain.brand_id,
            store_id=chain.stores["S1"],
            fan_id=fan.id,
            source_key="1",
            text="慢",
            said_at=now(),
        )
        session.add(voice)
        session.flush()
        unit = Unit(voice_id=voice.id, start=0, end=1)
        session.add(unit)
        session.flush()
        session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id, run_id=run.id, strength=1))
    assert browser().get("/print/brief", headers={"accept": "text/html"}).status_code == 303
    assert signed_in("clerk").get("/print/brief").status_code == 403
    sheet = signed_in("ceo").get("/print/brief?days=7")
    assert sheet.status_code == 200 and "<script" not in sheet.text and "&lt;script&gt;" in sheet.text
    kept = signed_in("ceo").get("/print/brief?days=7&keep=1")
    assert kept.headers["content-disposition"].startswith("attachment") and "&lt;script&gt;" in kept.text
    for odd in ("days=0", "days=-1", "days=99999999999999999999", "days=x"):
        assert signed_in("ceo").get(f"/print/brief?{odd}").status_code == 200
    assert "&lt;script&gt;" not in signed_in("stranger").get("/print/brief").text


def test_the_page_of_each_week_is_kept_once_and_told(signed_in, chain) -> None:
    with chain.db.write() as session:
        add_webhook(session, chain.actors["ceo"], "wecom", "总部群", ROBOT, ["brief.weekly"])
        add_webhook(session, chain.actors["ceo"], "webhook", "看板", "https://board.example.com/in", ["fix.opened"])
    owner = chain.actors["ceo"]
    assert keep_weekly(chain.db, owner, {}, lambda share, doing: None) == {"kept": 1, "told": 1}
    assert keep_weekly(chain.db, owner, {}, lambda share, doing: None) == {"kept": 0, "told": 0}
    with chain.db.read() as session:
        said = session.exec(select(Message)).one().body["text"]["content"]
    assert "粉丝最想要：还没有听到声音。" in said and "家门店没有声音" in said
    (monday,) = kept_weeks(owner)
    assert monday.weekday() == 0 and kept_weeks(chain.actors["clerk"]) == []
    kept = signed_in("ceo").get(f"/print/brief?week={monday}&keep=1")
    assert kept.status_code == 200 and f"brief-{monday}" in kept.headers["content-disposition"]
    assert "粉丝要什么，我们做了什么" in kept.text
    for role, week, status in (
        ("store_manager", monday, 404), ("stranger", monday, 404), ("clerk", monday, 403), ("ceo", "../../../etc", 404),
        ("ceo", "2020-01-06", 404),
    ):  # fmt: skip
        assert signed_in(role).get(f"/print/brief?week={week}").status_code == status, (role, week)


@ONE
def test_codes_are_printed_for_ones_own_stores(signed_in, chain) -> None:
    survey = read_definition(content_path("surveys/nps.yaml").read_text("utf-8"))
    with chain.db.write() as session:
        version = surveys.publish(session, chain.actors["product"], survey)
        wave = surveys.open_wave(session, chain.actors["product"], version.id, "<b>十一月</b>").id
    sheet = signed_in("region_manager").get(f"/print/codes?wave={wave}")
    assert sheet.status_code == 200 and sheet.text.count("<svg") == 2 and "<b>十一月" not in sheet.text
    assert surveys.ONLY_HERE in sheet.text  # forty tables with a code that no phone can open
    assert sheet.text == signed_in("region_manager").get(f"/print/codes?wave={wave}").text  # the same code every time
    assert signed_in("clerk").get(f"/print/codes?wave={wave}").status_code == 403
    tables = f"/print/codes?wave={wave}&store={chain.stores['S1']}&place=1 号桌&place=<i>2&place=1 号桌&place= "
    sheet = signed_in("region_manager").get(tables)
    assert sheet.text.count("<svg") == 2 and "1 号桌" in sheet.text and "&lt;i&gt;2" in sheet.text
    assert sheet.text == signed_in("region_manager").get(tables).text
    many = "".join(f"&place={n}" for n in range(300))
    many = signed_in("ceo").get(f"/print/codes?wave={wave}&store={chain.stores['S1']}{many}")
    assert many.text.count("<svg") == surveys.MOST_PLACES
    assert signed_in("ceo").get(f"/print/codes?wave={wave}&store=999").status_code == 404
    for odd in ("0", "x", "9" * 30):
        assert signed_in("ceo").get(f"/print/codes?wave={odd}").status_code == 404


def test_which_address_a_fan_can_open() -> None:
    for here in ("", "http://localhost:8501", "http://0.0.0.0:80", "http://127.0.0.2", "http://[::1]:8501"):
        assert not Settings(public_url=here).fans_reach_forms, here
    for open_to_all in ("https://tea.example.cn", "http://192.168.1.20:8501"):
        assert Settings(public_url=open_to_all).fans_reach_forms, open_to_all
