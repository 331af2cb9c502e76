"""Units: hand-checked cuts over several trades, and what must hold for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanops.text.units import split_many, split_units, unit_texts

# "|" marks the borders a careful reader would set.
CUTS = [
    "味道不错，|但是排队太久，|阿姨很热情",
    "味道不错|但是排队太久",
    "环境很好|服务周到",
    "除了贵没毛病",
    "又贵又难吃",
    "不难吃，|也不贵",
    "这家不但味道好，|而且便宜",
    "忙不过来",
    "再好不过了",
    "我希望多一点座位",
    "奶茶太甜了，|希望能少糖",
    "粥就是水做的",
    "味道可以|就是有点贵",
    "珍珠、椰果、布丁都好吃",
    "哈哈，味道不错",
    "味道不错，哈哈",
    "总之，不会再来了",
    "虽然有点贵，但是值得",
    "如果能便宜一点，我会常来",
    "12:30才送到，|3.5折也不划算",
    "看https://a.example/x,y?z=1，|图片不清楚",
    "豆花安逸得很噻，|就是排队太久咯",
    "這家店環境不錯，|但是價格偏貴",
    "好喝😊|下次还来",
    "有没有低糖的？|太甜了！",
    "油耗高，|内饰做工粗糙，|空间还行",
    "房间隔音差。|早餐种类少。",
    "wifi太慢，|check in等了40分钟",
    "没有缺点",
    "感觉不对，|不够臭",
    "总体来说，还可以",
    "第一次买，有点失望",
    "检查结果很满意",
    "不但不贵",
]


@pytest.mark.parametrize("marked", CUTS)
def test_cuts_where_a_careful_reader_would(marked: str) -> None:
    assert unit_texts(marked.replace("|", "")) == marked.split("|")


@given(st.text(st.characters(codec=None) | st.sampled_from("，。！？但是不过虽然 1.:、哈～…\n😀a@/"), max_size=300))
def test_units_rejoin_to_the_voice(text: str) -> None:
    units = split_units(text)
    assert "".join(text[unit.start : unit.end] for unit in units) == text
    assert all(unit.start < unit.end for unit in units)


@pytest.mark.parametrize(
    "piece", ["1", "。 ", "a.b-", "虽然", "😀", "，", "味道不错但是排队太久", "\ud800", "http://", "a@"]
)
def test_a_cell_of_100_000_characters_is_cut_and_loses_nothing(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    assert "".join(unit_texts(text)) == text


def test_many_voices_give_the_same_cuts_as_each_alone() -> None:
    voices = ["味道不错，但是太贵", "", "没有"]
    voice, start, end = split_many(voices)
    assert [voices[v][a:b] for v, a, b in zip(voice, start, end, strict=True)] == ["味道不错，", "但是太贵", "没有"]
    assert voice.tolist() == [0, 0, 2]


def test_nothing_meaningless_stands_alone() -> None:
    assert all(len(unit) > 2 for unit in unit_texts("嗯，味道好，哈，服务好，哦，总之，都挺好的"))
