"""Polarity: pleased, neutral or displeased, per clause or whole review, with a calibrated probability."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fanops.content import content_path
from fanops.errors import NotReady
from fanops.text.polarity_features import BY_WORDS, features, linear, read_features
from fanops.text.polarity_lexicon import read_clause
from fanops.text.tokens import tokenizer
from fanops.text.units import split_many

CLASSES = (-1, 0, 1)
REVIEW_UNITS = 2  # a text of at least so many units is judged by all of them together
_LEXICON_PART = 0.8  # in whole reviews; measured on reviews of domains the model never saw (docs/method.md)
_PRIOR_PART = 0.3  # the training clauses are mostly pleased; elsewhere they are not
_RULES_PART = 6.0
_SILENCE = 0.45
_NOTHING = 0.005


@dataclass(frozen=True)
class Polarity:
    """情感 of n texts.

    Attributes:
        values: −1 displeased, 0 neutral, 1 pleased; int8, shape (n,).
        probability: How likely the value is right, calibrated; float32, 0–1, shape (n,).
        score: From −1 (displeased) to 1 (pleased), float32, shape (n,).
    """

    values: NDArray[np.int8]
    probability: NDArray[np.float32]
    score: NDArray[np.float32]


@lru_cache(maxsize=1)
def _model() -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], float, float]:
    folder = content_path("models", "polarity")
    try:
        weights = np.load(folder / "weights.npy", allow_pickle=False)
        about = json.loads((folder / "model.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise NotReady("情感模型读不出来。", "请重新安装 fanops，或运行 fanops model train-polarity。") from error
    bias, prior = (np.array(about[name], dtype=np.float32) for name in ("bias", "log_prior"))
    return weights.astype(np.float32), bias, prior, float(about["temperature"]), float(about["review_slope"])


def polarity(texts: Sequence[str]) -> Polarity:
    """Judge texts (情感判断).

    A text of one or two units is judged as a clause; a longer one by all its units, where a value of 0 means that there
    is no evidence either way.

    Args:
        texts: Any strings; empty and hostile ones give 0 with probability 1/3.

    Raises:
        NotReady: The model's files are missing.
    """
    weights, bias, prior, temperature, slope = _model()
    values = np.zeros(len(texts), dtype=np.int8)
    score = np.zeros(len(texts), dtype=np.float32)
    probability = np.full(len(texts), 1 / 3, dtype=np.float32)
    voice, start, end = split_many(texts)
    count = np.bincount(voice, minlength=len(texts))
    spoken = np.fromiter((bool(text.strip()) for text in texts), dtype=bool, count=len(texts))
    short = np.flatnonzero(spoken & (count < REVIEW_UNITS))
    if len(short):
        rows, bent = read_features([texts[i] for i in short], tokenizer())
        logits = linear(rows, weights, bias) - _PRIOR_PART * prior
        # A negation or a set phrase is grammar: there the rules know better than counts of words.
        turned = _RULES_PART * bent * rows[:, BY_WORDS].toarray().ravel()
        logits[:, 2] += turned
        logits[:, 0] -= turned
        chance = _softmax(logits / temperature)
        values[short] = np.argmax(chance, axis=1) - 1
        score[short], probability[short] = chance[:, 2] - chance[:, 0], chance.max(axis=1)
    long = np.flatnonzero(spoken & (count >= REVIEW_UNITS))
    if len(long):
        inside = np.flatnonzero(np.isin(voice, long))
        asked = [texts[voice[i]][start[i] : end[i]] for i in inside]
        rows = features(asked, tokenizer())
        each = linear(rows, weights, bias) - prior
        by_model = np.tanh((each[:, 2] - each[:, 0]) / 2)
        by_words = rows[:, BY_WORDS].toarray().ravel()
        total = np.zeros(len(texts))
        np.add.at(total, voice[inside], _LEXICON_PART * by_words + (1 - _LEXICON_PART) * by_model)
        # Who praises says so: of reviews without any opinion word four in five complain, so silence leans to displeased.
        said, model_said = np.zeros(len(texts)), np.zeros(len(texts))
        np.add.at(said, voice[inside], np.abs(by_words))
        np.add.at(model_said, voice[inside], by_model)
        quiet = said[long] < _NOTHING
        mean = np.where(quiet, model_said[long] / count[long] - _SILENCE, total[long] / np.sqrt(count[long]))
        values[long] = np.where(np.abs(mean) < _NOTHING, 0, np.sign(mean)).astype(np.int8)
        score[long] = np.tanh(mean)
        probability[long] = 1 / (1 + np.exp(-slope * np.abs(mean)))
    return Polarity(values, probability, score)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def explain(text: str) -> list[tuple[str, float]]:
    """Give the words and rules that the lexicon read in a text, strongest first."""
    return sorted(read_clause(text).reasons, key=lambda reason: -abs(reason[1]))
