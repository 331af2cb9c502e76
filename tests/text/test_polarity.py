"""Polarity: hand-labelled negations, whole reviews, learning from the file at hand, hostile input; aspects by pack."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanops.errors import InvalidInput
from fanops.text.aspects import aspects, load_pack, packs
from fanops.text.polarity import explain, polarity
from fanops.text.polarity_adapt import FEWEST
from fanops.text.polarity_lexicon import bending, entries, phrases
from fanops.text.polarity_scan import WordFinder, gram_buckets, scan

DATA = Path(__file__).parent.parent / "data"
PRAISE = ("味道很好", "送得很快", "老板热情", "非常满意", "下次还来", "干净卫生")
BLAME = ("味道很差", "送得太慢", "老板冷漠", "非常失望", "再也不来", "又脏又乱")


@pytest.mark.parametrize(("name", "least", "goal"), [("negation.csv", 75, 0.92), ("negation_wide.csv", 380, 0.92)])
def test_negations(name, least, goal):
    with (DATA / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len({row["text"] for row in rows}) >= least
    right = polarity([row["text"] for row in rows]).values == np.array([int(row["polarity"]) for row in rows])
    assert right.mean() >= goal, [row["text"] for row, ok in zip(rows, right, strict=True) if not ok]


def test_quantity_is_good_or_bad_by_what_is_measured():
    found = polarity(["空间很大", "噪音很大", "空间不大", "噪音不大", "油耗高", "性价比高", "油耗不高", "性价比不高"])
    assert found.values.tolist() == [1, -1, -1, 1, -1, 1, 1, -1]


def test_what_follows_a_contrast_counts_more():
    found = polarity(["环境不错，但是味道太差了", "环境太差了，但是味道真的不错"]).score
    assert found[0] < found[1]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("从来没吃过这么好吃的面", 1), ("没有见过这么差的服务", -1), ("再也没有这么好喝的了", 1), ("好久没吃到这么好吃的了", 1),
        ("缺点很少", 1), ("线头少", 1), ("颜值低", -1), ("问题不少", -1), ("选择不少", 1), ("没太多惊喜", -1), ("没有太多的套路", 1),
        ("没有特别的惊喜", -1), ("没有特别的异味", 1), ("过大", -1), ("太甜", -1), ("没觉得特别的好", -1), ("not good", -1), ("not bad", 1),
        ("太太太太太太太太好吃了", 1), ("超超超超超超超超超超难吃", -1), ("超级超级慢", -1), ("红米note12", 0), ("tiktok", 0),
    ],
)  # fmt: skip
def test_what_stands_around_an_opinion_bends_it(text, value):
    assert polarity([text]).values.tolist() == [value]


def test_words_drawn_out_without_end_still_have_a_chance_between_none_and_all():
    found = polarity(["很" * 500 + "好吃" + "很" * 500 + "难吃"])
    assert np.isfinite(found.score).all() and 1 / 3 <= found.probability[0] <= 1


def test_the_reading_does_not_depend_on_the_hash_of_words():
    read = "from fanops.text.polarity import polarity; print(polarity(['没觉得特别的好', '不是很甜', '有点小贵']).score.tolist())"
    said = {
        subprocess.run(
            [sys.executable, "-c", read], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "3")
    }  # fmt: skip
    assert len(said) == 1


def test_emoji_have_polarity():
    assert polarity(["👍👍", "😡"]).values.tolist() == [1, -1]


def test_traditional_and_wide_writing_reads_the_same():
    assert (polarity(["服務態度很差", "ＮＩＣＥ"]).score == polarity(["服务态度很差", "nice"]).score).all()


def test_whole_reviews_are_judged_by_all_their_parts():
    found = polarity(["味道不错，送餐也快，包装干净，下次还来", "等了两个小时，饭都凉了，打电话没人接，再也不订了"])
    assert found.values.tolist() == [1, -1]
    assert (found.probability > 0.6).all() and found.score[0] > 0 > found.score[1]


def domain_reviews() -> tuple[list[str], np.ndarray]:
    """Make reviews of a trade with words of its own: 甲乙 goes with praise, 丙丁 with blame."""
    draw = random.Random(7)
    rows = []
    for _ in range(FEWEST):
        for sign, said, own in ((1, PRAISE, "是甲乙的那种"), (-1, BLAME, "是丙丁的那种")):
            rows.append(("，".join([*draw.sample(said, 2), own]), sign))
    rows += [("这一件，是甲乙的那种", 1), ("这一件，是丙丁的那种", -1)]
    return [text for text, _ in rows], np.array([sign for _, sign in rows])


def test_a_file_of_reviews_teaches_its_own_words():
    texts, signs = domain_reviews()
    assert (polarity(texts).values == signs).all()
    alone = polarity(texts[-2:])
    assert alone.score[0] == pytest.approx(alone.score[1], abs=0.15)  # nothing known of these words, and nothing kept


def test_order_of_the_reviews_does_not_matter():
    texts, _ = domain_reviews()
    turned = polarity(texts[::-1])
    assert (polarity(texts).values == turned.values[::-1]).all()
    assert polarity(texts).score == pytest.approx(turned.score[::-1], abs=1e-5)


def test_clauses_never_depend_on_their_neighbours():
    clauses = [*PRAISE, *BLAME] * 40
    many = polarity(clauses)
    assert many.score == pytest.approx(np.concatenate([polarity([each]).score for each in clauses[:12]] * 40), abs=1e-5)


def test_levels():
    texts = ["还没用", "味道一般", ""]
    assert 0 not in polarity(texts[:2], level="review").values.tolist()
    assert polarity(texts).values.tolist()[1:] == [0, 0]
    with pytest.raises(InvalidInput):
        polarity(texts, level="book")


def test_nothing_to_judge():
    assert len(polarity([]).values) == 0
    found = polarity(["", "  ", "。。。", "\ud800", "\x00", "\xa0", "***", "🐶"])
    assert found.values.tolist() == [0] * 8 and found.probability == pytest.approx(1 / 3)


def test_reasons_are_told():
    assert any("难吃" in words and value > 0 for words, value in explain("一点也不难吃"))
    assert explain("") == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_text_gets_a_sound_answer(texts):
    found = polarity(texts)
    assert len(found.values) == len(texts)
    assert set(found.values.tolist()) <= {-1, 0, 1}
    assert ((found.probability > 0) & (found.probability <= 1)).all()
    assert (np.abs(found.score) <= 1).all()
    assert all(value == 0 for text, value in zip(texts, found.values.tolist(), strict=True) if not text.strip())


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(alphabet="好吃不太贵，。a", max_size=12), max_size=4))
def test_words_are_found_where_they_stand(texts):
    words = ["好", "好吃", "不好", "太贵", "不太", "吃不太贵"]
    found = scan(texts)
    starts, sizes = WordFinder(words).find(found)
    expected = {(at, len(word)) for word in words for at in range(len(found.text)) if found.text.startswith(word, at)}
    assert set(zip(starts.tolist(), sizes.tolist(), strict=True)) == expected


def test_clauses_of_a_scan():
    found = scan(["好吃，不贵。", "", "快"])
    assert found.clause_text.tolist() == [0, 0, 2]
    assert [found.text[at : at + found.run[at]] for at in found.clause_start] == ["好吃", "不贵", "快"]
    assert found.sentence[0] == found.sentence[1] != found.sentence[2]
    bucket, clause = gram_buckets(found)
    assert np.bincount(clause).tolist() == [3, 3, 1] and len(bucket) == 7  # 好 吃 好吃, 不 贵 不贵, 快


def test_the_word_files_are_in_order():
    assert len(entries()) > 7_000 and not [word for word in entries() if len(word) > 10]
    assert set(bending()) == {
        "negation", "far_negation", "strong", "weak", "contrast", "minor", "concede", "wish", "excess", "A", "B", "up", "down",
        "phrase", "plain", "post_negation",
    }  # fmt: skip
    pattern, strengths = phrases()
    assert pattern.groups == len(strengths)  # one group a phrase, or the strengths would shift


def test_aspects_by_pack():
    assert set(packs()) >= {"茶饮", "餐饮", "家居", "汽车", "地产", "零售"}
    assert aspects(["排队排了好久", "珍珠太硬", "店员很热情", "呵呵"], "茶饮") == ["出品速度", "小料", "服务", "其他"]
    assert aspects(["百公里油耗八个"], "汽车") == ["能耗续航"]
    with pytest.raises(InvalidInput):
        load_pack("没有的包")
