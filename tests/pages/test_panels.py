"""The pages of quotas, panels and paper: set, seen, asked again, brought back and undone."""

from __future__ import annotations

import io

import openpyxl
import pytest
from sqlmodel import func, select

from fanops.collect import records_panels as panels
from fanops.collect import records_quotas as quotas
from fanops.collect import records_surveys as surveys
from fanops.collect.invite_fans import Asked
from fanops.collect.records_paper import export_paper_sheet
from fanops.collect.surveys.definition import read_definition
from fanops.fans.records_segments import Conditions, save_segment
from fanops.tables import Answer, Fan, Invitation, Panel, PanelFan, Response, Wave, now

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
SURVEY = """
code: visit
title: 到店
groups:
  - code: g
    title: 一
    questions:
      - {code: taste, kind: rating, title: 口味, required: true}
      - {code: again, kind: nps, title: 会推荐吗}
      - {code: why, kind: single, title: 为什么来, options: [近, 好喝]}
"""


def words_on(at) -> str:
    shown = [
        *at.markdown,
        *at.caption,
        *at.error,
        *at.success,
        *at.info,
        *at.warning,
        *at.title,
        *at.subheader,
        *at.text,
    ]
    return " ".join(str(box.value) for box in shown)


@pytest.fixture
def waves(chain) -> list[int]:
    """Two open waves; twelve fans of S1 answered the first (taste 3), eight of them the second (taste 5, all 好喝)."""
    with chain.db.write() as session:
        version = surveys.publish(session, chain.actors["product"], read_definition(SURVEY)).id
        made = [surveys.open_wave(session, chain.actors["product"], version, title).id for title in ("春", "秋")]
        fans = [
            Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"], name_masked=f"王{n}", level="fan")
            for n in range(12)
        ]
        session.add_all(fans)
        session.flush()
        for place, wave in enumerate(made):
            for number, fan in enumerate(fans[: 12 - 4 * place]):
                row = Response(wave_id=wave, fan_id=fan.id, store_id=chain.stores["S1"], submit_key=f"{wave}:{number}",
                               state="submitted", submitted_at=now())  # fmt: skip
                session.add(row)
                session.flush()
                given = {
                    "taste": 3 + place + (number % 2) * place,
                    "again": 5 + 4 * place,
                    "why": "好喝" if place else "近",
                }
                session.add_all(
                    Answer(response_id=row.id, question_code=code, value=value) for code, value in given.items()
                )
        return made


@pytest.fixture
def panel(chain, waves) -> int:
    with chain.db.write() as session:
        made = panels.create_panel(session, chain.actors["product"], "老朋友", Asked("wave", waves[0]))[0].id
        panels.ask_panel(session, chain.actors["product"], made, waves[1])
        return made


@ONE
def test_a_panel_is_made_on_the_page(open_page, chain, waves) -> None:
    assert "还没有固定样本组" in words_on(open_page("clerk", "panels.py"))
    at = open_page("product", "panels.py")
    at.selectbox(key="panel.about.wave").set_value(waves[0]).run()
    at.button(key="panel.create").click().run()
    assert not at.exception and "要有名字" in words_on(at)
    at.text_input(key="panel.title").set_value("老朋友").run()
    at.button(key="panel.create").click().run()
    assert not at.exception and "有 12 位粉丝" in words_on(at)
    at.selectbox(key="panel.about.wave").set_value(waves[1]).run()
    at.text_input(key="panel.title").set_value("新朋友").run()
    at.button(key="panel.create").click().run()
    assert not at.exception and "有 8 位粉丝" in words_on(at)
    with chain.db.read() as session:
        known = {title: number for number, title in session.exec(select(Panel.id, Panel.title))}
    assert set(known) == {"老朋友", "新朋友"} and at.selectbox(key="panel").value == known["新朋友"]


