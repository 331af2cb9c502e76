"""Polarity (情感): pleased, neutral or displeased, per clause or whole review, with a calibrated probability."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fanops.errors import InvalidInput
from fanops.text.polarity_adapt import FEWEST, adapted
from fanops.text.polarity_model import Looked, Model, by_text, load_model, look, review_scores, softmax, stack_features
from fanops.text.polarity_rules import read_clauses
from fanops.text.polarity_scan import lettered, scan

LEVELS = ("auto", "clause", "review")
_BLOCK = 20_000  # texts looked over together; bounds memory
_LONGEST = 5_000  # characters of a text that are read
# 太太太太好吃 is twice as strong as 太好吃, not eight times; 超级超级慢 is no word that the model has met
_DRAWN = re.compile(r"([^\W\d])\1{2,}|(超级|非常|特别|十分|相当|真的|实在)\2+")
_PRIOR_PART = 0.3  # the training clauses are mostly pleased; elsewhere they are not
_RULES_PART = 3.0  # a negation or a set phrase is grammar: there the rules know better than counts
_SURELY_NEUTRAL = 0.6
_REVIEW_CLAUSES = 2.5  # a file whose texts have so many clauses on average is a file of reviews


@dataclass(frozen=True)
class Polarity:
    """情感 of n texts.

    Attributes:
        values: −1 displeased, 0 neutral, 1 pleased; int8, shape (n,).
        probability: How likely the value is right, calibrated; float32, 0–1, shape (n,).
        score: From −1 (displeased) to 1 (pleased), float32, shape (n,).
        opinion: Whether a word of opinion was read, shape (n,).
    """

    values: NDArray[np.int8]
    probability: NDArray[np.float32]
    score: NDArray[np.float32]
    opinion: NDArray[np.bool_]


def polarity(texts: Sequence[str], level: str = "auto", adapt: bool | None = None) -> Polarity:
    """Judge texts (情感判断).

    Args:
        texts: Any strings; empty ones give 0 with probability 1/3. Of a long one the first 5,000 characters are read.
        level: ``clause`` judges each text as one clause in three classes; ``review`` by all its clauses in two, 0 only
            for empty ones. ``auto``: 300 texts or more of 2.5 clauses on average are reviews; otherwise a text of one
            clause is a clause, a longer one a review that may be neutral.
        adapt: Whether reviews also learn from each other (see ``polarity_adapt``): a review's value may then depend on
            the others. None: when at least 300 texts are judged as reviews. Clauses never do.

    Raises:
        InvalidInput: No such level.
        NotReady: The model's files are missing.
    """
    if level not in LEVELS:
        raise InvalidInput(f"没有“{level}”这种粒度。", f"可用：{'、'.join(LEVELS)}。")
    model = load_model()
    kept = [_DRAWN.sub(r"\1\1\2", text[:_LONGEST]) for text in texts]
    parts = [_look_over(kept[at : at + _BLOCK], model) for at in range(0, max(len(kept), 1), _BLOCK)]
    chance, total, clauses, opinion = (np.concatenate([part[each] for part in parts]) for each in range(4))
    spoken = clauses > 0
    if level == "auto" and len(kept) >= FEWEST and clauses.sum() >= _REVIEW_CLAUSES * max(int(spoken.sum()), 1):
        level = "review"
    review = spoken & (clauses >= {"auto": 2, "clause": np.inf, "review": 1}[level])
    if adapt or (adapt is None and level == "review" and review.sum() >= FEWEST):
        chosen = np.flatnonzero(review)
        total[chosen] = adapted([kept[each] for each in chosen], total[chosen])
    values, score = np.zeros(len(kept), dtype=np.int8), np.zeros(len(kept), dtype=np.float32)
    probability = np.full(len(kept), 1 / 3, dtype=np.float32)
    short = spoken & ~review
    values[short] = np.argmax(chance[short], axis=1) - 1
    score[short], probability[short] = chance[short, 2] - chance[short, 0], chance[short].max(axis=1)
    neutral = (chance[review, 1] > _SURELY_NEUTRAL) & (level == "auto")
    values[review] = np.where(neutral, 0, np.where(total[review] > 0, 1, -1))
    score[review] = np.tanh(total[review])
    sure = 1 / (1 + np.exp(-model.slope * np.abs(total[review])))
    probability[review] = np.where(neutral, chance[review, 1], sure)
    return Polarity(values, probability, score, opinion)


def _look_over(
    texts: list[str], model: Model
) -> tuple[NDArray[np.floating], NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Give each text's chances as a clause, its score as a review, its number of clauses, and whether it has an opinion word."""
    looked = look(texts, model.weights)
    count = np.bincount(looked.found.clause_text, minlength=len(texts))
    said = by_text(looked.reading[:, 5], looked, len(texts)) > 0  # an emoji says something, other signs alone nothing
    count[~(lettered(looked.found) | said)] = 0
    return _clause_chances(looked, len(texts), model), review_scores(looked, len(texts), model.bias), count, said


def _clause_chances(looked: Looked, n: int, model: Model) -> NDArray[np.floating]:
    """Give the chances of the three classes with each text taken as one clause."""
    logits = stack_features(looked, n, model.bias) @ model.stack + model.stack_bias - _PRIOR_PART * model.log_prior
    turned = _RULES_PART * np.tanh(by_text(looked.reading[:, 3], looked, n))
    logits[:, 2] += turned
    logits[:, 0] -= turned
    return softmax(logits / model.temperature)


def explain(text: str) -> list[tuple[str, float]]:
    """Give the words and rules that the lexicon read in a text, strongest first."""
    reasons = read_clauses(scan([text[:_LONGEST]]), with_reasons=True).reasons
    return sorted(((words, value) for _, words, value in reasons), key=lambda reason: -abs(reason[1]))
