"""Train the polarity model: labelled clauses with a fitting licence, what we wrote of each trade, and what the lexicon is sure of."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fanops.errors import InvalidInput, Problem, TooLittleData
from fanops.text.polarity_lexicon import lexicon
from fanops.text.polarity_model import Looked, look, review_scores, softmax, stack_features
from fanops.text.polarity_rules import read_clauses
from fanops.text.polarity_scan import BITS, gram_buckets, scan
from fanops.text.table_file import read_sheet
from fanops.text.training.data_files import CLAUSES, SENTENCES, check_files, sentence_text
from fanops.text.training.polarity_sentences import templated, written
from fanops.text.training.said import read_said

_SIGN = {"NEG": -1, "NEU": 0, "POS": 1}
_HELD_OUT = 3_000
_FOLDS = 4
_C = 3.0
_SURE, _SHORTEST, _PLEASED_PER_DISPLEASED = 1.0, 3, 1.5
_SILENT = 15_000
# How much a text of each kind counts beside a labelled clause.
_WEIGHTS = {"said": 1.5, "sure": 0.3, "silent": 0.15, "written": 4.0, "templated": 0.3, "lexicon": 2.0}


@dataclass(frozen=True)
class _Texts:
    texts: list[str]
    signs: NDArray[np.int64]
    weight: float


def train_polarity(
    data_folder: Path, out: Path, progress: Callable[[float, str], None] = lambda share, doing: None
) -> dict:
    """Train, stack, calibrate on held-out clauses, write ``weights.npy`` and ``model.json``.

    Args:
        data_folder: Holds the two data files.
        out: Folder to write to.
        progress: Called with share done and what is being done.

    Returns:
        What ``model.json`` says: scores, sizes, hashes.

    Raises:
        NotReady: A data file or scikit-learn is missing.
        InvalidInput: A data file holds something else (with the rows).
        TooLittleData: No clause is left to learn from when some are held out.
    """
    check_files(data_folder)
    progress(0.02, "读数据")
    rows = _clauses(data_folder / CLAUSES)
    random.Random(5).shuffle(rows)
    said = read_said()
    worth = np.array([1.0] * len(rows) + [_WEIGHTS["said"]] * len(said))
    labelled_by_hand = rows + [(each.text, each.polarity) for each in said]
    texts, signs = [text for text, _ in labelled_by_hand], np.array([sign for _, sign in labelled_by_hand])
    others = [*_unlabelled(data_folder), *_own()]
    progress(0.15, "计算特征")
    labelled, extra = _grams(texts), sparse.vstack([_grams(each.texts) for each in others]).tocsr()
    kept = np.arange(_HELD_OUT, len(texts))
    progress(0.25, "训练")
    stacked = _out_of_fold(labelled, signs, worth, kept, extra, others, progress)
    weights, bias = _fit(labelled, signs, worth, kept, extra, others)
    progress(0.85, "合并")
    crossed = _replaced(texts, kept, stacked)
    stack, stack_bias = _stack(crossed, signs[kept])
    held = look(texts[:_HELD_OUT], weights)
    logits = stack_features(held, _HELD_OUT, bias) @ stack + stack_bias
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "weights.npy", weights.astype(np.float16), allow_pickle=False)
    about = {
        "bias": bias.tolist(), "stack": stack.round(5).tolist(), "stack_bias": stack_bias.round(5).tolist(),
        "log_prior": np.log([(signs == sign).mean() for sign in (-1, 0, 1)]).tolist(),
        "temperature": _temperature(logits, signs[:_HELD_OUT]), "slope": _slope(held, signs[:_HELD_OUT], bias),
        "held_out_accuracy": float((logits.argmax(axis=1) - 1 == signs[:_HELD_OUT]).mean()), "held_out": _HELD_OUT,
        "clauses": len(rows), "said": len(said), "texts": [{"weight": each.weight, "texts": len(each.texts)} for each in others],
        "data_sha256": {name: hashlib.sha256((data_folder / name).read_bytes()).hexdigest() for name in (CLAUSES, SENTENCES)},
        "weights_sha256": hashlib.sha256((out / "weights.npy").read_bytes()).hexdigest(),
    }  # fmt: skip
    (out / "model.json").write_text(json.dumps(about, indent=1), "utf-8")
    progress(1.0, "完成")
    return about


def _clauses(path: Path) -> list[tuple[str, int]]:
    """Give the labelled clauses with their signs."""
    sheet = read_sheet(path, "text", "polarity")
    pairs = list(zip(sheet.column("text"), sheet.column("polarity"), strict=True))
    problems = [
        Problem(f"要是 {'、'.join(_SIGN)} 之一", row=row, column="polarity", value=sign[:20])
        for row, (_, sign) in enumerate(pairs, 2)
        if sign not in _SIGN
    ]
    if problems:
        raise InvalidInput(f"{path.name} 里有 {len(problems)} 行没有可用的情感标注。", "请改好后再训练。", problems)
    if len(pairs) <= _HELD_OUT:
        raise TooLittleData(
            f"{path.name} 只有 {len(pairs):,} 句。", f"其中 {_HELD_OUT:,} 句要留出来检验，请准备更多标注好的句子。"
        )
    return [(text, _SIGN[sign]) for text, sign in pairs]


def _own() -> list[_Texts]:
    """Give the sentences that we wrote, the negations made by pattern, and the lexicon's words."""
    found = []
    for name, pairs in (("written", written()), ("templated", templated())):
        found.append(_Texts([text for text, _ in pairs], np.array([sign for _, sign in pairs]), _WEIGHTS[name]))
    words = {word: value for word, value in lexicon().items() if abs(value) >= 0.5 and len(word) > 1}
    found.append(_Texts(list(words), np.sign(list(words.values())).astype(np.int64), _WEIGHTS["lexicon"]))
    return found