@ONE
def test_a_wave_of_another_panel_is_not_offered(open_page, chain, waves, panel) -> None:
    product = chain.actors["product"]
    with chain.db.write() as session:
        version = session.get_one(Wave, waves[0]).version_id
        third = surveys.open_wave(session, product, version, "冬").id
        everybody = save_segment(session, product, "全部", Conditions()).id
        other = panels.create_panel(session, product, "新朋友", Asked("segment", everybody))[0].id
        panels.ask_panel(session, product, other, third)
    at = open_page("product", "panels.py")
    at.selectbox(key="panel").set_value(panel).run()
    assert not at.exception and at.selectbox(key="panel.ask.wave").options == ["秋", "春"]
    with chain.db.write() as session:
        for wave in waves:
            surveys.close_wave(session, product, wave)
    at = open_page("product", "panels.py")
    at.selectbox(key="panel").set_value(panel).run()
    assert not at.exception and "都是别的固定样本组的" in words_on(at)


@ONE
def test_what_changed_and_who_is_behind_it(open_page, panel) -> None:
    at = open_page("store_manager", "panels.py")
    assert not at.exception
    said = words_on(at)
    assert "两期都答的 8 位" in said and "评分题：口味 \\+1.50" in said
    assert "问了 12 位" in said.replace("问了 8 位", "问了 12 位") and "4 位" in said
    table = next(frame.value for frame in at.dataframe if "变化" in frame.value.columns)
    row = table[table["题"] == "口味"].iloc[0]
    assert (row["前"], row["后"], row["变化"], row["两期都答"]) == ("3.00", "4.50", "+1.50 ↑", "样本不足（n=8）")
    at.selectbox(key="panel.change.open").set_value("taste").run()
    people = [frame.value for frame in at.dataframe if "前" in frame.value.columns and "粉丝" in frame.value.columns]
    assert len(people[0]) == 8 and people[0]["粉丝"].iloc[0] == "王0" and people[0]["后"].tolist() == ["4", "5"] * 4
    at.selectbox(key="panel.kept.open").set_value("秋 · 上期答了、这期没答（4 位）").run()
    assert not at.exception
    gone = [
        list(frame.value["粉丝"]) for frame in at.dataframe if len(frame.value) == 4 and "粉丝" in frame.value.columns
    ]
    assert ["王8", "王9", "王10", "王11"] in gone
    at.selectbox(key="panel.moved.why").set_value("近 → 好喝（8 位）").run()
    assert not at.exception


@ONE
def test_who_left_is_noted_taken_back_and_not_asked_again(open_page, chain, panel) -> None:
    at = open_page("store_manager", "panels.py")
    with chain.db.read() as session:
        fan = session.exec(select(Fan.id).order_by(Fan.id)).first()
    at.selectbox(key="panel.leave.fan").set_value(fan)
    next(button for button in at.button if button.label == "记下来").click().run()
    assert not at.exception and "以后不再问" in words_on(at) and "不想再参加 1 位" in words_on(at)
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert session.exec(select(func.count(PanelFan.id)).where(PanelFan.left_at.is_not(None))).one() == 0
    with chain.db.write() as session:
        version = surveys.surveys(session, chain.actors["product"])[0][1].id
        surveys.open_wave(session, chain.actors["product"], version, "冬")
    at = open_page("store_manager", "panels.py")
    assert "会邀请 **12 位**" in words_on(at)
    at.button(key="panel.ask.do").click().run()
    assert not at.exception and "已邀请 12 位" in words_on(at)
    with chain.db.read() as session:
        assert session.exec(select(func.count(Invitation.id))).one() == 12 + 4
    clerk = open_page("clerk", "panels.py")
    assert not clerk.exception and "由店长以上的人开新的一期" in words_on(clerk)
    other = open_page("clerk2", "panels.py")
    assert not other.exception and "0 位在组里" in words_on(other)


