"""The import page: what would happen, refused rows, the job, the way back, who may."""

from __future__ import annotations

import io
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from openpyxl import Workbook
from sqlmodel import func, select

from fanops.cli.worker import handlers
from fanops.collect.import_file import ImportRequest, import_file, preview_file
from fanops.jobs.worker import JobWorker
from fanops.tables import FanIdentity, ImportBatch, Voice

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
FILE = "import_voices.py"
GOOD = "评论,门店\n排队太久了,静安店\n珍珠很硬,西湖店\n".encode()
BAD = "评论,门店\n排队太久了,静安店\n珍珠很硬,火星店\n".encode("gb18030")


def _voices(chain) -> int:
    with chain.db.read() as session:
        return session.exec(select(func.count()).select_from(Voice)).one()


def _uploaded(open_page, content: bytes, login: str = "product"):
    at = open_page(login, FILE)
    at.file_uploader[0].upload("评价.csv", content, "text/csv").run()
    assert not at.exception
    return at


@ONE
def test_empty_it_says_what_will_be_here(open_page) -> None:
    at = open_page("product", FILE)
    assert not at.exception
    assert any("还没有导入过" in each.value for each in at.markdown)


@ONE
def test_a_file_becomes_voices_and_can_be_taken_back(open_page, chain) -> None:
    at = _uploaded(open_page, GOOD)
    assert {each.label: each.value for each in at.metric}["新增"] == "2 行"
    at.button(key="import.start").click().run()
    assert _voices(chain) == 0  # the page itself stores nothing
    JobWorker(chain.db, handlers()).work_once()
    assert _voices(chain) == 2
    at.run()
    assert any("新增 2 条" in each.value for each in at.success) and "新增 2 条" in at.toast[0].value
    at.run()
    assert not at.toast  # it floats once
    at.button(key="import.undo_last").click().run()
    assert not at.exception
    assert _voices(chain) == 0


@ONE
def test_refused_rows_are_listed_and_passed_over_only_when_asked(open_page, chain) -> None:
    at = _uploaded(open_page, BAD)
    assert at.button(key="import.start").disabled
    reasons = [frame.value for frame in at.dataframe if "原因" in frame.value.columns]
    assert "没有这家门店" in reasons[0]["原因"][0]
    at.checkbox(key="import.skip").check().run()
    at.button(key="import.start").click().run()
    JobWorker(chain.db, handlers()).work_once()
    assert _voices(chain) == 1


@ONE
def test_the_chief_executive_reads_only(open_page, chain) -> None:
    import_file(chain.db, chain.actors["product"], (GOOD, "评价.csv"), ImportRequest("voices"))
    at = open_page("ceo", FILE)
    assert not at.exception
    assert not at.file_uploader
    assert not [each for each in at.button if each.key and each.key.startswith("import.undo")]
    with chain.db.read() as session:
        assert session.exec(select(ImportBatch)).one().filename == "评价.csv"


@ONE
def test_a_clerk_does_not_get_in(open_page) -> None:
    at = open_page("clerk", FILE)
    assert not at.file_uploader


PHONES = "评论,门店,手机号\n排队太久了,静安店,13800138000\n珍珠很硬,西湖店,13800138001\n".encode()


@ONE
def test_a_column_that_is_not_taken_is_not_imported_by_the_job(open_page, chain) -> None:
    at = _uploaded(open_page, PHONES)
    phone = next(each for each in at.selectbox if each.label == "手机号")
    assert phone.value == "手机号"
    phone.select("（不导入）").run()
    at.button(key="import.start").click().run()
    JobWorker(chain.db, handlers()).work_once()
    assert _voices(chain) == 2
    with chain.db.read() as session:
        assert session.exec(select(func.count()).select_from(FanIdentity)).one() == 0
        assert session.exec(select(func.count()).select_from(Voice).where(Voice.fan_id.is_not(None))).one() == 0
    again = preview_file(
        chain.db,
        chain.actors["product"],
        (PHONES + "好喝,静安店,13800138002\n".encode(), "b.csv"),
        ImportRequest("voices"),
    )
    assert again.remembered
    assert "phone" not in again.mapping


@ONE
def test_what_was_put_right_stays_when_another_kind_was_looked_at(open_page) -> None:
    at = _uploaded(open_page, PHONES)
    next(each for each in at.selectbox if each.label == "手机号").select("（不导入）").run()
    at.segmented_control(key="import.kind").select("members").run()
    at.segmented_control(key="import.kind").select("voices").run()
    assert next(each for each in at.selectbox if each.label == "手机号").value == "（不导入）"


@ONE
def test_a_column_taken_for_another_thing_is_named_with_the_way_out(open_page) -> None:
    at = _uploaded(open_page, "评论,门店,联系方式\n排队久,静安店,微信a\n珍珠硬,西湖店,微信b\n".encode())
    assert any("“联系方式”这一列大多看不懂" in each.value and "不导入" in each.value for each in at.info)
    assert all(len(frame.value) for frame in at.dataframe)  # no empty table, which speaks English
    next(each for each in at.selectbox if each.label == "手机号").select("（不导入）").run()
    assert {each.label: each.value for each in at.metric}["新增"] == "2 行"


@ONE
def test_the_file_of_refused_rows_is_asked_for_with_the_columns_that_are_not_taken(open_page) -> None:
    at = _uploaded(open_page, PHONES.replace("西湖店".encode(), "火星店".encode()))
    next(each for each in at.selectbox if each.label == "手机号").select("（不导入）").run()
    link = next(each for each in at.get("link_button") if each.proto.label == "下载不能导入的行")
    asked = json.loads(parse_qs(urlsplit(link.proto.url).query)["mapping"][0])
    assert asked["phone"] == ""
    assert asked["text"] == "评论"


@ONE
def test_the_sheet_of_a_workbook_can_be_chosen(open_page, chain) -> None:
    book = Workbook()
    for title, words in (("说明", "导出说明"), ("美团", "珍珠很硬"), ("点评", "排队太久了")):
        sheet = book.active if title == "说明" else book.create_sheet(title)
        sheet.title = title
        sheet.append(["评论"] if title != "说明" else ["这张表"])
        sheet.append([words])
    target = io.BytesIO()
    book.save(target)
    at = open_page("product", FILE)
    at.file_uploader[0].upload("评价.xlsx", target.getvalue(), "application/vnd.ms-excel").run()
    sheet = next(each for each in at.selectbox if each.label == "工作表")
    assert sheet.value == "美团"
    sheet.select("点评").run()
    assert not at.exception
    at.button(key="import.start").click().run()
    JobWorker(chain.db, handlers()).work_once()
    with chain.db.read() as session:
        assert session.exec(select(Voice.text)).all() == ["排队太久了"]


@ONE
def test_a_members_file_among_the_voices_is_sent_to_its_own_tab(open_page, chain) -> None:
    at = _uploaded(open_page, "会员号,姓名,生日\nM1,爱喝茶的王小芳,1990-05-06\n".encode())
    assert "像是会员文件" in at.error[0].value and "“会员”那一栏" in at.error[0].value
    assert not at.metric


@ONE
def test_rounded_numbers_are_not_called_another_thing(open_page) -> None:
    at = _uploaded(open_page, "评论,门店,手机号\n排队久,静安店,1.39E+10\n珍珠硬,西湖店,1.39E+10\n".encode())
    assert "科学计数" in next(frame.value for frame in at.dataframe if "原因" in frame.value.columns)["原因"][0]
    assert not any("看不懂" in each.value for each in at.info)
