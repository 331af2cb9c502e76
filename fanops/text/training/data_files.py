"""The two data files that training takes: labelled clauses of restaurants, and sentences of consumers (both MIT)."""

from __future__ import annotations

import gzip
from pathlib import Path

from fanops.errors import InvalidInput, NotReady

CLAUSES, SENTENCES = "restaurant_clauses.csv", "consumer_sentences.txt.gz"


def check_files(data_folder: Path) -> None:
    """Refuse a folder that lacks one of the files.

    Raises:
        NotReady: One is missing.
    """
    for name in (CLAUSES, SENTENCES):
        if not (data_folder / name).is_file():
            raise NotReady(f"缺少训练数据 {name}。", f"请把它放到 {data_folder}。")


def sentence_text(data_folder: Path) -> str:
    """Read the consumers' sentences, one a line.

    Raises:
        InvalidInput: Not compressed text.
    """
    path = data_folder / SENTENCES
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return file.read()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path.name} 打不开。", "它要是 gzip 压缩的 UTF-8 文本，一行一句。") from error