def _unlabelled(data_folder: Path) -> list[_Texts]:
    """Give clauses whose sign the lexicon is sure of, and clauses in which it reads nothing."""
    found = scan(sentence_text(data_folder).splitlines())
    reading = read_clauses(found).table
    ends = found.clause_start + found.run[found.clause_start]
    size = ends - found.clause_start
    sure = (np.abs(reading[:, 0]) >= _SURE) & (np.minimum(reading[:, 1], reading[:, 2]) == 0) & (size > _SHORTEST)
    rng = np.random.default_rng(1)
    downs = np.flatnonzero(sure & (reading[:, 0] < 0))
    ups = rng.permutation(np.flatnonzero(sure & (reading[:, 0] > 0)))[: int(_PLEASED_PER_DISPLEASED * len(downs))]
    quiet = np.flatnonzero((reading[:, 5] == 0) & (reading[:, 4] == 0) & (size > 2) & (size < 12))
    quiet = rng.permutation(quiet)[:_SILENT]
    cut = [[found.text[found.clause_start[each] : ends[each]] for each in chosen] for chosen in (downs, ups, quiet)]
    signs = np.concatenate([np.full(len(downs), -1), np.full(len(ups), 1)])
    return [
        _Texts(cut[0] + cut[1], signs, _WEIGHTS["sure"]),
        _Texts(cut[2], np.zeros(len(quiet), dtype=np.int64), _WEIGHTS["silent"]),
    ]


def _grams(texts: list[str]) -> sparse.csr_matrix:
    """Give n-gram counts of texts over the square root of their number, shape (n, 2^18)."""
    found = scan(texts)
    bucket, clause = gram_buckets(found)
    owner = found.clause_text[clause]
    size = np.sqrt(np.maximum(np.bincount(owner, minlength=len(texts)), 1))
    values = (1 / size[owner]).astype(np.float32)
    return sparse.csr_matrix((values, (owner, bucket)), shape=(len(texts), 1 << BITS))


def _fit(
    labelled: sparse.csr_matrix,
    signs: NDArray[np.int64],
    worth: NDArray[np.float64],
    kept: NDArray[np.int64],
    extra: sparse.csr_matrix,
    others: list[_Texts],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    from sklearn.linear_model import LogisticRegression

    target = np.concatenate([signs[kept], *(each.signs for each in others)])
    weight = np.concatenate([worth[kept], *(np.full(len(each.texts), each.weight) for each in others)])
    balance = weight[target == -1].sum() / weight[target == 1].sum()
    weight = np.where(target == 1, weight * balance, weight)
    model = LogisticRegression(C=_C, max_iter=150, tol=1e-3)
    model.fit(sparse.vstack([labelled[kept], extra]), target, sample_weight=weight)
    return model.coef_.T.astype(np.float16).astype(np.float32), model.intercept_.astype(np.float32)


def _out_of_fold(
    labelled: sparse.csr_matrix, signs: NDArray[np.int64], worth: NDArray[np.float64], kept: NDArray[np.int64],
    extra: sparse.csr_matrix, others: list[_Texts], progress: Callable[[float, str], None],
) -> NDArray[np.float64]:  # fmt: skip
    """Give class scores of the kept clauses by models that did not see them."""
    scores = np.zeros((len(kept), 3))
    for fold in range(_FOLDS):
        inside = np.arange(len(kept)) % _FOLDS == fold
        weights, bias = _fit(labelled, signs, worth, kept[~inside], extra, others)
        scores[inside] = labelled[kept[inside]] @ weights + bias
        progress(0.25 + 0.5 * (fold + 1) / _FOLDS, "训练")
    return scores


def _replaced(texts: list[str], kept: NDArray[np.int64], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the stack's features of the kept clauses with the scores of models that did not see them."""
    chosen = [texts[each] for each in kept]
    looked: Looked = look(chosen, np.zeros((1 << BITS, 3), dtype=np.float32))
    features = stack_features(looked, len(chosen), np.zeros(3, dtype=np.float32))
    features[:, :3] = scores
    return features


def _stack(features: NDArray[np.float64], signs: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, max_iter=500).fit(features, signs)
    return model.coef_.T.astype(np.float32), model.intercept_.astype(np.float32)


def _temperature(logits: NDArray[np.float64], signs: NDArray[np.int64]) -> float:
    """Give the temperature with the least log loss on held-out clauses (Guo et al., 2017)."""

    def loss(temperature: float) -> float:
        chance = softmax(logits / temperature)
        return float(-np.log(chance[np.arange(len(signs)), signs + 1] + 1e-12).mean())

    return float(min(np.arange(0.6, 3.01, 0.05).round(2), key=loss))


def _slope(held: Looked, signs: NDArray[np.int64], bias: NDArray[np.float32]) -> float:
    """Give the slope of the logistic curve with the least log loss on held-out texts of several clauses."""
    chosen = (np.bincount(held.found.clause_text, minlength=len(signs)) > 1) & (signs != 0)
    margin = (review_scores(held, len(signs), bias) * signs)[chosen]
    return float(min(np.arange(0.5, 5.0, 0.1).round(1), key=lambda slope: np.log1p(np.exp(-slope * margin)).mean()))
