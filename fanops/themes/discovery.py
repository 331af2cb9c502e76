"""Discovery: texts in, named themes out; pure, deterministic, and the same in whatever order the texts come."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fanops.errors import TooLittleData
from fanops.text.encoder import Encoder
from fanops.text.plain import gist
from fanops.text.tokens import Tokenizer
from fanops.themes.context import in_context
from fanops.themes.continuity import Known, keep_apart, majority, rejoin
from fanops.themes.describe import Distinct, Group, Placed, describe
from fanops.themes.keywords import WordCounts
from fanops.themes.layout import place_units
from fanops.themes.naming import Namer
from fanops.themes.parameters import FEWEST, Parameters
from fanops.themes.partition import (
    UNASSIGNED,
    Partition,
    canonical,
    centroids,
    discriminant,
    likeliest,
    neighbourhood,
    partition,
    with_enough_people,
)
from fanops.themes.spread import bounds, in_chunks, one_thread

Progress = Callable[[float, str], None]
# Set so that of the units of a strength about that share is placed rightly (docs/method.md); unsure is what most likely is not.
_SHARPNESS = 0.09
UNSURE_BELOW = 0.2


@dataclass(frozen=True)
class Discovery:
    """What a run found over n units.

    Attributes:
        labels: Theme per unit, 0 the largest, −1 未归类; shape (n,).
        sublabels: Sub-theme per unit, −1 none; shape (n,).
        strength: How surely a unit belongs, 0–1, 0 where unassigned; shape (n,).
        unsure: Whether a person should look; shape (n,).
        positions: Map coordinates, shape (n, 2).
        themes: One Group per label.
        subthemes: One Group per sub-label.
        vectors: Unit vectors of the units, shape (n, d), float32.
        fingerprint: Hash of input, parameters, encoder and result; equal means the same result.
    """

    labels: NDArray[np.int32]
    sublabels: NDArray[np.int32]
    strength: NDArray[np.float32]
    unsure: NDArray[np.bool_]
    positions: NDArray[np.float32]
    themes: tuple[Group, ...]
    subthemes: tuple[Group, ...]
    vectors: NDArray[np.float32]
    fingerprint: str


@one_thread()
def discover(
    texts: Sequence[str],
    people: Sequence[int] | None,
    encoder: Encoder,
    tokenizer: Tokenizer,
    parameters: Parameters = Parameters(),
    progress: Progress = lambda share, doing: None,
    known: Known | None = None,
    cluster: str = "",
    voices: Sequence[int] | None = None,
) -> Discovery:
    """Discover themes in units.

    Args:
        texts: Units with content, n of them.
        people: Who said each (any integer per person), None: every text another person.
        encoder: Gives vectors.
        tokenizer: Gives words.
        parameters: See Parameters.
        progress: Called with share done (0–1) and what is being done.
        known: What is known of the texts from earlier runs, None: nothing.
        cluster: Address of a Dask scheduler on which what was not fitted on is assigned, empty: here. The result is the same.
        voices: Voice of each text (any integer), None: each text stands alone; the texts of a voice stand together, in the order they
            were said, and what stands beside a text counts for what it means.

    Raises:
        TooLittleData: Fewer than 10 distinct texts.
    """
    who = np.arange(len(texts)) if people is None else np.asarray(people, dtype=np.int64)
    keys = [gist(text) for text in texts]
    distinct, position = np.unique(np.array(keys, dtype=object), return_inverse=True)
    if len(distinct) < FEWEST:
        raise TooLittleData(
            f"只有 {len(distinct)} 句不同的话，还不足以发现主题。", f"至少要 {FEWEST} 句；20 句以上结果才比较稳。"
        )
    progress(0.02, "计算句向量")
    spoken = _spoken(texts, position, len(distinct))
    said = distinct.tolist()
    vectors = encoder.encode(said)
    if voices is not None:
        vectors = in_context(vectors, position, np.asarray(voices, dtype=np.int64))
    weights = np.bincount(position, minlength=len(distinct)).astype(np.int64)
    said_by = _said_by(position, who, len(distinct))
    sound = np.flatnonzero(np.any(vectors, axis=1))
    if len(sound) < FEWEST:
        raise TooLittleData("这些内容里几乎没有可以理解的文字。", "请检查选的是不是文字那一列。")
    fit = sound[_chosen(weights[sound], [spoken[i] for i in sound], parameters.fit_most)]
    progress(0.3, "寻找相近的说法")
    graph = neighbourhood(vectors[fit], parameters)
    with ThreadPoolExecutor(max_workers=1) as beside:  # communities are looked for outside the interpreter's lock
        counting = beside.submit(_word_counts, [said[i] for i in fit], weights[fit], tokenizer)
        parts = partition(vectors[fit], graph, weights[fit], [said_by[i] for i in fit], parameters)
        counts = counting.result()
    progress(0.6, "归类")
    labels, sublabels = _spread(vectors, weights, sound, fit, parts, parameters, cluster)
    if known is not None:
        lay_in = majority(position, known.lay_in, len(distinct))
        resolution = parameters.resolution if known.same_grain else None
        middle = centroids(vectors, labels, weights)
        labels = rejoin(labels, lay_in, weights, fit, graph, resolution, known.joined, middle)
        labels = keep_apart(vectors, labels, lay_in, weights)
    labels = canonical(with_enough_people(vectors, labels, weights, said_by, parameters.min_people), weights)
    sublabels = _within(labels, sublabels)
    placed = Placed.of(labels, sublabels, vectors, weights)
    strength, unsure = _how_surely(vectors, placed, parameters, cluster)
    progress(0.75, "起名字")
    first = np.full(len(distinct), -1, dtype=np.int64)
    first[position[::-1]] = np.arange(len(position))[::-1]
    themes, subthemes = describe(
        Distinct(spoken, vectors, weights, first), placed, counts, fit,
        Namer(spoken, vectors, weights, encoder.encode, tokenizer),
    )  # fmt: skip
    progress(0.9, "画地图")
    positions = place_units(vectors, labels, placed.middle)
    fingerprint = _fingerprint(distinct, labels, weights, parameters, encoder)
    progress(1.0, "完成")
    return Discovery(
        labels[position], sublabels[position], strength[position], unsure[position], positions[position],
        themes, subthemes, vectors[position], fingerprint,
    )  # fmt: skip


def _spoken(texts: Sequence[str], position: NDArray[np.int64], count: int) -> list[str]:
    """Give one spelling per distinct text: the first in sorting order, so that the order of the input is forgotten."""
    best: list[str | None] = [None] * count
    for text, place in zip(texts, position.tolist(), strict=True):
        if best[place] is None or text < best[place]:
            best[place] = text
    return [text or "" for text in best]


def _said_by(position: NDArray[np.int64], who: NDArray[np.int64], count: int) -> list[set[int]]:
    result: list[set[int]] = [set() for _ in range(count)]
    for place, person in zip(position.tolist(), who.tolist(), strict=True):
        result[place].add(person)
    return result


def _chosen(weights: NDArray[np.int64], texts: list[str], most: int) -> NDArray[np.int64]:
    """Choose what to fit on: the often said first, the others by a hash of the text; in canonical order."""
    if len(texts) <= most:
        return np.arange(len(texts))
    hashes = [hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest() for text in texts]
    order = sorted(range(len(texts)), key=lambda i: (-min(int(weights[i]), 3), hashes[i]))
    return np.array(sorted(order[:most]), dtype=np.int64)


def _spread(
    vectors: NDArray[np.float32], weights: NDArray[np.int64], known: NDArray[np.int64], fit: NDArray[np.int64],
    parts: Partition, parameters: Parameters, cluster: str,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:  # fmt: skip
    """Give labels and sub-labels of all texts: by the borders between the themes that were found, also of those they were found in.

    Some neighbours of a text are of another theme, and take it along; the borders know all of both themes.
    """
    labels = np.full(len(vectors), UNASSIGNED, dtype=np.int32)
    sublabels = np.full(len(vectors), UNASSIGNED, dtype=np.int32)
    labels[fit], sublabels[fit] = parts.labels, parts.sublabels
    if parameters.method != "graph" or parts.labels.max(initial=UNASSIGNED) < 0:
        return labels, sublabels
    placed = Placed.of(parts.labels, parts.sublabels, vectors[fit], weights[fit])
    borders = discriminant(vectors[fit], parts.labels)
    nearest = partial(_assigned, borders=borders, sub_middle=placed.sub_middle, parent=placed.parent)
    places = [known[start:end] for start, end in bounds(len(known))]
    for place, (found, sub) in zip(
        places, in_chunks(nearest, [vectors[each] for each in places], cluster), strict=True
    ):
        sublabels[place] = np.where((labels[place] == found) & (sublabels[place] >= 0), sublabels[place], sub)
        labels[place] = found
    return labels, sublabels


def _how_surely(
    vectors: NDArray[np.float32], placed: Placed, parameters: Parameters, cluster: str
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Give strengths and which texts are unsure; what is like no theme leaves its theme (in ``placed``)."""
    labels, sublabels = placed.labels, placed.sublabels
    if not len(placed.middle):
        return np.zeros(len(vectors), dtype=np.float32), np.zeros(len(vectors), dtype=bool)
    belongs = partial(_belonging, middle=placed.middle)
    parted = [(vectors[start:end], labels[start:end]) for start, end in bounds(len(vectors))]
    strength, unsure, best = map(np.concatenate, zip(*in_chunks(belongs, parted, cluster), strict=True))
    far = (best < parameters.least_strength) & (labels >= 0)
    labels[far], sublabels[far], strength[far], unsure[far] = UNASSIGNED, UNASSIGNED, 0.0, False
    return strength, unsure


