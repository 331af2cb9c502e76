"""Train the static encoder (训练句向量): distilled from a teacher, taught what customers of each trade mean by what they say."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from fanops.text.table_file import read_sheet
from fanops.text.training.data_files import CLAUSES, SENTENCES, check_files, sentence_text
from fanops.text.training.encoder_files import build_tokenizer, write_encoder
from fanops.text.training.fit_encoder import Contrast, FitParameters, Sentences, fit_table, pack
from fanops.text.training.generate import generate, read_topics, topic_words
from fanops.text.training.said import read_said, said_words
from fanops.text.training.teacher import TEACHER, teacher_vectors
from fanops.text.training.vocabulary import Vocabulary, choose_vocabulary
from fanops.text.units import unit_texts

_WORDS = 40_000
_CLAUSES = 70_000
_PER_TOPIC = 300
_SHORTEST, _LONGEST = 3, 60
_EDGES = "，。！？!?,. "

Progress = Callable[[float, str], None]


def train_encoder(
    data_folder: Path,
    out: Path,
    parameters: FitParameters = FitParameters(),
    progress: Progress = lambda share, doing: None,
) -> dict:
    """Train the encoder and write its files.

    Args:
        data_folder: Holds the two data files (both MIT).
        out: Folder to write to.
        parameters: How it is fitted.
        progress: Called with share done and what is being done.

    Returns:
        What ``config.json`` says, and the SHA-256 of each file written.

    Raises:
        NotReady: A data file or the teacher's package is missing.
        InvalidInput: A data file holds something else.
    """
    check_files(data_folder)
    sentences = [line.strip() for line in io.StringIO(sentence_text(data_folder))]
    sheet = read_sheet(data_folder / CLAUSES, "text", "aspect")
    labelled = list(zip(sheet.column("text"), sheet.column("aspect"), strict=True))
    said, topics = read_said(), read_topics()
    made = generate(topics, _PER_TOPIC, parameters.seed)
    clauses = [*_clauses(sentences, parameters.seed), *(each.text for each in said)]
    texts = [*sentences, *(text for text, _ in labelled), *(each.text for each in (*made, *said))]
    vocabulary = choose_vocabulary(texts, [*topic_words(topics), *said_words(said)], _WORDS)
    progress(0.02, "教师模型：词")
    words = teacher_vectors(vocabulary.words)
    words[0] = 0
    progress(0.1, "教师模型：句子")
    target = teacher_vectors(clauses, lambda share: progress(0.1 + 0.3 * share, "教师模型：句子"))
    cut = _Cutter(vocabulary)
    made_texts, domains = [each.text for each in made], _numbered([topics[each.topic].domain for each in made])
    contrasts = (
        Contrast(
            cut.pack(
                [each.text for each in said],
                labels=_numbered([(each.trade, each.topic) for each in said]),
                groups=_numbered([each.trade for each in said]),
            ),
            parameters.said,
        ),
        Contrast(
            cut.pack(made_texts, labels=np.array([each.topic for each in made]), groups=domains), parameters.aspects
        ),
        Contrast(cut.pack(made_texts, labels=domains), parameters.domains),
        Contrast(
            cut.pack([text for text, _ in labelled], labels=_numbered([aspect for _, aspect in labelled])),
            parameters.labelled,
        ),
    )
    table = fit_table(
        words,
        np.array(vocabulary.shares),
        cut.pack(clauses, target=target),
        contrasts,
        parameters,
        lambda share: progress(0.4 + 0.58 * share, "拟合词表"),
    )
    about = {
        "teacher": TEACHER,
        "parameters": asdict(parameters),
        "texts": {"clauses": len(clauses), "said": len(said), "generated": len(made), "labelled": len(labelled)},
        "data_sha256": {name: _sha256(data_folder / name) for name in (CLAUSES, SENTENCES)},
    }
    hashes = write_encoder(out, vocabulary, table, about)
    progress(1.0, "完成")
    return {**about, "files_sha256": hashes}


class _Cutter:
    """Cuts texts into rows of the table, as the shipped tokenizer does."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._tokenizer = build_tokenizer(vocabulary)
        self._row = [*range(len(vocabulary.words)), *(row for _, row in vocabulary.spellings)]

    def pack(self, texts: list[str], **what: np.ndarray) -> Sentences:
        encoded = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return pack([[self._row[one] for one in each.ids] or [0] for each in encoded], **what)


def _numbered(names: Sequence[Hashable]) -> np.ndarray:
    """Number names by their first place; shape (n,)."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in names])


def _clauses(sentences: list[str], seed: int) -> list[str]:
    """Choose distinct clauses of the sentences."""
    found = {unit.strip(_EDGES) for sentence in sentences for unit in unit_texts(sentence)}
    ordered = sorted(unit for unit in found if _SHORTEST <= len(unit) <= _LONGEST)
    random.Random(seed).shuffle(ordered)
    return ordered[:_CLAUSES]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
