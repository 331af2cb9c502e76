"""Nothing a fan wrote becomes a formula, in Excel or CSV, and no word of it is lost."""

from __future__ import annotations

import csv
import io

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanops.spreadsheet import harmless, write_csv, write_xlsx

DANGEROUS = [
    start + rest
    for start in ("=", "+", "-", "@", "\t=", "\r=", "＝", "＋", "－", "＠", " =", "\u3000=", "\n=")
    for rest in ("1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://evil.example","看")', "SUM(A1:A9)")
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_starts_a_formula_is_disarmed(text: str) -> None:
    frame = pd.DataFrame({"原话": [text], text: ["标题也是"]})
    sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx(frame))).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    assert sheet["A2"].value.startswith("'")
    rows = list(csv.reader(io.StringIO(write_csv(frame).decode("utf-8-sig"), newline="")))
    assert rows[1][0] == "'" + text
    assert rows[0][1] == "'" + text


@pytest.mark.parametrize(
    "text", ["好喝", "3-5 元", "a=b", "'引号", "https://example.com", "007", "１＋１", "+86 13800138000", "-18.50"]
)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    frame = pd.DataFrame({"原话": [text]})
    sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx({"一": frame}))).active
    assert (sheet["A2"].value, sheet["A2"].hyperlink) == (text, None)
    assert harmless(text) == text


def test_numbers_stay_numbers_and_gaps_stay_gaps() -> None:
    frame = pd.DataFrame({"数": [-1.5, None, 3.0], "句": ["负", None, "三"], "真": [True, False, True]})
    sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx(frame))).active
    assert [cell.value for cell in sheet["A"]] == ["数", -1.5, None, 3]
    assert [cell.value for cell in sheet["B"]] == ["句", "负", None, "三"]
    assert write_csv(frame).decode("utf-8-sig").splitlines()[1:3] == ["-1.5,负,True", ",,False"]


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=40), min_size=1, max_size=8))
def test_csv_brings_every_word_back(texts: list[str]) -> None:
    table = write_csv(pd.DataFrame({"原话": texts})).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table, newline="")))[1:]
    back = [row[0] if row else "" for row in rows]
    assert [text.removeprefix("'") if text != given else text for text, given in zip(back, texts, strict=True)] == texts


def test_what_is_done_is_told_column_by_column() -> None:
    told: list[float] = []
    write_xlsx({"一": pd.DataFrame({"甲": [1, 2], "乙": ["x", None]}), "空": pd.DataFrame()}, told.append)
    assert told == [0.25, 0.5, 1.0]