def _assigned(
    vectors: NDArray[np.float32], borders: tuple[NDArray[np.float32], NDArray[np.float32]],
    sub_middle: NDArray[np.float32], parent: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:  # fmt: skip
    """Give one chunk's likeliest themes and nearest sub-themes."""
    with one_thread():
        labels = likeliest(vectors, borders)
        return labels, _nearest_sub(vectors, labels, sub_middle, parent)


def _belonging(
    part: tuple[NDArray[np.float32], NDArray[np.int32]], middle: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
    """Give one chunk's strengths, which of it are unsure, and how alike each unit is to the theme it is most like."""
    vectors, labels = part
    with one_thread():
        similarity = vectors @ middle.T
    return *strengths(similarity, labels), similarity.max(axis=1)


def _within(labels: NDArray[np.int32], sublabels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give each sub-theme to the theme that most of it lies in, take the others out of it, and number them anew."""
    result = np.full(len(sublabels), UNASSIGNED, dtype=np.int32)
    following = 0
    for sub in range(int(sublabels.max(initial=-1)) + 1):
        members = np.flatnonzero((sublabels == sub) & (labels >= 0))
        if len(members):
            parent = np.bincount(labels[members]).argmax()
            result[members[labels[members] == parent]] = following
            following += 1
    return result


def strengths(
    similarity: NDArray[np.float32], labels: NDArray[np.int32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Give how likely each unit is placed rightly: a softmax over similarities, 0–1; and which are unsure."""
    sharp = np.exp((similarity - similarity.max(axis=1, keepdims=True)) / _SHARPNESS)
    share = sharp / sharp.sum(axis=1, keepdims=True)
    own = np.where(labels >= 0, share[np.arange(len(labels)), np.maximum(labels, 0)], 0.0).astype(np.float32)
    return own, (labels >= 0) & (own < UNSURE_BELOW)


def _nearest_sub(
    vectors: NDArray[np.float32], labels: NDArray[np.int32], sub_middle: NDArray[np.float32], parent: NDArray[np.int32]
) -> NDArray[np.int32]:
    result = np.full(len(vectors), UNASSIGNED, dtype=np.int32)
    if len(sub_middle) and len(vectors):
        subs = vectors @ sub_middle.T
        subs[parent[None, :] != labels[:, None]] = -np.inf
        best = np.argmax(subs, axis=1)
        found = np.isfinite(subs[np.arange(len(subs)), best])
        result[found] = best[found]
    return result


def _word_counts(texts: list[str], weights: NDArray[np.int64], tokenizer: Tokenizer) -> WordCounts:
    return WordCounts([tokenizer.content_tokens(text[:400]) for text in texts], weights)


def _fingerprint(
    distinct: NDArray, labels: NDArray[np.int32], weights: NDArray[np.int64], parameters: Parameters, encoder: Encoder
) -> str:
    digest = hashlib.sha256(f"{parameters.fingerprint()}:{encoder.fingerprint}".encode())
    for text, label, weight in zip(distinct.tolist(), labels.tolist(), weights.tolist(), strict=True):
        digest.update(f"{text}\x1f{label}\x1f{weight}\x1e".encode("utf-8", "replace"))
    return digest.hexdigest()
