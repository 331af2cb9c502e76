"""A fan answers by QR without JavaScript and comes back after closing the browser; a manager imports, mends, takes back."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from tests.access.test_attachments import photo, sound
from tests.collect.test_survey_exports import WJX
from tests.journeys.conftest import DESK, PHONE, Server

_OPEN_WAVE = """
import sys
from fanops.access.accounts import owner_actor
from fanops.collect import records_surveys as records
from fanops.collect.surveys.definition import read_definition
from fanops.content import content_path
from fanops.database import ready_database
survey = read_definition(content_path("surveys/store_visit.yaml").read_text("utf-8"))
with ready_database().write() as session:
    actor = owner_actor(session)
    version = records.publish(session, actor, survey)
    print(records.open_wave(session, actor, version.id, sys.argv[1]).id)
"""


def open_wave(server: Server, title: str) -> str:
    """Open a wave of the survey 到店体验 and give its id."""
    done = subprocess.run(
        [sys.executable, "-c", _OPEN_WAVE, title], env=server.environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip().splitlines()[-1]


@pytest.fixture
def link(visit, server: Server) -> str:
    """The address in a store's QR, read off the sheet that is printed."""
    wave = open_wave(server, "扫码答的一期")
    window = visit(DESK)
    window.sign_in("admin", path=f"/print/codes?wave={wave}")
    window.page.locator(".codes svg").first.wait_for()
    window.shot("codes_desk")
    return re.search(r"https?://\S+/s/\S+", window.page.locator(".codes small").first.inner_text())[0].replace(
        "127.0.0.1", "localhost"
    )


def test_a_fan_answers_by_qr_without_javascript_and_resumes_after_closing(visit, link: str, tmp_path: Path) -> None:
    first = visit(PHONE, java_script_enabled=False)
    page = first.page
    page.goto(link)
    first.shot("form_start_phone")
    page.get_by_role("button", name="同意并开始").click()
    page.get_by_role("button", name="下一页").click()  # the first question is required
    page.get_by_text("这道题需要回答").wait_for()
    page.get_by_role("radio", name="2", exact=True).check()
    page.get_by_role("button", name="下一页").click()
    page.get_by_label("等得太久").check()
    page.get_by_label("想对我们说点什么").fill("排队等了半小时")
    first.shot("form_screen_phone")
    page.get_by_role("button", name="上一页").click()  # looks back, which keeps this screen too
    assert page.get_by_role("radio", name="2", exact=True).is_checked()
    kept = tmp_path / "cookies.json"
    page.context.storage_state(path=kept)
    page.context.close()  # the browser is closed in the middle

    again = visit(PHONE, java_script_enabled=False, storage_state=str(kept))
    page = again.page
    page.goto(link)
    assert page.get_by_label("等得太久").is_checked()  # where it stopped, not at the beginning
    assert page.get_by_label("想对我们说点什么").input_value() == "排队等了半小时"
    page.get_by_role("button", name="提交").click()
    receipt = page.locator(".receipt").inner_text()
    again.shot("form_thanks_phone")
    page.goto(link)
    page.get_by_text("您已经交过了").wait_for()
    page.goto(f"{again.server.url}/s/receipt")
    page.locator("input[name=receipt]").fill(receipt)
    page.get_by_role("button").first.click()
    page.get_by_text("排队等了半小时").wait_for()
    again.shot("form_receipt_phone")
    assert (
        page.locator("main").bounding_box()["width"] <= PHONE["width"]
    )  # without JavaScript nothing else can be asked
    assert not first.foreign and not again.foreign


