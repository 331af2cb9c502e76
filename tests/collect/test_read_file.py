"""Files as people have them, and files that mean harm."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanops.collect.encodings import find_encoding
from fanops.collect.read_file import list_sheets, read_content, read_path
from fanops.errors import InvalidInput

TEXT = "评论,门店\n排队太久了,静安店\n“珍珠”很硬,西湖店\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_usual_encoding_gives_the_same_rows(encoding: str) -> None:
    table = read_content(TEXT.encode(encoding), "评价.csv")
    assert table.headings == ["评论", "门店"]
    assert table.rows["评论"].tolist() == ["排队太久了", "“珍珠”很硬"]
    assert table.rows.index.tolist() == [2, 3]


def test_rare_characters_and_emoji_survive() -> None:
    for encoding in ("utf-8", "gb18030"):
        table = read_content("评论\n𠮷野家的㵘字👩‍👩‍👧好吃😀\n".encode(encoding), "a.csv")
        assert table.rows["评论"].tolist() == ["𠮷野家的㵘字👩‍👩‍👧好吃😀"]


@pytest.mark.parametrize("encoding", ["cp950", "big5hkscs"])
def test_big5_is_not_read_as_other_characters(encoding: str) -> None:
    rows = ["服務態度很差,台北店", "排隊太久了,高雄店", "珍珠太硬,台中店"] + ["嘢食幾好,香港店", "等咗好耐,旺角店"] * (
        encoding != "cp950"
    )
    table = read_content("\n".join(["評論,門店", *rows]).encode(encoding), "a.csv")
    assert table.encoding == encoding and table.headings == ["評論", "門店"]
    assert [",".join(row) for row in table.rows.to_numpy().tolist()] == rows


def test_mixed_encodings_are_refused_with_the_row() -> None:
    content = "评论,门店\n排队太久了,静安店\n".encode() + "珍珠很硬,西湖店\n".encode("gbk")
    with pytest.raises(InvalidInput) as refusal:
        read_content(content, "a.csv")
    assert "第 3 行" in refusal.value.message
    assert [problem.row for problem in refusal.value.problems] == [3]


def test_mixed_the_other_way_round() -> None:
    content = "评论\n排队太久\n很慢很慢\n".encode("gbk") + "珍珠很硬\n".encode()
    with pytest.raises(InvalidInput) as refusal:
        read_content(content, "a.csv")
    assert [problem.row for problem in refusal.value.problems] == [4]


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\xef\xbb\xbf", b"\x00" * 100, "评论,门店\n".encode(), b"  \t "])
def test_an_empty_file_says_so(content: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"空的|没有数据行"):
        read_content(content, "a.csv")


@pytest.mark.parametrize(
    "content", [b"%PDF-1.4 ...", b"\x89PNG\r\n\x1a\n0000", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0junk"]
)
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_content(content, "a.xlsx")


def test_two_hundred_megabytes_are_refused_before_they_are_read(tmp_path) -> None:
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    tracemalloc.start()
    with pytest.raises(InvalidInput, match="200 MB"):
        read_path(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_a_bomb_is_refused_by_its_directory() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    tracemalloc.start()
    with pytest.raises(InvalidInput, match="不正常"):
        read_content(target.getvalue(), "bomb.xlsx")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_workbook_with_a_title_above_the_headings_and_a_second_sheet() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "订单"
    sheet.append(["导出时间 2026-11-25"])
    sheet.append([])
    sheet.append(["订单号", "金额", "门店"])
    sheet.append([1001, 12.5, "静安店"])
    sheet.append(["A2", "=1+1", None])
    book.create_sheet("说明")["A1"] = "不用导入"
    target = io.BytesIO()
    book.save(target)
    table = read_content(target.getvalue(), "订单.xlsx")
    assert table.sheet == "订单"
    assert table.headings == ["订单号", "金额", "门店"]
    assert table.rows.iloc[0].tolist() == ["1001", "12.5", "静安店"]
    assert table.rows.index.tolist() == [4, 5]  # as Excel numbers them
    assert table.rows.iloc[1]["金额"] == ""  # a formula without a stored value has none
    assert "说明" in table.notes[0]


def test_no_row_of_a_long_workbook_is_lost_and_each_keeps_its_number() -> None:
    book = openpyxl.Workbook()
    book.active.append(["订单号", "金额"])
    for number in range(2, 102):
        book.active.append([number, 10**15 + number])
    target = io.BytesIO()
    book.save(target)
    table = read_content(target.getvalue(), "订单.xlsx", kind="orders")
    assert table.rows.index.tolist() == list(range(2, 102))
    assert table.rows["订单号"].tolist() == [str(number) for number in range(2, 102)]
    assert table.rows["金额"].iloc[0] == "1000000000000002"  # sixteen digits are still exact


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_separators_are_found(separator: str) -> None:
    lines = [["编号", "评论", "门店"], ["1", "好吃", "静安店"], ["2", "一般，吧", "西湖店"]]
    table = read_content("\n".join(separator.join(line) for line in lines).encode(), "a.txt")
    assert table.rows.to_numpy().tolist() == lines[1:]


def test_free_text_under_one_heading_stays_one_column() -> None:
    table = read_content("评论\n好吃, 便宜, 快\n一般\n甜, 腻\n".encode(), "a.csv")
    assert table.rows["评论"].tolist() == ["好吃, 便宜, 快", "一般", "甜, 腻"]


def test_two_short_headings_are_two_columns() -> None:
    assert read_content("评论,时间\n好,2026-11-01\n慢 , 2026-11-02\n".encode(), "a.csv").headings == ["评论", "时间"]


def test_a_row_with_too_many_cells_is_named_and_the_others_kept() -> None:
    table = read_content("评论,门店\n好,静安店\n甜,腻,西湖店\n慢,东门店\n".encode(), "a.csv")
    assert table.rows["评论"].tolist() == ["好", "慢"]
    assert [problem.row for problem in table.problems] == [3]


def test_equal_headings_are_told_apart() -> None:
    table = read_content("评论,评论,\n甲,乙,丙\n".encode(), "a.csv")
    assert len(set(table.headings)) == len(table.headings) == 2 or table.headings[0] == "评论"


cells = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\x85\u2028\u2029"), min_size=1, max_size=30
).filter(lambda cell: cell.strip() == cell and cell.strip())


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=20), st.sampled_from(["utf-8-sig", "gb18030", "utf-16"]))
def test_what_a_spreadsheet_writes_is_read_as_it_was(rows: list[tuple[str, str]], encoding: str) -> None:
    target = io.StringIO()
    writer = csv.writer(target, quoting=csv.QUOTE_ALL)
    writer.writerow(["评价内容", "门店名称"])
    writer.writerows(rows)
    table = read_content(target.getvalue().encode(encoding), "a.csv")
    assert table.rows.to_numpy().tolist() == [list(row) for row in rows]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        table = read_content(content, "a.csv")
    except InvalidInput as refusal:
        assert refusal.message
    else:
        assert table.headings


@given(st.text(st.characters(codec="gb18030"), min_size=1, max_size=80))
def test_an_encoding_found_decodes(text: str) -> None:
    for encoding in ("utf-8", "gb18030"):
        content = text.encode(encoding)
        try:
            content.decode(find_encoding(content))
        except InvalidInput as refusal:
            assert refusal.problems


def _cover_and_reviews() -> bytes:
    book = openpyxl.Workbook()
    cover = book.active
    cover.title = "说明"
    cover.append(["本表由后台导出", "请勿修改"])
    cover.append(["导出人", "小王"])
    reviews = book.create_sheet("评价")
    reviews.append(["评价内容", "门店", "评价时间"])
    reviews.append(["排队太久了", "静安店", "2026-11-01"])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_a_cover_sheet_is_passed_over_for_the_sheet_that_fits() -> None:
    content = _cover_and_reviews()
    table = read_content(content, "评价.xlsx", kind="voices")
    assert (table.sheet, table.sheets) == ("评价", ("说明", "评价"))
    assert table.rows["评价内容"].tolist() == ["排队太久了"]
    assert table.notes == ("只导入工作表“评价”，没有导入“说明”。",)
    assert list_sheets(content, "voices") == ("评价", "说明")


def test_another_sheet_is_read_when_asked_for_and_is_another_file_then() -> None:
    content = _cover_and_reviews()
    cover = read_content(content, "评价.xlsx", kind="voices", sheet="说明")
    assert cover.headings == ["本表由后台导出", "请勿修改"]
    assert cover.sha256 != read_content(content, "评价.xlsx", kind="voices").sha256
    with pytest.raises(InvalidInput, match="没有“评论”这张工作表") as refused:
        read_content(content, "评价.xlsx", kind="voices", sheet="评论")
    assert "评价" in refused.value.hint
