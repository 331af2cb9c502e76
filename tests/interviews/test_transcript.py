"""Transcripts: each layout people really have, and the fan guessed."""

from __future__ import annotations

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanops.collect.interviews.transcript import guess_fan, read_transcript, read_turns
from fanops.errors import InvalidInput

COLON = "访谈员：您常来吗？\n张三: 一周两次吧，\n主要是下班路过。\n\n访谈员：最不满意什么？\n张三：排队，太久了。"
CLOCK = "[00:01] 店员：您好\n[00:05] 顾客：珍珠太硬了\n[01:02:03] 店员：谢谢"
MEETING = "王店长 00:00:03\n您觉得怎么样？\n说话人2 00:00:09\n杯盖老是漏，\n洒一身。"
SRT = "1\n00:00:01,500 --> 00:00:03,000\n店员：您好\n\n2\n00:00:04,000 --> 00:00:06,000\n顾客：等了半小时\n\n3\n00:00:06,100 --> 00:00:08,000\n顾客：才拿到\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v 店员>您好</v>\n\n00:03.000 --> 00:04.000\n<v 李女士>太<b>甜</b>了</v>\n"
QA = "问：喜欢什么？\n答：喜欢茶味，3:1的比例刚好。"


@pytest.mark.parametrize(
    ("text", "expected", "fan"),
    [
        (COLON, [("访谈员", "您常来吗？"), ("张三", "一周两次吧， 主要是下班路过。"), ("访谈员", "最不满意什么？"), ("张三", "排队，太久了。")], "张三"),
        (CLOCK, [("店员", "您好"), ("顾客", "珍珠太硬了"), ("店员", "谢谢")], "顾客"),
        (MEETING, [("王店长", "您觉得怎么样？"), ("说话人2", "杯盖老是漏， 洒一身。")], "说话人2"),
        (SRT, [("店员", "您好"), ("顾客", "等了半小时才拿到")], "顾客"),
        (VTT, [("店员", "您好"), ("李女士", "太甜了")], "李女士"),
        (QA, [("问", "喜欢什么？"), ("答", "喜欢茶味，3:1的比例刚好。")], "答"),
        ("没有说话人的一段话。", [("", "没有说话人的一段话。")], None),
        # A recorder's text: the name in two words, the time beside it.
        ("发言人 1   00:03\n来得多吗？\n\n发言人 2   00:08\n每周两次，等太久。", [("发言人 1", "来得多吗？"), ("发言人 2", "每周两次，等太久。")], "发言人 2"),
        ("店员 00:01:02：您好\n顾客（00:01:10）：太甜了", [("店员", "您好"), ("顾客", "太甜了")], "顾客"),
        ("王小明（顾客）：太甜了\n店员 林可：好的", [("王小明（顾客）", "太甜了"), ("店员 林可", "好的")], "王小明（顾客）"),
        ("小王 2026/11/20 14:05\n您好\n小李 2026/11/20 14:06\n太甜了，喝不完", [("小王", "您好"), ("小李", "太甜了，喝不完")], "小李"),
        # Lists, bold, tabs, numbered questions, everything on one line.
        ("1. 店员：您好\n2. 顾客：太甜了", [("店员", "您好"), ("顾客", "太甜了")], "顾客"),
        ("**店员**：您好\n**顾客**：太甜了", [("店员", "您好"), ("顾客", "太甜了")], "顾客"),
        ("店员\t您好\n顾客\t太甜了", [("店员", "您好"), ("顾客", "太甜了")], "顾客"),
        ("Q1：常来吗\nA1：每周\nQ2：还有呢\nA2：太甜了", [("Q", "常来吗"), ("A", "每周"), ("Q", "还有呢"), ("A", "太甜了")], "A"),
        ("店员：来得多吗？顾客：每周。店员：还有吗？", [("店员", "来得多吗？"), ("顾客", "每周。"), ("店员", "还有吗？")], "顾客"),
        ("店員：最近來得多嗎？\u2028顧客：太甜了", [("店員", "最近來得多嗎？"), ("顧客", "太甜了")], "顧客"),
        # What only looks like a name or a time stays what was said.
        ("顾客：12:15 来的\n12:30 就没位置了\n她说：不行\nhttps://a.example/b 这个\n1. 价格：贵", [("顾客", "12:15 来的 12:30 就没位置了 她说：不行 https://a.example/b 这个 1. 价格：贵")], "顾客"),
        # A cue without a name goes on with the one before.
        (SRT.replace("顾客：才", "才"), [("店员", "您好"), ("顾客", "等了半小时才拿到")], "顾客"),
    ],
)  # fmt: skip
def test_layouts(text, expected, fan):
    turns = read_turns(text)
    assert [(turn.speaker, turn.text) for turn in turns] == expected
    assert guess_fan(turns) == fan


def test_times_are_seconds():
    assert [turn.starts_s for turn in read_turns(CLOCK)] == [1, 5, 3723]
    assert read_turns(SRT)[0].starts_s == 1.5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding):
    assert read_transcript(COLON.encode(encoding), "a.txt")[1].speaker == "张三"


def test_docx():
    import docx

    document = docx.Document()
    for line in COLON.split("\n"):
        document.add_paragraph(line)
    file = io.BytesIO()
    document.save(file)
    assert read_transcript(file.getvalue(), "访谈.DOCX") == read_turns(COLON)


@pytest.mark.parametrize(
    ("content", "name"), [(b"", "a.txt"), (b"PK\x03\x04junk", "a.docx"), (b"\x89PNG\x00\x00", "a.txt")]
)
def test_bad_files_are_refused_in_chinese(content, name):
    with pytest.raises(InvalidInput) as refused:
        read_transcript(content, name)
    assert refused.value.hint


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_and_nothing_said_is_lost(text):
    try:
        turns = read_turns(text)
    except InvalidInput:
        return
    assert all(turn.text for turn in turns)
    if "-->" not in text and ":" not in text and "：" not in text:
        said = "".join(turn.text for turn in turns)
        assert [c for c in said if c.isalnum()] == [c for c in text if c.isalnum()]


@pytest.mark.parametrize(
    "text",
    [
        "顾客：太甜了\n" * 100_000,
        "顾客：太甜了\n" + "也太冰了\n" * 100_000,
        "顾客：太" + " " * 500_000 + "甜\n",
        " " * 500_000 + "甜",
        "顾 " * 250_000 + "：",
        "（" * 500_000 + "：",
    ],
    ids=["one speaker", "one turn", "spaces within", "spaces before", "words", "brackets"],
)
def test_a_long_transcript_is_read_at_once(text: str) -> None:
    """It is read in the web process: a file that takes minutes would stop every till of the chain."""
    began = time.process_time()
    assert len(read_turns(text)) == 1
    assert time.process_time() - began < 5
