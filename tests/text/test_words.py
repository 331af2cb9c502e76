"""Tokens, look-up forms, empty answers, masks and new words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanops.text.masking import mask_identifiers
from fanops.text.new_words import suggest_words
from fanops.text.no_content import is_no_content
from fanops.text.normalise import normalise
from fanops.text.tokens import ENGINES, Tokenizer

SENTENCES = [
    "味道不错但是排队太久",
    "珍珠太硬了，希望改进",
    "房间隔音很差",
    "这款车油耗有点高",
    "物业服务态度好",
    "质地清爽不油腻",
]


@pytest.mark.parametrize("engine", ENGINES)
@settings(deadline=None)  # the reference engine loads its dictionary in the first example
@given(text=st.text(max_size=60))
def test_tokens_lose_nothing_but_control_characters(engine: str, text: str) -> None:
    assert "".join(_ONE[engine].tokens(text)) == re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", "", text)


_ONE = {engine: Tokenizer((), engine) for engine in ENGINES}


def test_the_fast_engine_agrees_with_the_reference() -> None:
    assert [_ONE["rjieba"].tokens(each) for each in SENTENCES] == [_ONE["jieba"].tokens(each) for each in SENTENCES]


def test_a_brand_word_stays_with_its_own_tokenizer() -> None:
    assert "芋泥波波" in Tokenizer(["芋泥波波"]).tokens("芋泥波波很甜")
    assert "芋泥波波" not in _ONE["rjieba"].tokens("芋泥波波很甜")


def test_look_up_form() -> None:
    assert normalise("這傢店　ＡＢＣ好好好好吃！！！！10000元\ud800") == "这家店 abc好好吃!10000元"


@pytest.mark.parametrize(
    "text",
    [
        "没有",
        "没有。",
        "无",
        "挺好的",
        "都可以",
        "。。。",
        "哈哈哈哈",
        "不知道",
        "没啥意见",
        "还行吧",
        "666",
        "😊😊",
        "",
        "沒有",
        "没有，都挺好的",
        "目前没什么建议",
        "没有不满意的地方",
        "整体真的挺不错的",
        "此用户没有填写评价。",
        "無意見",
        "[微笑][微笑]",
        "5分",
        "哈" * 300,
        "N/A",
    ],
)
def test_says_nothing(text: str) -> None:
    assert is_no_content(text)


@pytest.mark.parametrize(
    "text",
    [
        "没有吸管",
        "无糖太甜",
        "味道挺好的",
        "没有意见箱",
        "不好",
        "太贵",
        "还行就是贵",
        "差",
        "3个小时",
        "没有问题的茶",
        "没有很好",
        "没满意",
        "没收到",
        "没有喜欢的",
        "没好过",
    ],
)
def test_says_something(text: str) -> None:
    assert not is_no_content(text)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("打13800138000", ("phone",)),
        ("电话138-0013-8000找我", ("phone",)),
        ("+86 138 0013 8000", ("phone",)),
        ("１３８００１３８０００", ("phone",)),
        ("一三八零零一三八零零零", ("phone",)),
        ("座机028-85551234", ("landline",)),
        ("身份证510104199001011234", ("identity_card",)),
        ("卡号6222 0212 3456 7890 123", ("bank_card",)),
        ("写信a.b@example.com", ("mail",)),
        ("微信号：fan_2026", ("chat",)),
        ("加wx:abc12345", ("chat",)),
        ("我的QQ是123456789", ("chat",)),
    ],
)
def test_identifiers_are_masked(text: str, kinds: tuple[str, ...]) -> None:
    masked = mask_identifiers(text)
    assert masked.kinds == kinds
    assert not re.search(r"\d{4}|[０-９]{4}|三八零|@|fan_|abc1", masked.text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22来的",
        "¥12480太贵",
        "100ml装",
        "订单12345",
        "一三五限行",
        "12:30到14:00",
        "3.5折",
        "微信小程序不好用",
        "2026年11月22日12:30",
    ],
)
def test_prices_dates_and_measures_stay(text: str) -> None:
    assert mask_identifiers(text).text == text


@given(
    st.integers(13_000_000_000, 19_999_999_999), st.sampled_from(["", " ", "-"]), st.sampled_from(["", "+86", "86 "])
)
def test_any_mobile_number_is_masked(number: int, mark: str, country: str) -> None:
    digits = str(number)
    text = f"找我{country}{mark.join((digits[:3], digits[3:7], digits[7:]))}谢谢"
    assert mask_identifiers(text).text == "找我【手机号】谢谢"


def test_a_new_word_is_suggested_with_its_count() -> None:
    around = ["我爱", "买了", "点了", "尝过", "推荐", "退掉"]
    behind = ["很甜", "太贵", "难喝", "不错", "上头", "凉了"]
    texts = [f"{a}芋泥波波{b}" for a in around for b in behind] + [f"{a}奶茶{b}" for a in around for b in behind]
    found = suggest_words(texts, _ONE["rjieba"], cohesion=2.0)
    assert [(new.word, new.texts) for new in found if "芋泥" in new.word] == [("芋泥波波", 36)]
    known = suggest_words(texts, Tokenizer(["芋泥波波"]), cohesion=2.0)
    assert not [new for new in known if "芋泥" in new.word]
