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
    assert brand.competitors() == ["Coco", "霸王茶姬"]
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
