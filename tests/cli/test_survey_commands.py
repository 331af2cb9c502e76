"""``fanops survey quota``, ``panel``, ``sheet`` and ``import-sheet`` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from sqlmodel import select

from fanops.cli import cli
from fanops.collect import records_surveys as surveys
from fanops.collect.surveys.definition import read_definition
from fanops.tables import Answer, Brand, Fan, Response, now

SURVEY = """
code: visit
title: 到店
groups:
  - {code: g, title: 一, questions: [{code: taste, kind: rating, title: 口味, required: true}]}
"""


@pytest.fixture
def brand(chain) -> str:
    """The brand with two open waves; three fans answered 春."""
    with chain.db.write() as session:
        version = surveys.publish(session, chain.actors["product"], read_definition(SURVEY)).id
        waves = [surveys.open_wave(session, chain.actors["product"], version, title).id for title in ("春", "秋")]
        for place in range(3):
            fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"])
            session.add(fan)
            session.flush()
            row = Response(wave_id=waves[0], fan_id=fan.id, store_id=chain.stores["S1"], submit_key=str(place),
                           state="submitted", submitted_at=now())  # fmt: skip
            session.add(row)
            session.flush()
            session.add(Answer(response_id=row.id, question_code="taste", value=3))
        return session.exec(select(Brand.name).where(Brand.id == chain.brand_id)).one()


def run(brand: str, *arguments: str, fails: bool = False) -> Result:
    result = CliRunner().invoke(cli, ["survey", *arguments[:2], "--brand", brand, *arguments[2:]])
    assert (result.exit_code != 0) is fails, result.output + repr(result.exception)
    return result


def test_quotas_and_panels(brand) -> None:
    assert "4 份" in run(brand, "quota", "set", "春", "4").output
    assert "S1 3 份" in run(brand, "quota", "set", "春", "3", "--store", "S1").output
    run(brand, "quota", "set", "春", "2", "--staff", "E1")
    assert "静安店　答了 3 / 要 3　已满" in run(brand, "quota", "show", "春").output
    shown = json.loads(run(brand, "quota", "show", "春", "--json").output)
    assert [row["missing"] for row in shown["stores"]] == [0, 4, 4] and shown["staff"][0]["wanted"] == 2
    run(brand, "quota", "set", "--store", "S1", "--", "春", "-1")
    assert "静安店　答了 3 / 要 4" in run(brand, "quota", "show", "春").output
    run(brand, "quota", "set", "春", "1", "--store", "火星店", fails=True)
    run(brand, "quota", "show", "没有", fails=True)
    assert "还没有固定样本组" in run(brand, "panel", "list").output
    assert "有 3 位" in run(brand, "panel", "create", "老友", "--wave", "春").output
    run(brand, "panel", "create", "老友二", fails=True)
    assert "会邀请 3 位" in run(brand, "panel", "ask", "老友", "秋", "--dry-run").output
    assert "已邀请 3 位" in run(brand, "panel", "ask", "老友", "秋").output
    assert "这一期已经邀请过 3 位" in run(brand, "panel", "ask", "老友", "秋", "--dry-run").output
    result = json.loads(run(brand, "panel", "show", "老友", "--json").output)
    assert [(row["asked"], row["answered"]) for row in result["waves"]] == [(3, 3), (3, 0)]
    assert result["change"][0]["base"] == 0
    assert "秋　问了 3　答了 0　一直在答 0　上期答这期没答 3" in run(brand, "panel", "show", "老友").output


def test_a_sheet_out_and_back(brand, tmp_path: Path) -> None:
    out = tmp_path / "录入.xlsx"
    run(brand, "sheet", "秋", "--out", str(out))
    book = openpyxl.load_workbook(out)
    for column, value in enumerate(["P1", "静安店", "2026-01-05", None, None, None, 4], 1):
        book["填写"].cell(2, column, value)
    for column, value in enumerate(["P2", "静安店", "2026-01-05", None, None, None, 7], 1):
        book["填写"].cell(3, column, value)
    book.save(out)
    preview = json.loads(run(brand, "import-sheet", "秋", str(out), "--dry-run", "--json").output)
    assert (preview["new"], preview["refused"], preview["problems"][0]["value"]) == (1, 1, "7")
    run(brand, "import-sheet", "秋", str(out), fails=True)
    done = json.loads(run(brand, "import-sheet", "秋", str(out), "--skip-refused", "--json").output)
    assert (done["new"], done["refused"]) == (1, 1)
    book["填写"].cell(3, 7, 5)
    book.save(out)
    assert "新增 1 份，已有 1 份未动" in run(brand, "import-sheet", "秋", str(out)).output
    assert "没有新的" in run(brand, "import-sheet", "秋", str(out)).output
    undone = CliRunner().invoke(cli, ["import", "undo", str(done["batch"]), "--brand", brand])
    assert "1 份答卷" in undone.output


def test_answers_of_another_tool_come_in_once(brand: str, chain, tmp_path: Path) -> None:
    file = tmp_path / "问卷星.csv"
    head = "序号,提交答卷时间,所用时间,来源,来源详情,来自IP,1、口味,2、您去的是哪家门店\n"
    rows = "1,2026/11/20 10:08:30,45秒,微信,N/A,203.0.113.7,5,静安店\n2,2026/11/20 10:09:30,45秒,微信,N/A,203.0.113.8,九,静安店\n"
    file.write_text(head + rows, "utf-8-sig")

    def run(*words: str) -> Result:
        return CliRunner().invoke(cli, ["survey", "import-answers", "秋", str(file), "--brand", brand, *words])

    shown = run("--dry-run")
    assert shown.exit_code == 0 and "会新增 1 份" in shown.output and "taste ← 第 1 题" in shown.output, shown.output
    refused = run()
    assert refused.exit_code != 0
    done = run("--map", "1=taste", "--skip-refused", "--json")
    assert done.exit_code == 0 and json.loads(done.output)["new"] == 1, done.output
    again = run("--skip-refused")
    assert "已经导入过" in again.output
    assert run("--map", "taste").exit_code != 0
