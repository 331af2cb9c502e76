"""The opinion words and the words that bend them, read from ``models/polarity``; words live in files that people edit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from fanops.content import content_path

OPINION = "opinion"
_NUMBER = r"[\d一二两三四五六七八九十百半几好多整]{1,5}"


@dataclass(frozen=True, slots=True)
class Entry:
    """词条.

    Attributes:
        kind: ``opinion``, or a kind of ``rules.txt``: negation, strong, contrast …
        value: Strength of an opinion, −2 to 2; 0 for other kinds and for plain words that only look like opinions.
        also: Kinds that the word has beside its first (好 is an opinion and a degree).
    """

    kind: str
    value: float = 0.0
    also: frozenset[str] = frozenset()


def _lines(name: str) -> list[str]:
    text = content_path("models", "polarity", name).read_text("utf-8-sig")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


@lru_cache(maxsize=1)
def lexicon() -> dict[str, float]:
    """Give opinion words (情感词) with their strength; a word that stands twice keeps its first."""
    found: dict[str, float] = {}
    for line in _lines("lexicon.txt"):
        strength, *words = line.split()
        for word in words:
            found.setdefault(word.lower(), float(strength))
    return found


@lru_cache(maxsize=1)
def bending() -> dict[str, frozenset[str]]:
    """Give the bending words (否定、程度、转折…) by kind."""
    return {
        kind.strip(): frozenset(words.lower().split())
        for kind, words in (line.split(":", 1) for line in _lines("rules.txt"))
    }


@lru_cache(maxsize=1)
def entries() -> dict[str, Entry]:
    """Give all words that are looked for: what a word is first is an opinion, then the kinds as they stand in the file."""
    kinds: dict[str, list[str]] = {}
    for kind, words in bending().items():
        for word in words:
            kinds.setdefault(word, []).append(kind)
    found = {word: Entry(names[0], 0.0, frozenset(names)) for word, names in kinds.items()}
    for word, value in lexicon().items():
        found[word] = Entry(OPINION, value, frozenset(kinds.get(word, ())))
    return found


@lru_cache(maxsize=1)
def phrases() -> tuple[re.Pattern[str], tuple[float, ...]]:
    """Give one pattern for all phrases with a gap (句式), a group for each, and the strength of each."""
    rows = [line.split(" ", 1) for line in _lines("phrases.txt")]
    pattern = "|".join(f"({text.strip().replace('{n}', _NUMBER)})" for _, text in rows)
    return re.compile(pattern), tuple(float(strength) for strength, _ in rows)
