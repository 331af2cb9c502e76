"""Context: scraps go where they are always said, chance neighbours change hardly anything."""

from __future__ import annotations

import numpy as np

from fanops.text.encoder import load_encoder
from fanops.text.tokens import tokenizer
from fanops.themes.context import in_context, unit_vectors
from fanops.themes.discovery import discover
from fanops.themes.parameters import Parameters

AXES = np.eye(4, dtype=np.float32)


def test_a_text_takes_on_what_it_is_always_said_beside():
    position = np.array([0, 1] * 20)
    voices = np.repeat(np.arange(20), 2)
    mixed = in_context(AXES[:2], position, voices)
    assert mixed[0] @ mixed[1] > 0.9


def test_said_once_beside_something_it_stays_mostly_itself():
    mixed = in_context(AXES[:2], np.array([0, 1]), np.array([7, 7]))
    assert 0 < mixed[0] @ AXES[1] < 0.3


def test_said_beside_this_and_that_it_stays_itself():
    position = np.array([place for other in (1, 2, 3) for place in (0, other)] * 5)
    mixed = in_context(AXES, position, np.repeat(np.arange(15), 2))
    assert mixed[0] @ AXES[0] > mixed[0] @ AXES[1] and mixed[0] @ AXES[0] > 0.8


def test_texts_of_other_voices_do_not_count_and_unknown_ones_stay_unknown():
    vectors = np.concatenate([AXES[:2], np.zeros((1, 4), np.float32)])
    assert np.array_equal(in_context(vectors, np.array([0, 1, 2]), np.array([1, 2, 3])), vectors)
    assert not in_context(vectors, np.array([0, 2]), np.array([1, 1]))[2].any()


def test_new_units_are_seen_as_a_run_would_see_them():
    encoder = load_encoder()
    texts, voices = ["吸管太软", "只好撕开喝", "吸管太软"], [1, 1, 2]
    vectors = unit_vectors(encoder, texts, voices)
    assert np.array_equal(vectors[0], vectors[2])
    assert vectors[1] @ vectors[0] > (encoder.encode(["只好撕开喝"]) @ encoder.encode(["吸管太软"]).T)[0, 0]


def test_voices_may_come_in_any_order():
    drinks, faults = (
        ["奶茶", "果茶", "拿铁", "柠檬茶", "美式"],
        ["太软", "一戳就弯", "泡烂了", "太细", "有纸味", "吸不上来"],
    )
    people, ways = (
        ["店员", "收银员", "小哥", "店长", "前台"],
        ["爱理不理", "态度很差", "翻白眼", "不耐烦", "说话难听", "板着脸"],
    )
    voices = [[f"{drink}的吸管{fault}", "只好撕开喝"] for drink in drinks for fault in faults]
    voices += [[f"{who}{how}", "投诉也没人管"] for who in people for how in ways]

    def found(order: list[int]) -> dict[str, int]:
        texts = [text for at in order for text in voices[at]]
        result = discover(
            texts, None, load_encoder(), tokenizer(), Parameters(), voices=[at for at in order for _ in voices[at]]
        )
        return dict(zip(texts, result.labels.tolist(), strict=True))

    there = found(list(range(len(voices))))
    assert there == found(list(range(len(voices)))[::-1])
    assert there["只好撕开喝"] == there["奶茶的吸管太软"] and there["投诉也没人管"] == there["店员爱理不理"]
