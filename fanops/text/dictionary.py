"""A brand's dictionary: products, aliases, competitors; tolerant in reading, and each word proved on real sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fanops.text.table_file import decode
from fanops.text.tokens import Tokenizer

_PARTS = re.compile(r"[\t,，;；|]+|\s{2,}|(?<=\S)\s+(?=[\d.]+(?:\s|$)|[a-z]{1,3}$)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?\Z")
_SPEECH = re.compile(r"[a-z]{1,4}\Z")


@dataclass(frozen=True)
class Entry:
    """词条.

    Attributes:
        word: As it must hold together.
        canonical: The word it is another name of (芋泥啵啵 → 芋泥波波), itself when it is none.
    """

    word: str
    canonical: str


@dataclass(frozen=True)
class BrandDictionary:
    """品牌词典."""

    entries: tuple[Entry, ...] = ()

    def words(self) -> list[str]:
        """Give all words, sorted."""
        return sorted({entry.word for entry in self.entries})

    def canonical(self, word: str) -> str:
        """Give the product that a word names, the word itself when unknown."""
        return next((entry.canonical for entry in self.entries if entry.word == word), word)


@dataclass(frozen=True)
class Proof:
    """词条证明.

    Attributes:
        word: The word.
        sentences: Sentences that contain it.
        held: In how many it was cut as one word.
        split_as: How it was cut where it still splits, as ``芋泥/波波``.
        why: Chinese sentence; empty when it takes effect everywhere.
    """

    word: str
    sentences: int
    held: int
    split_as: tuple[str, ...]
    why: str


def read_dictionary(content: bytes) -> BrandDictionary:
    """Read a dictionary: one word a line; ``word = alias / alias`` for aliases; frequency and part of speech ignored.

    A BOM, Windows line ends, missing frequencies, slashes, hyphens, tabs and comments (#) are all fine.

    Raises:
        InvalidInput: Not text.
    """
    entries: dict[str, str] = {}
    for line in decode(content).splitlines():
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        head, _, tail = line.replace("＝", "=").partition("=")
        canonical = _word(head)
        if not canonical:
            continue
        entries.setdefault(canonical, canonical)
        for alias in re.split(r"[/／,，、;；]", tail):
            if _word(alias):
                entries.setdefault(_word(alias), canonical)
    return BrandDictionary(tuple(Entry(word, canonical) for word, canonical in entries.items()))


def _word(text: str) -> str:
    parts = [part for part in _PARTS.split(text.strip()) if part]
    kept = [part for part in parts if not _NUMBER.match(part) and not _SPEECH.match(part)] or parts
    return kept[0].strip() if kept else ""


def prove(words: Iterable[str], sentences: Sequence[str], tokenizer: Tokenizer) -> list[Proof]:
    """Prove on sample sentences that each word takes effect, and say why where it does not."""
    return [_prove(word, sentences, tokenizer) for word in words]


def _prove(word: str, sentences: Sequence[str], tokenizer: Tokenizer) -> Proof:
    containing = [sentence for sentence in sentences if word in sentence]
    split: dict[str, None] = {}
    held = 0
    for sentence in containing:
        tokens, at, good = tokenizer.tokens(sentence), 0, False
        for token in tokens:
            good = good or token == word
            at += len(token)
        held += good
        if not good:
            split["/".join(_covering(tokens, sentence.index(word), len(word)))] = None
    why = ""
    if not containing:
        why = "数据里没有出现过这个词。"
    elif held < len(containing):
        why = "它和前后的字连成了别的词。" if word in tokenizer.words else "还没有加进词典。"
    return Proof(word, len(containing), held, tuple(split), why)


def _covering(tokens: Sequence[str], start: int, length: int) -> list[str]:
    at, found = 0, []
    for token in tokens:
        if at < start + length and at + len(token) > start:
            found.append(token)
        at += len(token)
    return found
