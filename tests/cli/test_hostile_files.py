"""What people put into files: ``themes label`` and ``text polarity`` answer with a sound result or a clear sentence, never a trace."""

from __future__ import annotations

import csv
import gzip
import json
import random
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from fanops.cli import cli
from fanops.errors import InvalidInput
from fanops.text.table_file import read_sheet

GOOD = [
    "味道不错", "排队等位太久", "珍珠太硬", "服务员很热情", "环境很干净", "价格有点贵", "送餐太慢了", "包装破了", "奶茶太甜", "分量很足",
    "店员态度差", "出餐很快", "芋泥很细腻", "吸管容易断", "停车不方便", "杯子漏了",
]  # fmt: skip


def some(count: int) -> list[str]:
    """Sentences in a mixed order, the same each time."""
    draw = random.Random(3)
    return [
        draw.choice(["真的", "今天", "", "感觉"]) + draw.choice(GOOD) + draw.choice(["", "啊", "！", "了"])
        for _ in range(count)
    ]


CASES: dict[str, list[str]] = {
    "one row": ["排队太久"],
    "all the same": ["排队太久"] * 200,
    "all emoji": ["😀😀", "👍", "🔥🔥🔥", "❤️"] * 20,
    "a cell of 100,000 characters": ["排队太久" * 25_000, "珍" * 100_000, *some(40)],
    "control characters": [f"\x07味道\x1b[31m{text}\x0b\x7f" for text in some(60)],
    "mixed languages": [f"{text} but the queue is long 排隊等太久 ラーメン" for text in some(60)],
    "numbers as text": [str(number) for number in range(100)] + ["3.5", "1e9", "-7", "NaN", "inf", "007"],
    "three in ten missing": [text if place % 10 >= 3 else "" for place, text in enumerate(some(120))],
}


def written(path: Path, texts: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["编号", "评论"])
        table.writerows(enumerate(texts, 1))
    return path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def label(file: Path, out: Path, *more: str) -> tuple[int, str]:
    return run("themes", "label", str(file), "--text-column", "评论", "--out", str(out), *more)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", CASES)
def test_every_row_comes_back_whatever_stands_in_it(name: str, tmp_path: Path) -> None:
    texts = CASES[name]
    file, out = written(tmp_path / "in.csv", texts), tmp_path / "out.csv"
    code, said = run("themes", "label", str(file), "--text-column", "评论", "--id-column", "编号", "--out", str(out))
    assert code == 0, said
    rows = rows_of(out)
    assert [row["row"] for row in rows] == [row["编号"] for row in rows] == [str(at) for at in range(1, len(texts) + 1)]
    for row, text in zip(rows, texts, strict=True):
        assert row["polarity"] in {"-1", "0", "1"} and 0 <= float(row["strength"]) <= 1
        assert text.strip() or (row["theme_id"] == "-1" and row["theme_name"] == "无内容" and row["polarity"] == "0")
    code, said = run("text", "polarity", str(file), "--text-column", "评论", "--out", str(out))
    assert code == 0, said
    assert [row["评论"] for row in rows_of(out)] == [text.replace("\x00", "") for text in texts]


def test_units_rejoin_to_every_hostile_cell(tmp_path: Path) -> None:
    for at, texts in enumerate(CASES.values()):
        file, out = written(tmp_path / f"{at}.csv", texts), tmp_path / "out.csv"
        code, said = run("themes", "label", str(file), "--text-column", "评论", "--level", "unit", "--out", str(out))
        assert code == 0, said
        joined = dict.fromkeys(range(1, len(texts) + 1), "")
        for row in rows_of(out):
            joined[int(row["row"])] += row["text"]
        assert list(joined.values()) == texts


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "文件是空的"),
        (b"\n\n  \n", "文件是空的"),
        ("编号,正文\n1,好\n".encode(), "没有“评论”这一列"),
        ("编号,评论\n1,好\n".encode() + b"2,\xed\xa0\x80\n" + "3,中文内容\n".encode(), ""),
        (b"\x89PNG\r\n\x1a\n" + bytes(300), "不是"),
    ],
    ids=["empty", "blank", "wrong column", "lone surrogate", "a picture"],
)
@pytest.mark.parametrize("command", [("themes", "label"), ("text", "polarity")], ids="-".join)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    content: bytes, expected: str, command: tuple[str, str], tmp_path: Path
) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_bytes(content)
    code, said = run(*command, str(file), "--text-column", "评论", "--out", str(out))
    if expected:
        assert code == 1 and expected in said
        assert not out.exists() and list(tmp_path.iterdir()) == [file]
    else:
        assert code == 0 or ("编码" in said and not out.exists())


