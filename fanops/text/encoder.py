"""Sentence vectors (句向量): the shipped static table read with NumPy alone, or any sentence-transformers model.

A static encoder looks every token up in a table and averages the rows: no layers, no torch, the same figures on every
machine. The shipped files follow the StaticEmbedding format of sentence-transformers (``tokenizer.json`` and
``model.safetensors`` with int8 ``embeddings``, a token→row ``mapping`` and a per-token ``weights``), so
``SentenceTransformer(path)`` loads the very same folder and gives the same vectors. Here the rows are memory-mapped
and only those in use are turned into floats.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from fanops.content import content_path
from fanops.errors import NotReady

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_FORMAT = "fanops-static-encoder-1"
_TABLE = "model.safetensors"
_TOKENIZER = "tokenizer.json"
_CONFIG = "config.json"
_BATCH = 8192  # texts per tokenizer call: bounds memory for a million texts, costs nothing in speed
_LONGEST = 20_000  # characters; a voice longer than this is averaged over its beginning
_MEMORY = 200_000  # remembered spellings of tokens outside the vocabulary, then forgotten and begun anew
_DTYPES = {"I8": np.int8, "I32": np.int32, "I64": np.int64, "F16": np.float16, "F32": np.float32}


class Encoder(Protocol):
    """What the theme engine needs of an encoder: unit vectors, their length, and a hash that names the model."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def fingerprint(self) -> str:
        """Hash of the model: equal hashes give equal vectors."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of texts, float32 of shape (n, dimension), unit length; a zero row where nothing is known."""

    def encode_tokens(self, tokens: Sequence[Sequence[str]]) -> np.ndarray:
        """Vectors of texts that are already cut into tokens (词元), as :meth:`encode`."""


def load_encoder(name: str | Path | None = None) -> Encoder:
    """Load the shipped static encoder (句向量模型), or another sentence-transformers model by path or name.

    Args:
        name: None for the shipped model; a folder in our static format is read with NumPy; everything else goes to
            sentence-transformers, which is imported only then.

    Returns:
        The encoder.

    Raises:
        NotReady: The model is not there, is damaged, or sentence-transformers can't load it.
    """
    folder = content_path("models", "encoder") if name is None else Path(name)
    if name is None or _is_static(folder):
        return StaticEncoder(folder)
    return TransformerEncoder(str(name))


def _is_static(folder: Path) -> bool:
    config = folder / _CONFIG
    if not config.is_file():
        return False
    try:
        return json.loads(config.read_text(encoding="utf-8")).get("format") == _FORMAT
    except (ValueError, AttributeError):
        return False


