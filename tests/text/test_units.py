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
    "标着不另外加糖",
    "停车要另外收钱",
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
    # 就是 after its subject, or one of two; 可是, 奈何 and 却 where a clause is finished
    "缺点就是有点贵",
    "唯一不足就是停车难",
    "最大的问题就是服务差",
    "最喜欢的就是速度",
    "要么就是太甜",
    "不是太甜就是太淡",
    "不是服务不好就是太贵",
    "很好吃|就是太少",
    "很满意|可是太贵",
    "很满意|可是以后不来",
    "这可是正品",
    "味道不错|奈何太贵",
    "很满意|却太贵",
    "味道却很一般",
    "距离不过300米",
    "他淡然而过",
    # after letters, digits and closing marks
    "味道nice|但是太贵了",
    "评分4.5|但是服务差",
    "订单“已完成”|而且没退钱",
    # traditional characters as simplified ones
    "味道不錯|不過太貴",
    "環境很好|服務周到",
    "總體來說，還可以",
    # lists: the head belongs to what it opens
    "1.味道好|2.服务好|3.环境好",
    "1、味道好|2、服务好|3、环境好",
    "1)味道好|2)服务好",
    "1.味道好。|2.服务差？|3.环境好",
    "1.味道好|2.WiFi快|3.干净",
    "缺点：1.房间小|2.没有电梯.|3.早餐差",
    "1.价格贵|2.除了味道好，没什么可取",
    "①味道好|②服务好",
    "（1）味道好|（2）服务好",
    "1️⃣味道好|2️⃣服务好",
    "【优点】味道好|【缺点】贵",
    "推荐【某店】的奶茶",
    "我要的是28.|给我发错了",
    "打8分.|服务好",
    "到机场 RMB 93.|出门就有的士",
    "第1、味道好，|第2、服务好",
    # ranges
    "等了20～30分钟",
    "走路5~10分钟",
    "4日～7日住了四天",
    "味道不错~|下次再来",
    # emoji as bullets and as endings
    "👍味道好|👎服务差",
    "✅味道好|✅服务好|❌太贵",
    "⭐环境：很好|⭐服务：很差",
    "很好吃⭐|下次还来",
    "😊味道好😊|服务好😊",
    # one letter that complains
    "1.贵|2.远|3.挤",
    "1.好吃|2.菜，口味一般",
    "味道不错，|贵",
    "环境好，|脏",
    "好吃，|慢",
    "菜好吃，|吵",
    "贵。|远。|挤。",
    "好吃，|贵|但是值",
    "价格，贵",
    "味道 差",
    "太 贵",
    "送餐很差，差，差",
    "一个字，慢",
    # run-ons
    "質量好|價格貴",
    "味道好|服务好|环境好",
    "服务差|味道差|环境差",
    "隔音好|油耗低|动力足",
    "性价比高|服务好",
    "停车难|服务好",
    "干净卫生|服务好",
    "服务好|服务态度也好",
    "有很高性价比的酒店",
    "送餐速度快递员辛苦",
]


@pytest.mark.parametrize("marked", CUTS)
def test_cuts_where_a_careful_reader_would(marked: str) -> None:
    assert unit_texts(marked.replace("|", "")) == marked.split("|")


@given(
    st.text(
        st.characters(codec=None)
        | st.sampled_from("，。！？但是不过虽然 1.:、哈～…\n😀a@/2）（①【】贵差就味道好服务環過⭐"),
        max_size=300,
    )
)
def test_units_rejoin_to_the_voice(text: str) -> None:
    units = split_units(text)
    assert "".join(text[unit.start : unit.end] for unit in units) == text
    assert all(unit.start < unit.end for unit in units)


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "。 ",
        "a.b-",
        "虽然",
        "😀",
        "，",
        "味道不错但是排队太久",
        "\ud800",
        "http://",
        "a@",
        "🏻",
        "2、好",
        "。贵",
        "不是就是有点",
        "味道好",
    ],
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