def test_a_heading_without_rows_gives_a_heading_without_rows(tmp_path: Path) -> None:
    file, out = written(tmp_path / "in.csv", []), tmp_path / "out.csv"
    code, said = run("themes", "label", str(file), "--text-column", "评论", "--out", str(out))
    assert code == 0 and "0 句" in said and rows_of(out) == []
    assert run("text", "polarity", str(file), "--text-column", "评论", "--out", str(out))[0] == 0
    assert rows_of(out) == []


def test_lone_surrogates_in_a_frame_do_no_harm() -> None:
    import pandas as pd

    from fanops.themes.label import label_table

    texts = [f"{text}\ud83d" for text in some(60)]
    found = label_table(pd.DataFrame({"评论": pd.Series(texts, dtype=object)}), "评论", level="unit")
    assert "".join(found.table["text"]) == "".join(texts) and (found.table["theme_id"] >= 0).any()


OWN_COLUMNS = [
    "row",
    "theme_id",
    "theme_name",
    "subtheme_name",
    "strength",
    "polarity",
    "polarity_probability",
    "aspect",
]


@pytest.mark.parametrize("level", ["row", "unit"])
@pytest.mark.parametrize("name", [*OWN_COLUMNS, "start", "end", "text"])
def test_an_id_column_may_have_the_name_of_a_result(name: str, level: str, tmp_path: Path) -> None:
    texts = some(60)
    people = [f"客{place % 23}" for place in range(60)]
    file, out, plain = tmp_path / "in.csv", tmp_path / "out.csv", tmp_path / "plain.csv"
    for path, heading in ((file, name), (plain, "编号")):
        path.write_text("\n".join([f"{heading},评论", *map(",".join, zip(people, texts, strict=True))]), "utf-8")
    code, said = label(file, out, "--id-column", name, "--level", level)
    assert code == 0, said
    rows = rows_of(out)
    taken = name in OWN_COLUMNS or level == "unit"
    kept = f"{name}_原" if taken else name
    assert [row[kept] for row in rows] == [people[int(row["row"]) - 1] for row in rows]
    assert (f"“{name}”在结果里叫“{name}_原”" in said) == taken
    # the same people, the same themes as under a name of no meaning
    assert label(plain, out, "--id-column", "编号", "--level", level)[0] == 0
    expected = [[value for column, value in row.items() if column != "编号"] for row in rows_of(out)]
    assert [[value for column, value in row.items() if column != kept] for row in rows] == expected


def test_texts_without_an_id_are_of_people_of_their_own(tmp_path: Path) -> None:
    texts = some(120)
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    found = []
    for lead in ("  ", "同一人"):
        lines = [f"{lead},{text}" for text in texts]
        file.write_text("\n".join(["编号,评论", *lines]), "utf-8")
        code, said = label(file, out, "--id-column", "编号", "--json")
        assert code == 0, said
        found.append(json.loads(said)["themes"])
    nobody_named, one_person = found
    assert nobody_named and not one_person  # a theme needs three people


def test_missing_ids_in_a_frame_are_people_of_their_own() -> None:
    import pandas as pd

    from fanops.themes.label import label_table

    texts = some(120)
    for missing in (None, float("nan"), pd.NA, ""):
        frame = pd.DataFrame({"评论": [*texts, missing], "编号": pd.Series([missing] * 121, dtype=object)})
        found = label_table(frame, "评论", "编号")
        assert len(found.themes) and found.table["theme_name"].iloc[-1] == "无内容"


def test_sentences_without_content_are_counted_as_such(tmp_path: Path) -> None:
    texts = [*some(120), "没有", "挺好的", "都可以", ""]
    file, out = written(tmp_path / "in.csv", texts), tmp_path / "out.csv"
    code, said = label(file, out, "--json")
    assert code == 0
    summary = json.loads(said)
    rows = rows_of(out)
    unassigned = sum(row["theme_name"] == "未归类" for row in rows)
    assert (summary["no_content"], summary["unassigned"]) == (4, unassigned)
    assert unassigned + 4 == sum(row["theme_id"] == "-1" for row in rows)
    code, said = label(file, out)
    assert f"未归类 {unassigned} 句，无内容 4 句" in said
    empty = [row for row in rows_of(out) if row["theme_name"] == "无内容"]
    assert [(row["polarity"], row["polarity_probability"]) for row in empty] == [("0", "0.3333")] * 4


