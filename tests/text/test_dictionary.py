"""The brand's dictionary: read tolerantly, effective in both engines, proved on sentences."""

from __future__ import annotations

import pytest

from fanops.text.dictionary import prove, read_dictionary
from fanops.text.tokens import ENGINES, Tokenizer

FILE = (
    "\ufeff# 产品\r\n芋泥波波 = 芋泥啵啵 / 芋泥BOBO\r\n杨枝甘露 10 n\r\n满杯红柚\t5\tn\r\nA/B套餐\r\n喜茶-限定\r\n\r\n"
    "[竞品]\r\n霸王茶姬 nz\r\nCoco = 都可\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_reads_what_people_have(encoding: str) -> None:
    brand = read_dictionary((FILE if encoding != "gb18030" else FILE.lstrip("\ufeff")).encode(encoding))
    assert set(brand.words()) == {
        "芋泥波波", "芋泥啵啵", "芋泥BOBO", "杨枝甘露", "满杯红柚", "A/B套餐", "喜茶-限定", "霸王茶姬", "Coco", "都可",
    }  # fmt: skip
    assert {entry.word for entry in brand.entries if entry.competitor} == {"霸王茶姬", "Coco", "都可"}
    assert brand.problems == ()


def test_aliases_become_the_name_they_stand_for() -> None:
    brand = read_dictionary(FILE)
    assert brand.with_canonical("芋泥啵啵和芋泥bobo，不是cocoon") == "芋泥波波和芋泥波波，不是cocoon"
    assert brand.canonical("芋泥啵啵") == "芋泥波波"


def test_a_form_that_already_has_a_name_is_refused_with_its_row() -> None:
    brand = read_dictionary("甲茶 = 小甲\n乙茶 = 小甲\n" + "长" * 31)
    assert [(problem.row, problem.value and problem.value[:2]) for problem in brand.problems] == [
        (2, "小甲"),
        (3, "长长"),
    ]


def forms(content: str) -> dict[str, str]:
    brand = read_dictionary(content)
    assert brand.problems == ()
    return {entry.word: entry.canonical for entry in brand.entries}


def test_a_number_at_the_end_of_a_name_stays_with_it() -> None:
    assert list(forms("iPhone 15\nModel 3\n小米 14\n奈雪 pro")) == ["iPhone 15", "Model 3", "小米 14", "奈雪 pro"]
    assert forms("小米14 = 小米 14\n问界 M7 = 问界 7 / M 7 n") == {
        "小米14": "小米14", "小米 14": "小米14", "问界 M7": "问界 M7", "问界 7": "问界 M7", "M 7 n": "问界 M7",
    }  # fmt: skip
    assert read_dictionary("小米14 = 小米 14").with_canonical("小米和小米 14") == "小米和小米14"
    generations = "\n".join(f"iPhone {number}" for number in range(11, 18))
    assert list(forms(generations)) == generations.splitlines()


def test_frequencies_of_a_jieba_dictionary_are_no_part_of_a_name() -> None:
    assert list(forms("iPhone 15 n\n云计算 5 n\n满杯红柚\t5\n杨枝甘露,12\n霸王茶姬 nz\n云 朵  3  n")) == [
        "iPhone", "云计算", "满杯红柚", "杨枝甘露", "霸王茶姬", "云 朵",
    ]  # fmt: skip
    words = ["云计算", "李小福", "创新办", "easy_install", "好用", "韩玉赏鉴"]
    assert list(forms("\n".join(f"{word} {place + 2}" for place, word in enumerate(words)))) == words


def test_only_a_mark_that_stands_alone_starts_a_comment() -> None:
    assert list(forms("# 产品\nC#茶\n芋泥波波 # 新品\n  #也是\n1#楼套餐")) == ["C#茶", "芋泥波波", "1#楼套餐"]


def test_the_alias_of_an_alias_names_the_same_product() -> None:
    expected = dict.fromkeys(("奈雪的茶", "奈雪", "小奈"), "奈雪的茶")
    assert forms("奈雪的茶=奈雪\n奈雪 = 小奈") == forms("奈雪 = 小奈\n奈雪的茶=奈雪") == expected
    assert forms("甲茶 = 乙茶\n乙茶 = 甲茶") == dict.fromkeys(("甲茶", "乙茶"), "甲茶")


@pytest.mark.parametrize("engine", ENGINES)
def test_words_take_effect_also_with_slash_hyphen_and_space(engine: str) -> None:
    tokenizer = Tokenizer(["芋泥波波", "A/B套餐", "喜茶-限定", "满 杯"], engine)
    proofs = prove(sorted(tokenizer.words), ["芋泥波波很甜", "点了A/B套餐和喜茶-限定", "满 杯好喝"], tokenizer)
    assert [(proof.sentences, proof.held, proof.why) for proof in proofs] == [(1, 1, "")] * 4


def test_the_proof_says_why_a_word_still_splits() -> None:
    (unknown,) = prove(["芋泥波波"], ["芋泥波波很甜"], Tokenizer())
    assert (unknown.held, unknown.split_as, unknown.why) == (0, ("芋泥/波波",), "还没有加进词典。")
    (inside,) = prove(["红茶"], ["冰红茶拿铁", "红茶"], Tokenizer(["红茶", "冰红茶拿铁"]))
    assert (inside.sentences, inside.held) == (2, 1)
    assert "冰红茶拿铁" in inside.why
    assert prove(["没见过"], ["别的"], Tokenizer())[0].why == "数据里没有出现过这个词。"


def test_the_proof_finds_a_word_in_whatever_case_it_is_said() -> None:
    (proof,) = prove(["CoCo"], ["coco好喝", "COCO不错", "CoCo还行"], Tokenizer(["CoCo"]))
    assert (proof.sentences, proof.held, proof.why) == (3, 3, "")
    (split,) = prove(["芋泥BOBO"], ["芋泥bobo好喝", "芋泥BOBO好喝"], Tokenizer(["芋泥BOBO"]))
    assert (split.sentences, split.held, split.split_as) == (2, 1, ("芋泥/bobo",)) and "芋泥bobo" in split.why