@ONE
def test_quotas_are_set_and_said_before_recording(open_page, chain, waves) -> None:
    at = open_page("product", "surveys.py", wave=waves[0])
    at.number_input(key=f"quota.wanted.{waves[0]}").set_value(12)
    next(button for button in at.button if button.label == "定下来").click().run()
    assert not at.exception and "每家门店：要 12 份" in words_on(at) and "**1 / 3** 家门店收满了" in words_on(at)
    at.selectbox(key=f"quota.who.{waves[0]}").set_value(f"store_id:{chain.stores['S1']}").run()
    assert not at.exception
    assert [len(frame.value) for frame in at.dataframe if list(frame.value.columns) == ["粉丝", "分层", "门店"]] == [12]
    with chain.db.write() as session:
        quotas.set_quota(session, chain.actors["product"], waves[0], 5, staff_id=chain.staff["E1"])
    at = open_page("clerk", "record.py")
    at.selectbox(key="record.wave").set_value(waves[0]).run()
    assert not at.exception and "静安店的配额已经满了" in words_on(at)
    at.button(key="record.unknown").click().run()
    assert not at.exception and "配额已经满了" in words_on(at)  # said, and the question is there all the same
    assert at.subheader and "口味" in at.subheader[0].value


@ONE
def test_a_filled_sheet_is_brought_back_and_undone(open_page, chain, waves) -> None:
    _, _, content = export_paper_sheet(chain.db, chain.actors["store_manager"], {"wave": str(waves[1])})
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book["填写"]
    for row, values in enumerate((["P1", "静安店", "2026-01-05", "王小明", None, None, 4, 9, "近"],
                                  ["P2", "西湖店", "2026-01-05", None, None, None, 9, None, None]), 2):  # fmt: skip
        for column, value in enumerate(values, 1):
            sheet.cell(row, column, value)
    target = io.BytesIO()
    book.save(target)
    at = open_page("store_manager", "surveys.py", wave=waves[1])
    at.file_uploader[0].upload("纸.xlsx", target.getvalue(), "application/octet-stream").run()
    assert not at.exception and "不能收的 **1**" in words_on(at)
    assert at.button(key=f"paper.import.{waves[1]}").disabled
    refused = next(frame.value for frame in at.dataframe if "原因" in frame.value.columns)
    assert refused["行"].tolist() == [3, 3]
    assert {each.partition("｜")[0] for each in refused["列"]} == {"门店", "taste"}
    at.checkbox(key=f"paper.skip.{waves[1]}").check().run()
    at.button(key=f"paper.import.{waves[1]}").click().run()
    assert not at.exception and "已导入 1 份" in words_on(at)
    with chain.db.read() as session:
        assert session.exec(select(func.count(Response.id)).where(Response.import_batch_id.is_not(None))).one() == 1
    at.button(key="done.undo").click().run()
    assert not at.exception
    with chain.db.read() as session:
        assert session.exec(select(func.count(Response.id)).where(Response.import_batch_id.is_not(None))).one() == 0
    assert "请店长上传" in words_on(open_page("clerk", "surveys.py", wave=waves[1]))


@ONE
def test_the_end_of_a_wave_says_what_ends_and_drafts_are_still_handed_in(open_page, chain, waves) -> None:
    at = open_page("clerk", "record.py")
    at.selectbox(key="record.wave").set_value(waves[0]).run()
    at.button(key="record.unknown").click().run()
    with chain.db.write() as session:
        surveys.place_code(session, chain.actors["product"], waves[0], chain.stores["S3"])
        begun = session.exec(select(Response.id).where(Response.state == "draft")).one()
    manager = open_page("store_manager", "surveys.py", wave=waves[0])
    assert "在 2 家门店收集，由总部" in words_on(manager)
    assert not [button for button in manager.button if button.key == "wave.close"]
    for wave in waves:
        at = open_page("product", "surveys.py", wave=wave)
        assert "家门店的收集，已收" in words_on(at)
        at.button(key="wave.close").click().run()
        assert not at.exception and "已结束" in words_on(at)
    at = open_page("clerk", "record.py")
    assert "没有正在收集" in words_on(at)
    at.button(key=f"record.resume.{begun}").click().run()
    assert not at.exception and at.query_params["draft"] == str(begun)