@pytest.mark.parametrize("command", [("themes", "label"), ("text", "tokens")], ids="-".join)
def test_a_dictionary_that_is_none_is_said_in_a_sentence(command: tuple[str, str], tmp_path: Path) -> None:
    file, out = written(tmp_path / "in.csv", some(20)), tmp_path / "out.csv"
    base = (*command, str(file), "--text-column", "评论", "--out", str(out), "--dictionary")
    for wrong in (tmp_path / "没有.txt", tmp_path, tmp_path / ("长" * 200)):
        code, said = run(*base, str(wrong))
        assert code == 1 and "文件" in said and not out.exists()
    words = tmp_path / "词典.txt"
    words.write_text("甲茶 = 小甲\n乙茶 = 小甲\n", "utf-8")
    code, said = run(*base, str(words))
    assert code == 0 and "第 2 行：这个写法已经归在“甲茶”下" in said


@pytest.mark.parametrize(
    "command", [("themes", "label"), ("text", "polarity"), ("text", "tokens"), ("text", "units")], ids="-".join
)
def test_where_a_result_cannot_go_is_said_before_the_work(command: tuple[str, str], tmp_path: Path) -> None:
    file = written(tmp_path / "in.csv", some(5))
    before = file.read_bytes()
    link = tmp_path / "链接.csv"
    link.symlink_to(file)
    for out, expected in (
        (tmp_path, "是文件夹"),
        (tmp_path / "没有" / "out.csv", "没有这个文件夹"),
        (tmp_path / ("长" * 200), "写不进这个文件"),
        (file, "不能写到要读的文件上"),
        (tmp_path / "." / "in.csv", "不能写到要读的文件上"),
        (link, "不能写到要读的文件上"),
    ):
        code, said = run(*command, str(file), "--text-column", "评论", "--out", str(out))
        assert code == 1 and expected in said
    assert file.read_bytes() == before and sorted(tmp_path.iterdir()) == sorted([file, link])


def test_a_folder_that_takes_no_file_is_said(tmp_path: Path) -> None:
    file = written(tmp_path / "in.csv", some(5))
    code, said = run("text", "tokens", str(file), "--text-column", "评论", "--out", "/proc/out.csv")
    assert code == 1 and "写不进这个文件" in said


@pytest.mark.parametrize(
    ("command", "columns"),
    [("tokens", ["tokens"]), ("polarity", ["polarity", "polarity_probability", "polarity_score"])],
)
def test_columns_of_the_input_are_never_replaced(command: str, columns: list[str], tmp_path: Path) -> None:
    file, once, twice = tmp_path / "in.csv", tmp_path / "1.csv", tmp_path / "2.csv"
    file.write_text(f"评论,{columns[0]}\n排队太久,我写的\n味道不错,也是\n", "utf-8")
    code, said = run("text", command, str(file), "--text-column", "评论", "--out", str(once))
    assert code == 0 and f"文件里已有“{columns[0]}”" in said and f"{columns[0]}_新" in said
    assert [row[columns[0]] for row in rows_of(once)] == ["我写的", "也是"]
    assert list(rows_of(once)[0]) == ["评论", columns[0], *(f"{name}_新" for name in columns)]
    assert run("text", command, str(once), "--text-column", "评论", "--out", str(twice))[0] == 0
    assert list(rows_of(twice)[0]) == [*rows_of(once)[0], *(f"{name}_新2" for name in columns)]


def texts_read(file: Path, out: Path) -> list[str]:
    code, said = run("text", "polarity", str(file), "--text-column", "评论", "--out", str(out))
    assert code == 0, said
    return [row["评论"] for row in rows_of(out)]


def test_one_column_is_read_whole(tmp_path: Path) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    texts = ["味道不错,但是第0次来上菜太慢", "", '他说"好",我说;一般|吧', "  ", "甲\t乙", "", "最后一行"]
    file.write_text("\r\n".join(["评论", *texts, "", ""]), "utf-8", newline="")
    assert texts_read(file, out) == texts
    file.write_text('\n\n评论\n"引号里,也一样"\n""\n"两\n行"\n""\n', "utf-8")
    assert texts_read(file, out) == ["引号里,也一样", "", "两\n行", ""]
    file.write_text('"评论"\n好,快\n', "utf-8")
    assert texts_read(file, out) == ["好,快"]