class StaticEncoder:
    """A table of word and character vectors, averaged per text (静态句向量)."""

    def __init__(self, folder: Path) -> None:
        """Open the model in ``folder``.

        Args:
            folder: Holds config.json, tokenizer.json and model.safetensors.

        Raises:
            NotReady: A file is missing or damaged.
        """
        from tokenizers import Tokenizer

        try:
            table = _read_table(folder / _TABLE)
            self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
            self._rows, row_of, weight = table["embeddings"], table["mapping"], table["weights"]
            self._fingerprint = _hash_files(folder / _TOKENIZER, folder / _TABLE)
        except Exception as error:  # `tokenizers` raises a bare Exception for a file it can't read
            raise NotReady(
                f"句向量模型读不出来：{folder}（{type(error).__name__}）。",
                "请重新安装 fanops，或运行 fanops model train 重新训练。",
            ) from error
        self._row_of = np.asarray(row_of, dtype=np.int64)
        self._weight = np.asarray(weight, dtype=np.float32)
        self._ids: dict[str, int] | None = None
        self._unknown: dict[str, tuple[int, ...]] = {}

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._rows.shape[1])

    @property
    def fingerprint(self) -> str:
        """Hash of vocabulary and table, hexadecimal, 16 digits."""
        return self._fingerprint

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of texts (句向量).

        Args:
            texts: Any strings, hostile ones included.

        Returns:
            float32 of shape (n, dimension), each row of unit length, or zero where no token is known.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            batch = [_clean(text) for text in texts[start : start + _BATCH]]
            encoded = self._tokenizer.encode_batch_fast(batch, add_special_tokens=False)
            vectors[start : start + len(batch)] = self._average([item.ids for item in encoded])
        return vectors

    def encode_tokens(self, tokens: Sequence[Sequence[str]]) -> np.ndarray:
        """Vectors of texts already cut into tokens (词元); a token outside the vocabulary falls back to its parts.

        Args:
            tokens: One sequence of tokens per text.

        Returns:
            As :meth:`encode`.
        """
        if self._ids is None:
            self._ids = self._tokenizer.get_vocab()
        vectors = np.zeros((len(tokens), self.dimension), dtype=np.float32)
        for start in range(0, len(tokens), _BATCH):
            batch = tokens[start : start + _BATCH]
            vectors[start : start + len(batch)] = self._average([self._lookup(text, self._ids) for text in batch])
        return vectors

    def _lookup(self, tokens: Sequence[str], ids: dict[str, int]) -> list[int]:
        found: list[int] = []
        for token in tokens:
            known = ids.get(token)
            if known is not None:
                found.append(known)
                continue
            parts = self._unknown.get(token)
            if parts is None:
                if len(self._unknown) >= _MEMORY:
                    self._unknown.clear()
                parts = tuple(self._tokenizer.encode(_clean(token), add_special_tokens=False).ids)
                self._unknown[token] = parts
            found.extend(parts)
        return found

    def _average(self, ids: list[list[int]]) -> np.ndarray:
        """Sum the weighted rows of each text and bring the sum to unit length (a mean points the same way)."""
        from scipy import sparse

        counts = np.fromiter(map(len, ids), dtype=np.int64, count=len(ids))
        bounds = np.concatenate([[0], np.cumsum(counts)])
        flat = np.fromiter(chain.from_iterable(ids), dtype=np.int64, count=int(bounds[-1]))
        wanted = self._row_of[flat]
        is_used = np.zeros(len(self._rows), dtype=bool)
        is_used[wanted] = True
        used = np.flatnonzero(is_used)
        position = (np.cumsum(is_used, dtype=np.int32) - 1)[wanted]
        rows = self._rows[used].astype(np.float32)
        bag = sparse.csr_matrix((self._weight[flat], position, bounds), shape=(len(ids), len(used)))
        sums = np.asarray(bag @ rows, dtype=np.float32).reshape(len(ids), self.dimension)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 1e-9)


class TransformerEncoder:
    """Any other sentence-transformers model through the same seam (其他句向量模型)."""

    def __init__(self, name: str) -> None:
        """Load the model.

        Args:
            name: Folder, or the name of a model that sentence-transformers finds in its cache.

        Raises:
            NotReady: sentence-transformers is missing or can't load the model.
        """
        try:
            from sentence_transformers import SentenceTransformer

            self._model = SentenceTransformer(name, device="cpu", local_files_only=True)
        except Exception as error:  # whatever the library raises, the person needs the same way out
            raise NotReady(
                f"句向量模型“{name}”装不上（{type(error).__name__}）。",
                "请检查路径是否正确、模型文件是否已放到本机；留空则使用自带模型。",
            ) from error
        self._dimension = int(self._model.encode(["好"]).shape[1])
        self._fingerprint = self._hash_weights()

    def _hash_weights(self) -> str:
        digest = hashlib.sha256()
        for key, value in sorted(self._model.state_dict().items()):
            digest.update(key.encode())
            digest.update(value.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    @property
    def fingerprint(self) -> str:
        """Hash of the weights, hexadecimal, 16 digits."""
        return self._fingerprint

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of texts; float32 of shape (n, dimension), unit length, zero rows for blank texts."""
        cleaned = [_clean(text) for text in texts]
        if not cleaned:
            return np.zeros((0, self._dimension), dtype=np.float32)
        vectors = self._model.encode(cleaned, normalize_embeddings=True, show_progress_bar=False)
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        vectors[[not text.strip() for text in cleaned]] = 0.0
        return vectors

    def encode_tokens(self, tokens: Sequence[Sequence[str]]) -> np.ndarray:
        """As :meth:`encode`, of the tokens joined again: such a model has a tokenizer of its own."""
        return self.encode(["".join(text) for text in tokens])


def _clean(text: str) -> str:
    """Cut to a bounded length and replace lone surrogates, which no tokenizer takes."""
    text = text[:_LONGEST]
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _read_table(path: Path) -> dict[str, np.ndarray]:
    """Memory-map the tensors of a safetensors file: 8 bytes of header length, a JSON header, then raw data."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    raw = np.memmap(path, dtype=np.uint8, mode="r", offset=8 + length)
    tensors: dict[str, np.ndarray] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        tensors[name] = raw[start:end].view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def _hash_files(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()[:16]
