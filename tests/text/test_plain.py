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
