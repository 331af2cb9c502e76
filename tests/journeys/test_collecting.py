"""Collecting as store staff do it: recording for a fan on a phone; an interview through a killed server, then coded."""

from __future__ import annotations

import signal
from pathlib import Path
from urllib.parse import urlsplit

from tests.journeys.conftest import DESK, PHONE, Visit


def test_a_clerk_records_a_fans_answers_on_a_phone(visit) -> None:
    desk = visit(DESK)
    desk.sign_in("admin", path="/surveys")
    desk.settle()
    page = desk.page
    if not page.get_by_label("从现成的问卷开始").is_visible():  # folded up once a wave is there
        page.get_by_text("开新的一期").click()
    page.get_by_label("从现成的问卷开始").click()
    page.get_by_role("option", name="到店体验", exact=True).click()
    page.get_by_role("button", name="发布这份问卷").click()
    page.get_by_text("已发布，第 1 版").first.wait_for()
    page.get_by_label("这一期叫什么").fill("十一月到店")
    page.get_by_role("button", name="开这一期").click()
    page.get_by_text("已开始收集").wait_for()

    window = visit(PHONE)
    window.sign_in("clerk", path="/record")
    window.settle()
    page = window.page
    page.get_by_text("新顾客").click()
    # While the fold opens (0.4 s) the button under it moves away from a tap; nobody types a number as fast as this test.
    page.wait_for_timeout(600)
    page.get_by_label("手机号", exact=True).fill("13800138000")
    page.get_by_role("button", name="新增并开始").click()
    page.get_by_text("第 1 题").wait_for()
    window.shot("record_phone")
    assert window.width_overflow() == 0
    page.get_by_role("radio", name="2", exact=True).click()
    page.get_by_text("第 2 题").wait_for()
    page.get_by_role("button", name="等得太久").click()
    page.reload()  # the draft is in the database: the next open question comes up
    window.settle()
    send = page.get_by_role("button", name="交上去")
    on = page.get_by_role("button", name="下一题").or_(page.get_by_role("button", name="跳过"))
    question = page.locator("[data-testid=stMain] h3")
    send.or_(on).first.wait_for()
    while not send.is_visible():
        field = page.get_by_label("顾客的原话")
        if field.count():
            field.fill("排队等了半小时")
        asked = question.first.inner_text()
        on.first.click()
        question.filter(has_text=asked).wait_for(state="detached")  # what stands there before that is the old one
        send.or_(on).first.wait_for()
    send.click()
    page.get_by_text("回执码").first.wait_for()
    window.shot("record_done_phone")
    desk.open("/surveys")
    desk.page.get_by_text("收到 1 份答卷").wait_for()
    assert not window.foreign and not window.violations


def _code(window: Visit, words: str, code: str) -> None:
    """Select a passage of the open interview and put it under a new code."""
    page = window.page
    said = page.locator("p[data-turn]").filter(has_text=words)
    said.wait_for()
    said.evaluate(
        """(node, words) => {
        const text = node.firstChild.firstChild, range = document.createRange(), at = text.data.indexOf(words)
        range.setStart(text, at); range.setEnd(text, at + words.length)
        document.getSelection().removeAllRanges(); document.getSelection().addRange(range)
    }""",
        words,
    )
    page.get_by_text(f"“{words}”").first.wait_for()
    page.get_by_label("找编码").fill(code)
    page.get_by_label("找编码").press("Enter")
    page.get_by_role("button", name=f"新编码“{code}”").click()
    page.get_by_text("我编的 1 段").wait_for()
    page.locator("mark").filter(has_text=words).wait_for()


TRANSCRIPT = """店员：最近来得多吗？
顾客：每周两次，就是杯套老是漏水。
店员：还有别的吗？
顾客：甜度要是能再低一点就好了。
"""


def test_a_transcript_becomes_coded_units(visit) -> None:
    window = visit(DESK)
    window.sign_in("admin", path="/interviews")
    window.settle()
    page = window.page
    page.get_by_role("tab", name="导入文字稿").click()
    page.get_by_label("或粘贴").fill(TRANSCRIPT)
    page.get_by_label("或粘贴").press("Control+Enter")
    page.get_by_text("谁是顾客").wait_for()
    assert page.get_by_role("radio", name="顾客").is_checked()  # guessed, and shown before anything is stored
    page.get_by_role("button", name="导入这次访谈").click()
    page.get_by_text("段顾客原话成为原声").first.wait_for()
    page.get_by_role("link", name="打开这次访谈").click()  # the list may begin with another journey's interview
    _code(window, "杯套老是漏水", "漏杯")
    window.shot("transcript_coded_desk")
    window.open("/voices")
    page.get_by_label("搜索原声").fill("杯套老是漏水")  # other journeys fill the first page, whichever ran before
    page.get_by_label("搜索原声").press("Enter")
    page.locator("blockquote").filter(
        has_text="杯套老是漏水"
    ).first.wait_for()  # the fan's turn is a voice like any other
    assert not window.foreign and not window.violations


def test_an_interview_outlives_a_killed_server_and_is_coded(start, visit, tmp_path: Path) -> None:
    process, server = start(tmp_path)
    window = visit(PHONE, on=server)
    window.sign_in("clerk", path="/interviews")
    window.settle()
    page = window.page
    page.get_by_role("tab", name="现场访谈").click()
    page.get_by_role("button", name="不留身份，直接开始").click()
    page.get_by_label("顾客原话").wait_for()
    page.get_by_label("顾客原话").press_sequentially("每周来两次", delay=5)
    page.get_by_text("已存").first.wait_for()
    process.send_signal(signal.SIGKILL)
    process.wait()
    page.get_by_label("顾客原话").press_sequentially("，就是排队太久", delay=5)
    page.get_by_text("先存在这台设备上").wait_for()
    window.shot("interview_offline_phone")
    start(tmp_path, port=urlsplit(server.url).port)
    page.get_by_text("已存").first.wait_for(timeout=60_000)  # sent again by itself
    page.reload()
    page.get_by_label("顾客原话").wait_for()
    assert page.get_by_label("顾客原话").input_value() == "每周来两次，就是排队太久"
    window.shot("interview_phone")
    assert window.width_overflow() == 0
    page.get_by_role("button", name="结束访谈").click()
    page.get_by_text("1 段顾客原话成为原声").first.wait_for()

    desk = visit(DESK, on=server)
    desk.sign_in("admin", path="/interviews")
    desk.settle()
    page = desk.page
    page.locator("[data-testid=stPageLink] a[href*='interview=']").first.click()
    _code(desk, "排队太久", "等位")
    desk.shot("coding_desk")
    assert not desk.foreign and not desk.violations
