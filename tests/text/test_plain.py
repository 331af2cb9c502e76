"""The plain sentence: what surrounds the point goes, and no word is torn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanops.text.plain import plain


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("但是我们可以了解", "我们可以了解"),
        ("饭都凉了", "饭都凉了"),
        ("味道不错了", "味道不错"),
        ("这本书不错", "这本书不错"),
        ("汤洒了", "汤洒了"),
        ("说实话，排队太久了吧", "排队太久"),
        ("讲真 珍珠太硬", "珍珠太硬"),
        ("总的来说还行，", "还行"),
        ("emmm，还有，豆奶可选就好了呢～", "豆奶可选就好"),
        ("服务真的很好哈哈哈[流泪]hhhh", "服务很好"),
        ("老板人很好", "老板人很好"),
        ("老板，不要香菜", "不要香菜"),
        ("www.fanops.cn 打不开", "www.fanops.cn 打不开"),
        ("积分说没就没了", "积分说没就没"),
        ("哈哈哈", ""),
        ("说实话", "说实话"),
        ("是不是正品", "是不是正品"),
        ("也是不是很甜", "不是很甜"),
        ("是否正品", "是否正品"),
        ("我感觉不到甜味", "感觉不到甜味"),
        ("感觉不值", "不值"),
        ("不仅仅是贵", "贵"),
        ("不过瘾", "不过瘾"),
        ("但愿好用", "但愿好用"),
        ("真的假的", "真的假"),
        ("的确很好", "的确很好"),
        ("的确很好吃", "很好吃"),
        ("的士都是黑车", "的士都是黑车"),
        ("那儿停车难", "那儿停车难"),
        ("这顿饭很贵", "这顿饭很贵"),
        ("那把椅子晃", "那把椅子晃"),
        ("这单送得慢", "这单送得慢"),
        ("那块表走不准", "那块表走不准"),
        ("那根吸管断了", "那根吸管断"),
        ("这根本不能用", "根本不能用"),
        ("这点很生气", "这点很生气"),
        ("这点餐麻烦", "点餐麻烦"),
        ("那时候好吃", "那时候好吃"),
        ("去酒吧", "去酒吧"),
        ("好吃吧", "好吃"),
        ("我妈问两句就不耐烦", "我妈问两句不耐烦"),
        ("我就不来了", "不来"),
        ("为了这个目的", "为了这个目的"),
        ("这件是毛呢", "这件是毛呢"),
        ("就算打折也贵", "就算打折也贵"),
        ("也就算了", "就算了"),
        ("[不好吃]", "不好吃"),
        ("[太贵了]", "太贵"),
        ("很好[害羞R][Emm]", "很好"),
    ],
)
def test_what_surrounds_the_point_goes(said: str, left: str):
    assert plain(said) == left


@given(st.text(max_size=60))
def test_it_only_takes_away_and_is_done_at_once(text: str):
    once = plain(text)
    rest = iter(text)
    assert all(letter in rest for letter in once)
    assert len(plain(once)) <= len(once)
