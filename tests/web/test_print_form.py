"""The printed form: every question in words, for the brand's own people, escaped, without script."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest

from fanops.collect import records_surveys as surveys
from fanops.collect.surveys.definition import read_definition
from fanops.content import content_path

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
SURVEY = """
code: paper
title: 纸上问
notice: 只用来改进<b>产品</b>；答完会得到一个回执码，凭它可以删除。
groups:
  - code: g
    title: 第一组
    questions:
      - {code: q1, kind: single, title: 今天怎么样, required: true, options: [{code: yes_, label: 好}, 不好], other: 其他}
      - {code: q2, kind: long_text, title: 哪里不好, show_if: q1 == "不好"}
      - {code: q4, kind: nps, title: "<script>alert(1)</script>", jump: [{to: end, if: q4 >= 9}]}
      - {code: q5, kind: matrix, title: 打分, rows: [快, 准], options: [差, 好]}
      - {code: q6, kind: contact, title: 留个电话, consent: 同意回复我}
"""


@ONE
def test_the_form_says_everything_that_paper_needs(signed_in, browser, chain) -> None:
    with chain.db.write() as session:
        version = surveys.publish(session, chain.actors["product"], read_definition(SURVEY)).id
        wave = surveys.open_wave(session, chain.actors["product"], version, "十一月").id
    page = signed_in("clerk").get(f"/print/form?wave={wave}&store={chain.stores['S1']}")
    assert page.status_code == 200 and len(page.content) < 30_000
    text = page.text
    for words in (
        "纸上问", "只用来改进&lt;b&gt;", "静安店", "纸卷编号", "日期", "第 1 题选“不好”，才答这一题", "第 3 题至少 9：结束，不用再答",
        "同意回复我", "十一月", "@page { size: A4",
    ):  # fmt: skip
        assert words in text, words
    # One truth about the receipt, and no code of ours on what a fan reads.
    assert "回执码" not in text and "改进&lt;b&gt;产品&lt;/b&gt;。" in text and "告诉店员" in text
    assert not re.search(r"yes_|\bq[1-6]\b|>paper\b|· paper", text)
    assert "<script" not in text and "&lt;script&gt;" in text
    assert text.count('class="box"') == 3 + 11 + 4 + 1
    by_version = signed_in("product").get(f"/print/form?version={version}").text
    assert "静安店" not in by_version and "十一月" not in by_version and "纸上问" in by_version
    foreign = signed_in("clerk").get(f"/print/form?wave={wave}&store={chain.stores['S3']}").text
    assert "天河店" not in foreign
    assert signed_in("stranger").get(f"/print/form?wave={wave}").status_code == 404
    for odd in ("wave=0", "wave=x", f"wave={'9' * 30}", "", "version=-1"):
        assert signed_in("ceo").get(f"/print/form?{odd}").status_code == 404
    assert browser().get(f"/print/form?wave={wave}", headers={"accept": "text/html"}).status_code == 303


@ONE
def test_the_sheet_is_downloaded_by_those_who_may(signed_in, chain) -> None:
    with chain.db.write() as session:
        version = surveys.publish(session, chain.actors["product"], read_definition(SURVEY)).id
        wave = surveys.open_wave(session, chain.actors["product"], version, "十一月").id
    answer = signed_in("clerk").get(f"/export/paper_sheet?wave={wave}")
    assert answer.status_code == 200
    assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames[0] == "填写"
    assert signed_in("stranger").get(f"/export/paper_sheet?wave={wave}").status_code == 404


@ONE
def test_every_shipped_survey_prints(signed_in, chain) -> None:
    client = signed_in("product")
    for file in sorted(content_path("surveys").rglob("*.yaml")):
        with chain.db.write() as session:
            survey = read_definition(file.read_text("utf-8"))
            version = surveys.publish(session, chain.actors["product"], survey).id
        page = client.get(f"/print/form?version={version}")
        assert page.status_code == 200 and "回执码" not in page.text, file.name
