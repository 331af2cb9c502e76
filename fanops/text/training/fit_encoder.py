"""Fit the table (拟合词表): one linear map of the teacher's word vectors, a weight per word, a small deviation per word.

The map is shared by all words, so what it learns on labelled aspects (keep what tells aspects apart, drop sentiment)
holds for words that no training sentence has. The deviation per word is held small for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FitParameters:
    """How the table is fitted.

    Attributes:
        dimension: Length of a vector.
        steps: Gradient steps.
        batch: Sentences of each kind per step.
        said: Weight of the contrast between topics of one trade, in sentences that we wrote.
        aspects: Weight of the contrast between aspects of one domain, in generated sentences.
        domains: Weight of the contrast between domains.
        labelled: Weight of the contrast between human-labelled aspects.
        whitening: Exponent (0–1) by which the teacher's strong directions are damped.
        deviation: Penalty of a word's own deviation.
        temperature: Of the contrasts.
        learning_rate: Of map and deviations.
        sif: Smooth inverse frequency constant (Arora et al. 2017).
        seed: Of every draw.
    """

    dimension: int = 192
    steps: int = 1_200
    batch: int = 256
    said: float = 1.0
    aspects: float = 0.25
    domains: float = 0.75
    labelled: float = 0.1
    whitening: float = 0.5
    deviation: float = 0.6
    temperature: float = 0.1
    learning_rate: float = 2e-3
    sif: float = 1e-3
    seed: int = 11


@dataclass(frozen=True)
class Sentences:
    """Sentences as token ids: ``flat`` cut at ``bounds``; ``target`` or ``labels`` says what they teach."""

    flat: np.ndarray
    bounds: np.ndarray
    target: np.ndarray | None = None
    labels: np.ndarray | None = None
    groups: np.ndarray | None = None

    @property
    def count(self) -> int:
        """Number of sentences."""
        return len(self.bounds) - 1


@dataclass(frozen=True)
class Contrast:
    """Sentences of one label are to lie near each other, those of other labels far.

    Attributes:
        sentences: With ``labels``; with ``groups`` each step takes sentences of one group alone.
        weight: Of this in the whole; 0 leaves it out.
    """

    sentences: Sentences
    weight: float

    def draw(self, rng: np.random.Generator, batch: int) -> np.ndarray:
        """Draw positions of one step's sentences: a group by its size, then some of its sentences."""
        groups = self.sentences.groups
        if groups is None:
            return rng.integers(self.sentences.count, size=batch)
        inside = np.flatnonzero(groups == groups[rng.integers(len(groups))])
        return rng.choice(inside, size=min(batch, len(inside)), replace=False)


def pack(ids: list[list[int]], **what: np.ndarray) -> Sentences:
    """Pack lists of token ids."""
    bounds = np.concatenate([[0], np.cumsum([len(one) for one in ids])]).astype(np.int64)
    return Sentences(np.array([token for one in ids for token in one], dtype=np.int64), bounds, **what)


def principal_map(vectors: np.ndarray, dimension: int, whitening: float) -> tuple[np.ndarray, np.ndarray]:
    """Give mean and map (512 × dimension) of a damped principal component analysis."""
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    values, directions = np.linalg.eigh(centred.T @ centred / len(vectors))
    order = np.argsort(-values)[:dimension]
    damped = directions[:, order] * (values[order] / values[order[0]]) ** (-whitening / 2)
    signs = np.sign(damped[np.abs(damped).argmax(axis=0), np.arange(len(order))])
    return mean.astype(np.float32), (damped * signs).astype(np.float32)


def fit_table(
    words: np.ndarray,
    shares: np.ndarray,
    clauses: Sentences,
    contrasts: Sequence[Contrast],
    parameters: FitParameters,
    progress: Callable[[float], None] = lambda share: None,
) -> np.ndarray:
    """Fit the table.

    Args:
        words: Teacher's word vectors, float32 (words, 512).
        shares: Share of running text per word.
        clauses: Real clauses with the teacher's vectors as ``target``.
        contrasts: What is to be told apart.
        parameters: How.
        progress: Called with the share done.

    Returns:
        float32 (words, dimension), weights folded in, row 0 zero.
    """
    import torch

    torch.manual_seed(parameters.seed)
    rng = np.random.default_rng(parameters.seed)
    mean, start = principal_map(clauses.target, parameters.dimension, parameters.whitening)
    target = torch.from_numpy(_unit((clauses.target - mean) @ start))
    table = _Table(words, shares, start, parameters)
    for step in range(parameters.steps):
        chosen = rng.integers(clauses.count, size=parameters.batch)
        found, penalty = table.vectors(clauses, chosen)
        aim = target[torch.from_numpy(chosen)]
        loss = (1 - (found * aim).sum(1)).mean() + _relation(found, aim) + parameters.deviation * penalty
        for each in contrasts:
            if each.weight:
                chosen = each.draw(rng, parameters.batch)
                found, penalty = table.vectors(each.sentences, chosen)
                apart = contrast(found, each.sentences.labels[chosen], parameters.temperature)
                loss = loss + each.weight * apart + parameters.deviation * each.weight * penalty
        table.step(loss, parameters.learning_rate * (1 - step / parameters.steps))
        if step % 50 == 0:
            progress(step / parameters.steps)
    return table.finished()


