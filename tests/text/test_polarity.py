"""Polarity: a hand-labelled negation set, long reviews, hostile input; aspects by pack."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanops.errors import InvalidInput
from fanops.text.aspects import aspects, load_pack, packs
from fanops.text.polarity import explain, polarity

NEGATIONS = Path(__file__).parent.parent / "data" / "negation.csv"


def test_negation_set():
    with NEGATIONS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 75
    found = polarity([row["text"] for row in rows]).values
    right = found == np.array([int(row["polarity"]) for row in rows])
    assert right.mean() >= 0.9, [row["text"] for row, ok in zip(rows, right, strict=True) if not ok]


def test_whole_reviews_are_judged_by_all_their_parts():
    found = polarity(["味道不错，送餐也快，包装干净，下次还来", "等了两个小时，饭都凉了，打电话没人接，再也不订了"])
    assert found.values.tolist() == [1, -1]
    assert (found.probability > 0.6).all() and found.score[0] > 0 > found.score[1]


def test_reasons_are_told():
    assert any("难吃" in words and value > 0 for words, value in explain("不难吃"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_text_gets_a_sound_answer(texts):
    found = polarity(texts)
    assert len(found.values) == len(texts)
    assert set(found.values.tolist()) <= {-1, 0, 1}
    assert ((found.probability > 0) & (found.probability <= 1)).all()
    assert (np.abs(found.score) <= 1).all()
    assert all(value == 0 for text, value in zip(texts, found.values.tolist(), strict=True) if not text.strip())


def test_aspects_by_pack():
    assert set(packs()) >= {"茶饮", "餐饮", "家居", "汽车", "地产", "零售"}
    assert aspects(["排队排了好久", "珍珠太硬", "店员很热情", "呵呵"], "茶饮") == ["出品速度", "小料", "服务", "其他"]
    assert aspects(["百公里油耗八个"], "汽车") == ["能耗续航"]
    with pytest.raises(InvalidInput):
        load_pack("没有的包")
