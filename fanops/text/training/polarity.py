"""Train the polarity model on clauses with a fitting licence and on sentences that the lexicon is sure of."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import sparse

from fanops.errors import NotReady
from fanops.text.polarity_features import features
from fanops.text.polarity_lexicon import read_clause
from fanops.text.tokens import tokenizer
from fanops.text.units import unit_texts

CLAUSES, SENTENCES = "restaurant_clauses.csv", "consumer_sentences.txt.gz"
_SIGN = {"NEG": -1, "NEU": 0, "POS": 1}
_HELD_OUT = 3_000
_WEAK_WEIGHT, _WEAK_SURE = 0.3, 1.4
_C = 3.0


def train_polarity(data_folder: Path, out: Path, progress: Callable[[float, str], None] = lambda share, doing: None) -> dict:
    """Train, calibrate on held-out clauses, write ``weights.npy`` and ``model.json``.

    Args:
        data_folder: Holds the two data files.
        out: Folder to write to.
        progress: Called with share done and what is being done.

    Returns:
        What ``model.json`` says: scores, sizes, hashes.

    Raises:
        NotReady: A data file or scikit-learn is missing.
    """
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise NotReady("训练需要 scikit-learn。", "请安装：pip install scikit-learn") from error
    for name in (CLAUSES, SENTENCES):
        if not (data_folder / name).is_file():
            raise NotReady(f"没有训练数据 {name}。", f"请放到 {data_folder}。")
    words = tokenizer()
    progress(0.05, "读标注")
    with (data_folder / CLAUSES).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    random.Random(5).shuffle(rows)
    texts, signs = [row["text"] for row in rows], np.array([_SIGN[row["polarity"]] for row in rows])
    progress(0.2, "读未标注的句子")
    weak, weak_signs = _sure_sentences(data_folder / SENTENCES)
    progress(0.5, "计算特征")
    labelled, unlabelled = features(texts, words), features(weak, words)
    held, kept = slice(0, _HELD_OUT), slice(_HELD_OUT, None)
    rare = {sign: 1 / np.sqrt((signs[kept] == sign).mean()) for sign in _SIGN.values()}
    target = np.concatenate([signs[kept], weak_signs])
    weight = np.concatenate([np.ones(len(signs) - _HELD_OUT), np.full(len(weak), _WEAK_WEIGHT)])
    weight = weight * np.array([rare[sign] for sign in target.tolist()])
    progress(0.6, "训练")
    model = LogisticRegression(C=_C, max_iter=400).fit(
        sparse.vstack([labelled[kept], unlabelled]), target, sample_weight=weight
    )
    prior = np.array([weight[target == sign].sum() for sign in (-1, 0, 1)])
    logits = model.decision_function(labelled[held])
    temperature = _temperature(logits, signs[held])
    weights = model.coef_.T.astype(np.float16)
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "weights.npy", weights, allow_pickle=False)
    about = {
        "bias": model.intercept_.tolist(), "log_prior": np.log(prior / prior.sum()).tolist(),
        "temperature": temperature, "review_slope": 1.6,
        "held_out_accuracy": float((logits.argmax(axis=1) - 1 == signs[held]).mean()), "held_out": _HELD_OUT,
        "clauses": len(texts), "weak_sentences": len(weak),
        "data_sha256": {name: hashlib.sha256((data_folder / name).read_bytes()).hexdigest() for name in (CLAUSES, SENTENCES)},
        "weights_sha256": hashlib.sha256((out / "weights.npy").read_bytes()).hexdigest(),
    }  # fmt: skip
    (out / "model.json").write_text(json.dumps(about, indent=1), "utf-8")
    progress(1.0, "完成")
    return about


def _sure_sentences(path: Path) -> tuple[list[str], np.ndarray]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = file.read().splitlines()
    random.Random(5).shuffle(lines)
    found: dict[int, list[str]] = {-1: [], 1: []}
    for line in lines[:30_000]:
        for unit in unit_texts(line):
            read = read_clause(unit)
            if 3 < len(unit) < 60 and abs(read.score) >= _WEAK_SURE and min(read.positive, read.negative) == 0:
                found[1 if read.score > 0 else -1].append(unit)
    pleased = found[1][: int(1.3 * len(found[-1]))]
    return found[-1] + pleased, np.array([-1] * len(found[-1]) + [1] * len(pleased))


def _temperature(logits: np.ndarray, signs: np.ndarray) -> float:
    """Give the temperature with the least log loss on held-out clauses (Guo et al., 2017)."""

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        chance = np.exp(scaled) / np.exp(scaled).sum(axis=1, keepdims=True)
        return float(-np.log(chance[np.arange(len(signs)), signs + 1] + 1e-12).mean())

    return float(min(np.arange(0.6, 3.01, 0.05), key=loss))