def test_an_import_with_refused_rows_is_mended_taken_and_undone(visit, server: Server, tmp_path: Path) -> None:
    orders = tmp_path / "订单.csv"
    orders.write_text(
        "订单号,门店,下单时间,实付金额,会员号\n"
        "A1,静安店,2026-10-01 10:00,18.00,M1\nA2,火星店,2026-10-01 11:00,20.00,M2\n"
        "A3,静安店,前天,25.00,M3\nA4,静安店,2026-10-02 09:30,31.50,M1\n",
        "gb18030",
    )
    window = visit(DESK)
    page = window.page
    window.sign_in("admin", path="/import_voices")
    window.settle()
    page.get_by_role("radio", name="订单").or_(page.get_by_role("button", name="订单", exact=True)).first.click()
    window.settle()
    page.locator("input[type=file]").set_input_files(orders)
    page.get_by_text("有 2 行不能导入").first.wait_for()
    window.settle()
    window.shot("import_refused_desk")
    assert page.get_by_role("button", name="导入 2 行").is_disabled()
    address = page.get_by_role("link", name="下载不能导入的行").get_attribute("href")
    answer = page.context.request.get(f"{server.url}{address}" if address.startswith("/") else address)
    assert answer.ok and "no-store" in answer.headers["cache-control"]
    kept = tmp_path / "refused.xlsx"
    kept.write_bytes(answer.body())
    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(kept).active.iter_rows()]
    assert (
        [row[0] for row in rows] == ["行", "3", "4"] and "没有这家门店" in rows[1][1] and "看不懂这个时间" in rows[2][1]
    )
    page.get_by_text("只导入可用的行").click()
    window.settle()
    page.get_by_role("button", name="导入 2 行").click()
    page.get_by_text("已导入订单：新增 2 条").first.wait_for(timeout=60_000)
    window.shot("import_done_desk")
    page.get_by_role("button", name="撤销这次导入").click()
    page.get_by_text("已撤销").first.wait_for()
    window.settle()
    page.get_by_text("已撤销").first.wait_for()
    assert "已撤销" in server.fanops("import", "list")
    assert not window.foreign and not window.violations


def test_a_survey_export_is_recognised(visit, server: Server, tmp_path: Path) -> None:
    open_wave(server, "从问卷星来的一期")
    export = tmp_path / "问卷星导出.csv"
    export.write_text(WJX, "gb18030")
    for size, name in ((DESK, "desk"), (PHONE, "phone")):
        window = visit(size)
        window.sign_in("admin", path="/import_voices")
        window.settle()
        window.page.locator("input[type=file]").set_input_files(export)
        window.page.get_by_text("认出来了：问卷星的导出").wait_for()
        window.page.get_by_role("heading", name="会发生什么").wait_for()
        window.settle()
        window.shot(f"import_survey_{name}")
        assert window.width_overflow() == 0
        assert not window.foreign and not window.violations


def test_a_photo_and_a_recording_are_seen_and_heard(visit, tmp_path: Path) -> None:
    picture, recording = tmp_path / "门口.jpg", tmp_path / "采访.wav"
    picture.write_bytes(photo(size=(640, 480)))
    recording.write_bytes(sound(1.0))
    window = visit(PHONE)
    page = window.page
    window.sign_in("clerk", path="/interviews")
    window.settle()
    page.get_by_role("tab", name="现场访谈").click()
    page.get_by_role("button", name="不留身份，直接开始").click()
    page.get_by_label("顾客原话").wait_for()
    page.get_by_text("照片和录音").click()
    for file in (picture, recording):
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_text(f"已添加 {file.name}").first.wait_for()
        window.settle()
    if not page.locator("audio").first.is_visible():
        page.get_by_text("照片和录音").click()
    page.locator("audio").scroll_into_view_if_needed()
    picture_width = "async picture => { await picture.decode(); return picture.naturalWidth }"
    assert page.locator("img[alt='门口.jpg']").evaluate(picture_width) == 480
    length = page.locator("audio").evaluate(
        "player => new Promise(done => { player.onloadedmetadata = () => done(player.duration); player.load(); "
        "player.preload = 'metadata' })"
    )
    assert 0.9 < length < 1.1
    box = page.locator("img[alt='门口.jpg']").bounding_box()
    assert box["height"] <= 256 + 2 and box["x"] + box["width"] <= PHONE["width"] - 16
    page.locator("img[alt='门口.jpg']").scroll_into_view_if_needed()
    window.shot("interview_attachments_phone")
    assert window.width_overflow() == 0
    assert not window.foreign and not window.violations


def test_the_last_sentence_is_kept_though_the_interview_ends_before_it_arrives(visit) -> None:
    window = visit(PHONE)
    page = window.page
    window.sign_in("clerk", path="/interviews")
    window.settle()
    page.get_by_role("tab", name="现场访谈").click()
    page.get_by_role("button", name="不留身份，直接开始").click()
    said = page.get_by_label("顾客原话")
    said.wait_for()
    # A slow network: what is typed arrives seconds after the tap that ends the interview.
    page.route("**/api/interview/note", lambda route: (page.wait_for_timeout(3_000), route.continue_()))
    said.press_sequentially("杯盖漏了一手")
    page.get_by_role("button", name="结束访谈").click()
    page.get_by_text("1 段顾客原话成为原声").first.wait_for()
    assert page.get_by_text("杯盖漏了一手").is_visible()
    window.settle()
    page.unroute_all(behavior="wait")  # what is still on its way would break in another test's hands
    page.get_by_role("button", name="撤销").click()  # ended too early
    said.wait_for()
    assert said.input_value() == "杯盖漏了一手"
    window.settle()
