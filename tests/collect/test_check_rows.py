"""Rows checked: every reason names row and column; what is good becomes values."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanops.collect.check_rows import CheckedRows, StoreBook, check_rows
from fanops.collect.fields import check_mapping, guess_mapping
from fanops.collect.parse_cells import channel_of, items_of, parse_fen, parse_moments, parse_scores
from fanops.collect.read_file import read_content
from fanops.errors import InvalidInput

ZONE = ZoneInfo("Asia/Shanghai")
MOMENT = datetime(2026, 11, 25, 12, tzinfo=UTC)
BOOK = StoreBook({"静安店": 1, "s1": 1, "西湖店": 2, "山茶静安店": 1})


def check(kind: str, text: str, book: StoreBook = BOOK) -> CheckedRows:
    table = read_content(text.encode(), "a.csv")
    mapping = check_mapping(kind, guess_mapping(kind, table.rows, book.ids), table.headings)
    return check_rows(kind, table, mapping, book, ZONE, MOMENT)


def reasons(checked: CheckedRows) -> list[tuple[int | None, str | None, str]]:
    return [(problem.row, problem.column, problem.why) for problem in checked.problems]


def test_good_voices_become_values() -> None:
    checked = check("voices", "评论,门店,手机号,时间,评分\n排队久,静安,138 0013 8000,2026-11-25 10:08,4星\n")
    row = checked.rows.iloc[0]
    assert (row["text"], row["store_id"], row["phone"], row["score"]) == ("排队久", 1, "+8613800138000", 4.0)
    assert row["time"] == pd.Timestamp("2026-11-25 02:08", tz="UTC")
    assert checked.refused == 0


def test_everything_wrong_with_a_row_is_said_at_once() -> None:
    checked = check("voices", "评论,门店,手机号,时间,评分\n ,火星店,12,2027-01-01,很好\n好吃,静安店,,,\n")
    assert reasons(checked) == [
        (2, "门店", "没有这家门店，或不归您管"),
        (2, "手机号", "这个手机号的位数不对。"),
        (2, "评论", "内容是空的"),
        (2, "时间", "时间在未来"),
        (2, "评分", "评分不是数字"),
    ]
    assert (checked.refused, len(checked.rows)) == (1, 1)


def test_a_phone_is_never_shown_in_a_reason() -> None:
    checked = check("members", "会员号,手机号\nM1,138\n")
    assert [problem.value for problem in checked.problems] == [None]


def test_a_million_characters_nul_and_half_characters_are_refused() -> None:
    huge = "甜" * 1_000_000
    text = f"评论,门店\n{huge},静安店\n坏\x00字,静安店\n好,静安店\n"
    checked = check("voices", text)
    assert [problem.row for problem in checked.problems] == [2, 3]
    assert "1,000,000" in checked.problems[0].why
    assert checked.rows["text"].tolist() == ["好"]


def test_an_open_quote_does_not_swallow_the_file_in_silence() -> None:
    lines = "\n".join(f"第{n}句话说得很长很长很长很长,静安店" for n in range(2_000))
    checked = check("voices", f'评论,门店\n好,静安店\n"没有关上的引号,静安店\n{lines}\n')
    assert checked.rows["text"].tolist() == ["好"]
    assert "引号" in checked.problems[0].why


def test_duplicate_rows_are_named_with_the_first() -> None:
    checked = check("voices", "评论,门店,时间\n慢,静安店,2026-11-01\n慢,静安店,2026-11-01\n慢,静安店,2026-11-02\n")
    assert reasons(checked) == [(3, None, "与第 2 行完全相同")]


def test_equal_words_that_nothing_tells_apart_are_all_kept() -> None:
    checked = check("voices", "评论\n好吃\n好吃\n")
    assert len(checked.rows) == 2
    assert "1 行" in checked.notes[0]


@pytest.mark.parametrize("cells", [("5", "4"), ("好评", "差评")])
def test_a_rating_is_not_taken_for_what_was_said(cells: tuple[str, str]) -> None:
    said = f"评价,评价内容\n{cells[0]},等了二十分钟\n{cells[1]},珍珠很硬\n"
    assert guess_mapping("voices", read_content(said.encode(), "a.csv").rows)["text"] == "评价内容"
    alone = f"评价,门店\n{cells[0]},静安店\n{cells[1]},静安店\n"
    assert guess_mapping("voices", read_content(alone.encode(), "a.csv").rows)["text"] == "评价"


def test_numbers_that_would_become_voices_are_mentioned() -> None:
    assert "大多是数字（2 行）" in check("voices", "评论,门店\n5,静安店\n4,静安店\n好喝呀,静安店\n").notes[0]
    assert check("voices", "评论,门店\n5,静安店\n一般,静安店\n好喝呀,静安店\n").notes == ()


def test_orders_need_number_store_time_and_amount() -> None:
    text = "订单号,门店,时间,实付金额\nA1,静安店,2026-11-01 10:00,12.5\n,,,\nA3,西湖店,昨天,十二\nA1,静安店,2026-11-02,9\nA4,,2026-11-02,9\nA5,西湖店,2026-11-02,12.5\n"
    checked = check("orders", text)
    assert {(row, column) for row, column, _ in reasons(checked)} == {
        (2, None), (4, "时间"), (4, "实付金额"), (5, None), (6, "门店"),
    }  # fmt: skip
    assert checked.rows["amount_fen"].tolist() == [1250]


@pytest.mark.parametrize("name", ["订单号", "会员号", "手机号"])
def test_a_number_that_a_spreadsheet_rounded_is_refused(name: str) -> None:
    row = {"订单号": "A1", "会员号": "M1", "手机号": "13900001234"} | {name: "4.20001E+27"}
    checked = check("orders", f"{','.join(row)},门店,时间,金额\n{','.join(row.values())},静安店,2026-11-25 10:00,10\n")
    [(place, column, why)] = reasons(checked)
    assert (place, column) == (2, name)
    assert "科学计数" in why


def test_members_are_one_per_identity() -> None:
    checked = check("members", "会员号,手机号,姓名\nM1,13800138000,王\nM2,13800138000,李\n,,赵\n")
    assert [(problem.row, problem.why) for problem in checked.problems] == [
        (3, "与第 2 行是同一位会员"), (4, "会员号、手机号和 openid 都是空的"),
    ]  # fmt: skip


def test_a_birthday_that_never_was_is_refused_with_its_row() -> None:
    checked = check("members", "会员号,生日\nM1,1990-02-30\nM2,1990-13-01\nM3,2月30日\nM4,2999-01-01\nM5,19900231\n")
    assert reasons(checked) == [(row, "生日", "没有这一天，生日请写成 1990-05-06 或 05-06") for row in range(2, 7)]
    assert {problem.value for problem in checked.problems} == {None}  # a birthday is never shown
    days = ["1990-05-06", "1990/5/6", "1992-02-29", "02-29", "5月6日", "1990年5月6日", "19900506", "0506", "1990-05",
            "", "保密", "5/6/1990", "31/12/1990", "90-05-06", "32964", "1990-05-06 00:00:00"]  # fmt: skip
    checked = check("members", "会员号,生日\n" + "".join(f"M{place},{day}\n" for place, day in enumerate(days)))
    assert checked.refused == 0 and checked.rows["birthday"].iloc[-1] == "1990-05-06"


def test_a_store_managers_rows_need_a_store_of_theirs() -> None:
    own = StoreBook({"静安店": 1}, default_id=1, required=True)
    checked = check("voices", "评论,门店\n好吃,\n慢,西湖店\n", own)
    assert checked.rows["store_id"].tolist() == [1]
    assert reasons(checked) == [(3, "门店", "没有这家门店，或不归您管")]


@pytest.mark.parametrize("name", ["静安店", "静安", "S1", "山茶（静安店）", "山茶静安店", "静安店（地铁口）"])
def test_stores_are_found_as_people_write_them(name: str) -> None:
    assert BOOK.find(name) == 1


def test_missing_columns_are_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput) as refusal:
        check("orders", "a,b\n1,2\n")
    assert "订单号" in refusal.value.message
    assert "a、b" in refusal.value.hint


@pytest.mark.parametrize(
    ("cell", "utc"),
    [
        ("2026-11-25 10:08", "2026-11-25 02:08"), ("2026/1/5", "2026-01-04 16:00"), ("2026.1.5 9:05:03", "2026-01-05 01:05:03"),
        ("2026年11月25日 10时08分", "2026-11-25 02:08"), ("20261125", "2026-11-24 16:00"), ("11/25/2026", "2026-11-24 16:00"),
        ("46000", "2025-12-08 16:00"), ("1764000000", "2025-11-24 16:00"), ("2026-11-25T10:08:00Z", "2026-11-25 10:08"),
        ("２０２６-11-25", "2026-11-24 16:00"),
    ],
)  # fmt: skip
def test_moments_as_tills_and_people_write_them(cell: str, utc: str) -> None:
    assert parse_moments(pd.Series([cell], dtype="str"), ZONE)[0] == pd.Timestamp(utc, tz="UTC")


@pytest.mark.parametrize("cell", ["", "abc", "2026-13-45", "99", "下周", "0000-00-00", "2026-02-30"])
def test_what_is_no_moment_is_none(cell: str) -> None:
    assert pd.isna(parse_moments(pd.Series([cell], dtype="str"), ZONE)[0])


@given(st.datetimes(datetime(2001, 1, 1), datetime(2030, 1, 1)))
def test_a_moment_written_is_read_again(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    read = parse_moments(pd.Series([f"{moment:%Y-%m-%d %H:%M:%S}"], dtype="str"), ZONE)[0]
    assert read.tz_convert(ZONE).tz_localize(None) == pd.Timestamp(moment)


@given(st.integers(-10_000_000, 10_000_000))
def test_amounts_are_whole_fen(fen: int) -> None:
    yuan = f"{'-' if fen < 0 else ''}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
    assert parse_fen(pd.Series([yuan], dtype="str"))[0] == fen


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_any_cell_is_read_or_left(texts: list[str]) -> None:
    cells = pd.Series([text.encode("utf-8", "replace").decode() for text in texts], dtype="str")
    for values in (parse_moments(cells, ZONE), parse_fen(cells), parse_scores(cells)):
        assert len(values) == len(cells)
    assert all(quantity >= 1 for cell in cells for _, quantity in items_of(cell))


def test_items_and_channels() -> None:
    assert items_of("芋泥波波×2、四季春(3杯),拿铁 x1") == (("芋泥波波", 2), ("四季春", 3), ("拿铁", 1))
    assert [channel_of(cell) for cell in ("堂食", "美团外卖", "小程序自提", "机场")] == [
        "store",
        "delivery",
        "miniapp",
        "机场",
    ]


HEAD = "订单号,门店,下单时间,实付金额,会员号,商品\n"


def test_the_lines_of_one_order_are_joined_and_no_money_is_lost() -> None:
    checked = check(
        "orders",
        HEAD + "P1,静安店,2026-11-01 10:00,18,,芋泥波波\nP2,静安店,2026-11-01 10:05,9,,\n"
        "P1,静安店,2026-11-01 10:00,24,M1,四季春茶\n",
    )
    assert checked.refused == 0
    assert checked.rows["row"].tolist() == [2, 3]
    assert checked.rows["amount_fen"].tolist() == [4200, 900]
    assert checked.rows["items"].tolist() == ["芋泥波波、四季春茶", ""]
    assert checked.rows["member"].tolist() == ["M1", ""]
    assert "2 行同属 1 笔订单" in checked.notes[0]


def test_lines_that_do_not_agree_are_refused_whole() -> None:
    checked = check(
        "orders",
        HEAD + "P1,静安店,2026-11-01 10:00,18,,\nP1,静安店,2026-11-02 10:00,24,,\n"
        "P2,静安店,2026-11-01 10:00,x,,\nP2,静安店,2026-11-01 10:00,24,,\n"
        "P3,静安店,2026-11-01 10:00,7,,冰\nP3,静安店,2026-11-01 10:00,7,,冰\n",
    )
    assert checked.rows["amount_fen"].tolist() == [700]
    assert [row for row, _, _ in reasons(checked)] == [2, 3, 4, 5, 7]
    assert "时间" in reasons(checked)[1][2]
    assert "另一行不能导入" in reasons(checked)[3][2]
    assert "完全相同" in reasons(checked)[4][2]


def test_a_members_file_is_no_file_of_voices() -> None:
    for text in (
        "会员号,姓名,生日\nM1,王小芳,1990-05-06\n",
        "会员号,姓名,手机号\nM1,爱喝茶的王小芳,13800138000\n",
        "昵称,会员等级\n爱喝茶的王小芳,金卡\n",
    ):
        with pytest.raises(InvalidInput, match="像是会员文件") as refused:
            check("voices", text)
        assert "“会员”那一栏" in refused.value.hint
    # A review with the name of who wrote it is a voice, and so is what a person points at.
    assert check("voices", "昵称,手机号,评价内容\n王小芳,13800138000,好喝\n").rows["text"].tolist() == ["好喝"]
    assert check_mapping("voices", {"text": "备注"}, ["会员号", "姓名", "备注"]) == {"text": "备注"}