def test_rows_longer_than_the_heading_are_all_named_and_none_is_cut(tmp_path: Path) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_text("编号,评论\n1,好\n2,味道不错,但是慢\n\n4,慢,,\n5,贵,真的,贵\n", "utf-8")
    code, said = run("text", "polarity", str(file), "--text-column", "评论", "--out", str(out))
    assert code == 1 and not out.exists()
    assert "有 2 行" in said and "第 3 行" in said and "第 6 行" in said and "第 5 行" not in said
    file.write_text("编号,评论\n1,好\n\n4,慢,,\n5\n", "utf-8")
    assert texts_read(file, out) == ["好", "慢", ""]


@pytest.mark.parametrize("heading", ["评论", "编号,评论"])
def test_a_quote_that_is_never_closed_is_named_with_its_row(heading: str, tmp_path: Path) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    lead = "1," if "," in heading else ""
    rows = [f"{lead}好", f'{lead}"两\n行"', f'{lead}"味道不错', f"{lead}慢", f"{lead}贵"]
    for end in ("", "\n"):
        file.write_text("\n".join([heading, *rows]) + end, "utf-8")
        code, said = run("text", "polarity", str(file), "--text-column", "评论", "--out", str(out))
        assert code == 1 and "第 4 行" in said and "引号" in said and not out.exists()


def test_big5_is_read_as_it_was_written(tmp_path: Path) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    texts = ["服務態度很差", "排隊等太久了", "珍珠太硬,不會再來"]
    for heading, rows in (("评论", texts), ("评论\t門店", [f"{text}\t台北" for text in texts])):
        content = "\n".join([heading.replace("评论", "評論"), *rows])
        file.write_bytes(content.encode("cp950"))
        code, said = run("text", "polarity", str(file), "--text-column", "評論", "--out", str(out))
        assert code == 0, said
        assert [row["評論"] for row in rows_of(out)] == texts


def test_training_data_of_another_kind_is_said_in_a_sentence(tmp_path: Path) -> None:
    clauses, sentences, out = (
        tmp_path / "restaurant_clauses.csv",
        tmp_path / "consumer_sentences.txt.gz",
        tmp_path / "out",
    )
    sentences.write_bytes(gzip.compress("味道不错\n".encode()))
    for content, expected in (
        ("评论,情感\n好,1\n", "没有“text”“polarity”这一列"),
        ("text,polarity\n好,POS\n慢,差\n", "第 3 行"),
        ("text,polarity\n好,POS\n", "只有 1 句"),
    ):
        clauses.write_text(content, "utf-8")
        code, said = run("model", "train-polarity", "--data-folder", str(tmp_path), "--out", str(out))
        assert code == 1 and expected in said and not out.exists()
    clauses.write_text("评论,方面\n好,口味\n", "utf-8")
    code, said = run("model", "train", "--data-folder", str(tmp_path), "--out", str(out))
    assert code == 1 and "没有“text”“aspect”这一列" in said
    sentences.write_bytes("不是压缩文件".encode())
    code, said = run("model", "train", "--data-folder", str(tmp_path), "--out", str(out))
    assert code == 1 and "consumer_sentences.txt.gz 打不开" in said


def test_of_a_workbook_the_sheet_with_the_column_is_read(tmp_path):
    """A cover sheet in front is common; of two sheets that fit none is lost without a word."""
    said = [f"排队太久了，第{n}次" for n in range(3)]
    book = tmp_path / "评价.xlsx"
    with pd.ExcelWriter(book, engine="xlsxwriter") as writer:
        pd.DataFrame({"说明": ["封面"]}).to_excel(writer, sheet_name="封面", index=False)
        pd.DataFrame({"评价": said}).to_excel(writer, sheet_name="一月", index=False)
    assert read_sheet(book, "评价").column("评价") == said
    with pd.ExcelWriter(book, engine="xlsxwriter") as writer:
        for month in ("一月", "二月"):
            pd.DataFrame({"评价": said}).to_excel(writer, sheet_name=month, index=False)
    with pytest.raises(InvalidInput, match="一月、二月"):
        read_sheet(book, "评价")
