"""What people put into files: ``themes label`` and ``text polarity`` answer with a sound result or a clear sentence, never a trace."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from fanops.cli import cli

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
