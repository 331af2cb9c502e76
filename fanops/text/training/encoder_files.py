"""Write the files of a static encoder, in the StaticEmbedding format of sentence-transformers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from fanops.text.training.vocabulary import Vocabulary

FORMAT = "fanops-static-encoder-1"
_MODULES = (
    "sentence_transformers.sentence_transformer.modules.StaticEmbedding",
    "sentence_transformers.base.modules.Normalize",
)


def build_tokenizer(vocabulary: Vocabulary):
    """Build the tokenizer: the most probable path over the vocabulary, as jieba without its HMM finds it."""
    from tokenizers import Tokenizer, models, normalizers

    tokens = [*vocabulary.words, *(spelling for spelling, _ in vocabulary.spellings)]
    pairs = list(zip(tokens, vocabulary.log_probabilities, strict=True))
    tokenizer = Tokenizer(models.Unigram(pairs, unk_id=0))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    return tokenizer


def write_encoder(folder: Path, vocabulary: Vocabulary, table: np.ndarray, about: dict) -> dict[str, str]:
    """Write tokenizer, table, configuration.

    Args:
        folder: Made if it is not there.
        vocabulary: The tokens.
        table: float32 of shape (words, dimension), weights folded in; row 0 must be zero.
        about: Goes into config.json.

    Returns:
        SHA-256 per file.
    """
    from safetensors.numpy import save

    folder.mkdir(parents=True, exist_ok=True)
    largest = np.abs(table).max(axis=1)
    scale = np.where(largest > 0, largest / 127.0, 1.0).astype(np.float32)
    rows = np.rint(table / scale[:, None]).astype(np.int8)
    mapping = np.array([*range(len(table)), *(row for _, row in vocabulary.spellings)], dtype=np.int32)
    scale[largest == 0] = 0.0
    tensors = {"embeddings": rows, "mapping": mapping, "weights": scale[mapping]}
    modules = [
        {"idx": index, "name": str(index), "path": path, "type": kind}
        for index, (path, kind) in enumerate(zip(("", "1_Normalize"), _MODULES, strict=True))
    ]
    contents = {
        "model.safetensors": save(tensors),
        "tokenizer.json": build_tokenizer(vocabulary).to_str(pretty=False).encode(),
        "modules.json": json.dumps(modules, indent=1).encode(),
        "config.json": json.dumps(
            {"format": FORMAT, "dimension": table.shape[1], **about}, ensure_ascii=False, indent=1
        ).encode(),
    }
    for name, content in contents.items():  # whole, or not at all
        part = folder / f"{name}.part"
        part.write_bytes(content)
        part.replace(folder / name)
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
