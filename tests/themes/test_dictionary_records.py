"""The brand's dictionary: words are proved on the brand's own voices, suggestions are taken or stay away."""

from __future__ import annotations

import pytest

from fanops.collect.records_voices import NewVoice, add_voices
from fanops.errors import InvalidInput, NotAllowed, NotFound
from fanops.tables import Product, ProductAlias
from fanops.text.tokens import tokenizer
from fanops.themes import records_dictionary as records
from fanops.themes.prove import prove_dictionary

SAID = [
    f"{lead}鸭屎香{end}"
    for lead in ("这家", "今天点了", "推荐")
    for end in ("柠檬茶好喝", "奶茶太甜", "不错", "的味道还行", "要排队")
] + [
    f"{when}{what}"
    for when in (
        "昨天中午",
        "上周",
        "下班以后",
        "周末带孩子去",
        "第一次来",
        "和同事一起",
        "早上",
        "老板说",
        "听说",
        "晚饭后",
    )
    for what in (
        "排队等了很久",
        "店员态度很热情",
        "杯子漏了一桌",
        "外卖送得很快",
        "价格比以前贵",
        "座位太少没地方坐",
        "地上有点脏",
        "出餐慢",
    )
]


@pytest.fixture
def voices(chain):
    with chain.db.write() as session:
        add_voices(
            session, chain.brand_id, [NewVoice(text, "review", "测试", str(place)) for place, text in enumerate(SAID)]
        )
        product = Product(brand_id=chain.brand_id, name="芋泥波波")
        session.add(product)
        session.flush()
        session.add(ProductAlias(brand_id=chain.brand_id, product_id=product.id, alias="芋泥啵啵"))
    return chain


def test_words_of_products_and_people_stand_together(voices):
    product = voices.actors["product"]
    with voices.db.write() as session:
        counts, read = records.add_words(session, product, "鸭屎香 = 鸭屎香茶 / 鸭屎\n[竞品]\n喜茶\n" + "长" * 31)
        assert counts == {"new": 4, "changed": 0, "same": 0} and len(read.problems) == 1
        assert records.add_words(session, product, "喜茶")[0] == {"new": 0, "changed": 1, "same": 0}
    with voices.db.read() as session:
        table = records.word_table(session, product).set_index("word")
        assert table.loc["芋泥啵啵", "canonical"] == "芋泥波波" and table.loc["芋泥啵啵", "source"] == "商品"
        assert table.loc["鸭屎", "canonical"] == "鸭屎香" and not table.loc["喜茶", "is_competitor"]
        assert records.word_table(session, voices.actors["stranger"]).empty
        cut = tokenizer(records.brand_words(session, voices.brand_id))
    assert "鸭屎香" in cut.tokens("鸭屎香很好喝")


def test_words_are_proved_and_new_ones_suggested_until_turned_down(voices):
    product = voices.actors["product"]
    found = prove_dictionary(voices.db, product)
    assert found["voices"] == len(SAID)
    assert {each["word"]: each["why"] for each in found["proofs"]}["芋泥波波"] == "数据里没有出现过这个词。"
    suggested = [each["word"] for each in found["suggestions"]]
    assert "鸭屎香" in suggested
    assert "鸭屎香" in next(each["example"] for each in found["suggestions"] if each["word"] == "鸭屎香")
    with voices.db.write() as session:
        records.reject_word(session, product, "鸭屎香")
    assert "鸭屎香" not in [each["word"] for each in prove_dictionary(voices.db, product)["suggestions"]]
    with voices.db.write() as session:
        records.unreject_word(session, product, "鸭屎香")
        records.add_words(session, product, "鸭屎香")
    proof = next(each for each in prove_dictionary(voices.db, product)["proofs"] if each["word"] == "鸭屎香")
    assert proof["sentences"] == proof["held"] == 15


def test_a_word_is_proved_in_whatever_case_it_is_said(voices):
    product = voices.actors["product"]
    with voices.db.write() as session:
        add_voices(session, voices.brand_id, [NewVoice("今天的coco好喝", "review", "测试", "coco")])
        records.add_words(session, product, "CoCo")
    proof = next(each for each in prove_dictionary(voices.db, product)["proofs"] if each["word"] == "CoCo")
    assert (proof["sentences"], proof["held"], proof["why"]) == (1, 1, "") and "coco好喝" in proof["example"]


def test_what_is_refused(voices):
    product = voices.actors["product"]
    with voices.db.write() as session:
        with pytest.raises(InvalidInput, match="没有读到词"):
            records.add_words(session, product, "# 只有注释\n")
        with pytest.raises(NotAllowed):
            records.add_words(session, voices.actors["clerk"], "鸭屎香")
        with pytest.raises(NotFound, match="人工添加"):
            records.remove_word(session, product, "芋泥波波")
        records.add_words(session, product, "鸭屎香 = 鸭屎")
        records.remove_word(session, product, "鸭屎香")
        table = records.word_table(session, product).set_index("word")
        assert "鸭屎香" not in table.index and table.loc["鸭屎", "canonical"] == "鸭屎"
