"""Training on a small made-up world: labels pull together, others apart; files are written whole and read back."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from fanops.text.encoder import StaticEncoder
from fanops.text.training.encoder_files import write_encoder
from fanops.text.training.fit_encoder import Contrast, FitParameters, fit_table, pack, principal_map
from fanops.text.training.generate import generate, read_topics, topic_words
from fanops.text.training.said import read_said, said_words
from fanops.text.training.vocabulary import choose_vocabulary

UNSEEN = Path(__file__).parents[2] / "data" / "unseen"
TEXTS = ["珍珠太硬", "珍珠煮得软糯", "排队太久", "等位等了很久", "店员态度好", "服务员很热情"] * 5


def test_the_same_seed_makes_the_same_sentences_with_every_topic_in_them() -> None:
    topics = read_topics()
    made = generate(topics, 20, seed=3)
    assert made == generate(topics, 20, seed=3) != generate(topics, 20, seed=4)
    assert {each.topic for each in made} == set(range(len(topics)))
    assert len({each.text for each in made}) == len(made)


def test_the_vocabulary_knows_the_words_asked_for_and_traditional_spellings() -> None:
    vocabulary = choose_vocabulary(TEXTS, ["魑魅魍魉"], 20_000)
    assert vocabulary.words[0] == "<unk>" and len(vocabulary.words) == 20_000 == len(set(vocabulary.words))
    assert "魑魅魍魉" in vocabulary.words
    spellings = dict(vocabulary.spellings)
    assert vocabulary.words[spellings["隊"]] == "队"
    assert len(vocabulary.log_probabilities) == len(vocabulary.words) + len(vocabulary.spellings)
    assert len(set(topic_words(read_topics()))) > 500


def test_what_we_wrote_is_labelled_once_and_never_held_out() -> None:
    said = read_said()
    assert len(said) > 15_000 and {each.polarity for each in said} == {-1, 0, 1}
    assert len({(each.trade, each.text) for each in said}) == len(said)
    assert all(each.text.strip() == each.text != "" and each.topic for each in said)
    held_out = {
        row["text"] for path in UNSEEN.glob("*.csv") for row in csv.DictReader(path.read_text("utf-8-sig").splitlines())
    }
    assert len(held_out) > 1_800 and not held_out & {each.text for each in said}
    assert {"底盘", "珍珠", "骑手"} <= set(said_words(said))


def test_one_step_takes_one_trade() -> None:
    groups = np.array([0] * 30 + [1] * 10)
    contrast = Contrast(pack([[1]] * 40, labels=np.arange(40), groups=groups), 1.0)
    rng = np.random.default_rng(0)
    for _ in range(20):
        chosen = contrast.draw(rng, 16)
        assert len(set(groups[chosen])) == 1 and len(set(chosen)) == len(chosen) <= 16


def test_fitting_brings_labels_together() -> None:
    draw = np.random.default_rng(0)
    words = draw.normal(size=(41, 16)).astype(np.float32)
    words[0] = 0
    # Words 1–20 speak of one thing, 21–40 of another; nothing in the teacher's vectors says so.
    ids = [sorted(draw.choice(np.arange(1, 21) + 20 * (place % 2), 4, replace=False).tolist()) for place in range(120)]
    labels = np.arange(120) % 2
    target = draw.normal(size=(120, 16)).astype(np.float32)
    fit = FitParameters(dimension=8, steps=120, batch=32, learning_rate=2e-2, deviation=0.1)
    contrasts = (Contrast(pack(ids, labels=labels, groups=np.zeros(120)), 1.0), Contrast(pack(ids, labels=labels), 1.0))
    table = fit_table(words, np.full(41, 1 / 41), pack(ids, target=target), contrasts, fit)
    assert table.shape == (41, 8) and not table[0].any()
    sentences = np.stack([table[each].sum(axis=0) for each in ids])
    sentences /= np.linalg.norm(sentences, axis=1, keepdims=True)
    similarity = sentences @ sentences.T
    same = labels[:, None] == labels[None]
    assert similarity[same].mean() > similarity[~same].mean() + 0.3


def test_the_principal_map_damps_strong_directions() -> None:
    draw = np.random.default_rng(1)
    vectors = (draw.normal(size=(400, 6)) * [8, 4, 2, 1, 1, 1]).astype(np.float32)
    mean, full = principal_map(vectors, 3, 1.0)
    spread = np.std((vectors - mean) @ full, axis=0)
    np.testing.assert_allclose(spread, spread[0], rtol=1e-3)


def test_written_files_are_read_back(tmp_path) -> None:
    vocabulary = choose_vocabulary(TEXTS, [], 20_000)
    table = np.random.default_rng(2).normal(size=(20_000, 12)).astype(np.float32)
    table[0] = 0
    hashes = write_encoder(tmp_path, vocabulary, table, {"seed": 2})
    assert set(hashes) == {"model.safetensors", "tokenizer.json", "modules.json", "config.json"}
    encoder = StaticEncoder(tmp_path)
    row = table[vocabulary.words.index("珍珠")]
    assert encoder.encode(["珍珠"])[0] @ (row / np.linalg.norm(row)) == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(encoder.encode(["排隊"]), encoder.encode(["排队"]), atol=1e-6)