class _Table:
    """What is learnt: the shared map, the deviation and the weight of each word."""

    def __init__(self, words: np.ndarray, shares: np.ndarray, start: np.ndarray, parameters: FitParameters) -> None:
        import torch

        self.words = torch.from_numpy(words - words.mean(axis=0))
        self.prior = torch.log(torch.from_numpy((parameters.sif / (parameters.sif + shares)).astype(np.float32)))
        self.linear = torch.nn.Parameter(torch.from_numpy(start.copy()))
        self.weigher = torch.nn.Parameter(torch.zeros(words.shape[1]))
        self.own = torch.nn.Embedding(len(words), parameters.dimension, sparse=True)
        self.bias = torch.nn.Embedding(len(words), 1, sparse=True)
        torch.nn.init.zeros_(self.own.weight)
        torch.nn.init.zeros_(self.bias.weight)
        learnt = [*self.own.parameters(), *self.bias.parameters()]
        self.optimizers = (
            torch.optim.Adam([self.linear, self.weigher], lr=parameters.learning_rate),
            torch.optim.SparseAdam(learnt, lr=parameters.learning_rate),
        )

    def vectors(self, sentences: Sentences, chosen: np.ndarray):
        """Give unit vectors of the chosen sentences, and the mean squared deviation of their words."""
        import torch
        from torch.nn import functional

        flat, text = _gather(sentences, chosen)
        used, position = np.unique(flat, return_inverse=True)
        ids = torch.from_numpy(used)
        deviation = self.own(ids)
        base = functional.normalize(self.words[ids] @ self.linear, dim=1)
        weight = torch.exp(self.prior[ids] + self.words[ids] @ self.weigher + self.bias(ids)[:, 0])
        rows = ((base + deviation) * weight[:, None])[torch.from_numpy(position)]
        sums = torch.zeros(len(chosen), base.shape[1]).index_add(0, torch.from_numpy(text), rows)
        return functional.normalize(sums, dim=1), deviation.square().sum(1).mean()

    def step(self, loss, rate: float) -> None:
        """Go one step down."""
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.param_groups[0]["lr"] = rate
            optimizer.step()

    def finished(self) -> np.ndarray:
        """Give all rows with their weights folded in, row 0 zero."""
        import torch
        from torch.nn import functional

        with torch.no_grad():
            weight = torch.exp(self.prior + self.words @ self.weigher + self.bias.weight[:, 0])
            rows = (functional.normalize(self.words @ self.linear, dim=1) + self.own.weight) * weight[:, None]
            rows[0] = 0
        return rows.numpy()


def contrast(found, labels: np.ndarray, temperature: float):
    """Supervised contrastive loss: sentences of one label near, of other labels far.

    Source: Khosla et al. 2020, Supervised Contrastive Learning.
    """
    import torch

    label = torch.from_numpy(np.asarray(labels))
    itself = torch.eye(len(label), dtype=torch.bool)
    same = (label[:, None] == label[None]) & ~itself
    logits = (found @ found.T / temperature).masked_fill(itself, -1e9)
    chances = logits.log_softmax(dim=1)
    counted = same.sum(1)
    return -((chances * same).sum(1) / counted.clamp(min=1))[counted > 0].mean()


def _relation(found, aim, temperature: float = 0.1):
    """Who is near whom within the batch, as the teacher sees it."""
    import torch

    itself = torch.eye(len(found), dtype=torch.bool)
    ours = (found @ found.T / temperature).masked_fill(itself, -1e9).log_softmax(dim=1)
    theirs = (aim @ aim.T / temperature).masked_fill(itself, -1e9).softmax(dim=1)
    return 0.2 * -(theirs * ours).sum(1).mean()


def _gather(sentences: Sentences, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    starts, ends = sentences.bounds[chosen], sentences.bounds[chosen + 1]
    counts = ends - starts
    text = np.repeat(np.arange(len(chosen)), counts)
    offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return sentences.flat[np.repeat(starts, counts) + offset], text


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)).astype(np.float32)
