"""Names: what people would write for a theme of these sentences; numbers never stand alone, praise is no name for complaints."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from fanops.text.encoder import load_encoder
from fanops.text.tokens import tokenizer
from fanops.themes.discovery import discover
from fanops.themes.keywords import WordCounts
from fanops.themes.label import label_texts
from fanops.themes.naming import Namer
from fanops.themes.parameters import Parameters
from fanops.ui.themes.theme_views import heat_figures, heat_headline, said_in_stores

# sentences of one theme → what its name may be
ACCEPTABLE = {
    "waiting": ([f"排队等了{n}分钟" for n in range(5, 23)], "排队等了(几|十几|几十)分钟"),
    "price": ([f"一杯要{n}元太贵了" for n in range(15, 33)], "一杯要(十几|几十)元太贵|太贵"),
    "pearl": (
        ["珍珠太硬了", "珍珠太硬", "今天珍珠太硬", "珍珠太硬咬不动", "珍珠有点硬", "珍珠煮得太硬", "推荐那个珍珠", "珍珠硬"] * 2,
        "珍珠(太硬|太硬咬不动|有点硬|煮得太硬)",
    ),
    "complaint": (
        ["包装不错", "包装不错", "汤都洒了", "汤都洒了", "包装破了汤洒了一袋子", "包装太差全漏了", "袋子破了汤洒了",
         "包装差汤洒得到处都是", "盖子没盖紧汤洒了", "包装漏油太恶心", "包装太差"],
        "(?!包装不错).*(洒|漏|破|太差|太恶心).*",
    ),
    "stops in the middle": (
        ["蔬菜拌饭有点", "蔬菜拌饭有点", "蔬菜拌饭有点", "蔬菜拌饭不新鲜", "喜欢拌饭不", "拌饭还是"],
        "蔬菜拌饭不新鲜",
    ),
    "asked for": (["麻烦珍珠现煮", "麻烦珍珠现煮", "珍珠要现煮", "珍珠现煮才好", "麻烦现煮珍珠"], "珍珠(要现煮|现煮才好)"),
    "mixed script": (["pizza很好吃", "pizza真的很好吃", "pizza 很好吃！", "pizza饼底很脆", "pizza芝士多"] * 3, "pizza.*"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(ACCEPTABLE))
def test_a_theme_has_a_name_people_would_write(case):
    sentences, acceptable = ACCEPTABLE[case]
    encoder, texts = load_encoder(), sorted(set(sentences))
    weights = np.array([sentences.count(text) for text in texts])
    vectors, labels = encoder.encode(texts), np.zeros(len(texts), dtype=np.int32)
    middle = (vectors.sum(axis=0) / np.linalg.norm(vectors.sum(axis=0)))[None]
    words = WordCounts([tokenizer().content_tokens(text) for text in texts], weights).keywords(labels)
    namer = Namer(texts, vectors, weights, encoder.encode, tokenizer())
    [name] = namer.name(labels, middle, words, namer.moods(labels, 1))
    assert re.fullmatch(acceptable, name), name
    assert not any(word.isnumeric() for word, _ in words[0])


def test_a_thing_alone_is_no_name():
    """Most say just the drink; the theme is named by what somebody says of it."""
    texts = sorted({"芋泥波波", "芋泥波波太甜", "芋泥波波 太甜", "那个芋泥波波"})
    weights, brand = np.array([9 if text == "芋泥波波" else 1 for text in texts]), tokenizer(frozenset({"芋泥波波"}))
    encoder = load_encoder()
    vectors, labels = encoder.encode(texts), np.zeros(len(texts), dtype=np.int32)
    middle = (vectors.sum(axis=0) / np.linalg.norm(vectors.sum(axis=0)))[None]
    words = WordCounts([brand.content_tokens(text) for text in texts], weights).keywords(labels)
    namer = Namer(texts, vectors, weights, encoder.encode, brand)
    assert namer.name(labels, middle, words, namer.moods(labels, 1)) == ["芋泥波波太甜"]


def test_a_word_list_is_no_name():
    """Nobody said anything short enough: the theme is named by what it is about."""
    texts = [f"the delivery guy number {n} arrived late again and again" for n in range(20)]
    names = [theme["name"] for theme in label_texts(texts).themes]
    assert names and not any("、" in name or any(letter.isdigit() for letter in name) for name in names)


def test_praise_of_the_whole_is_general_and_complaint_is_not():
    praise = [f"{lead}味道{how}" for lead in ("", "真的", "总体", "感觉") for how in ("不错", "很好", "挺好", "还不错")]
    complaint = [
        f"{who}{what}"
        for who in ("店员", "收银员", "服务员", "店长")
        for what in ("态度差", "不理人", "爱答不理", "板着脸")
    ]
    found = discover(praise + complaint, None, load_encoder(), tokenizer(), Parameters())
    general = {
        group.general for label, group in enumerate(found.themes) if label in set(found.labels[: len(praise)].tolist())
    }
    assert True in general
    assert not found.themes[found.labels[-1]].general


def test_the_heat_map_names_what_is_unlike_other_stores():
    def frame(odd: int) -> pd.DataFrame:
        rows = [("一店", 1, 300), ("二店", 2, 300), ("三店", 3, 300)]
        table = [("味道一般", 1, store, place, 90, base) for store, place, base in rows]
        table += [("送错了", 2, store, place, odd if place == 2 else 20, base) for store, place, base in rows]
        columns = ["主题", "theme_id", "门店", "store_id", "units", "store_units"]
        return pd.DataFrame(table, columns=columns).assign(占比=lambda f: f["units"] / f["store_units"])

    said = heat_headline(frame(60))
    assert "“送错了”在二店最突出：20.0%（n=300，95% 区间 15.9% 到 24.9%），其他门店 6.7%" in said
    assert heat_headline(frame(21)) == "没有一家门店明显突出"
    assert "样本不足" in heat_headline(frame(60).assign(store_units=20))
    assert "没有可比的" in heat_headline(frame(60).query("store_id == 2"))


def test_the_heat_map_is_told_in_figures_with_each_stores_base():
    rows = [("排队", "静安", 3, 30), ("排队", "徐汇", 1, 40), ("珍珠", "徐汇", 10, 40)]
    frame = pd.DataFrame(rows, columns=["主题", "门店", "units", "store_units"])
    told = heat_figures(frame.assign(占比=frame["units"] / frame["store_units"]))
    assert told.to_dict("records") == [
        {"主题": "全部语义单元（100%）", "徐汇": "40 句", "静安": "30 句"},
        {"主题": "排队", "徐汇": "2.5%", "静安": "10.0%"},
        {"主题": "珍珠", "徐汇": "25.0%", "静安": "0.0%"},
    ]


def test_the_heat_map_shows_what_is_said_in_stores_first():
    table = pd.DataFrame({"theme_id": [1, 2, 3, 4], "voices": [9, 8, 7, 6], "general": [False, False, False, True]})
    frame = pd.DataFrame({"theme_id": [1, 3, 3, 4], "units": [2, 2, 3, 90]})
    assert said_in_stores(table, frame)["theme_id"].tolist() == [3, 1, 4]


def test_the_heat_map_claims_hardly_ever_what_is_chance():
    """Twelve stores that say fifteen themes alike: some cell is always far from the mean."""
    draw, claims, found = np.random.default_rng(0), 0, 0
    for _ in range(100):
        cells = pd.MultiIndex.from_product([range(15), range(12)], names=["theme_id", "store_id"]).to_frame(index=False)
        cells = cells.assign(units=draw.binomial(100, 1 / 30, len(cells)), store_units=100)
        cells = cells.assign(主题=cells["theme_id"].map("主题{}".format), 门店=cells["store_id"].map("店{}".format))
        claims += "突出：" in heat_headline(cells[cells["units"] > 0])
        odd = (cells["theme_id"] == 3) & (cells["store_id"] == 5)
        found += "“主题3”在店5最突出" in heat_headline(cells.assign(units=cells["units"].mask(odd, 20)))
    assert claims <= 5 and found >= 95


def test_one_person_who_says_it_forty_times_makes_no_store_stand_out():
    cells = pd.DataFrame(
        {"theme_id": [1, 1, 1], "store_id": [1, 2, 3], "units": [49, 3, 4], "store_units": [100, 100, 100]}
    )
    cells = cells.assign(主题="排队", 门店=["一店", "二店", "三店"])
    assert "最突出" in heat_headline(cells.assign(independent=[49.0, 3.0, 4.0]))
    assert heat_headline(cells.assign(independent=[49**2 / (40**2 + 9), 3.0, 4.0])) == "没有一家门店明显突出"
