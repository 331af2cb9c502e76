"""The word lists in ``models/words``: words live in files that people edit, never in code."""

from __future__ import annotations

from functools import lru_cache

from fanops.content import content_path


def _lines(name: str) -> list[str]:
    text = content_path("models", "words", name).read_text("utf-8-sig")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """Give the words that carry no topic (停用词)."""
    return frozenset(word for line in _lines("stop_words.txt") for word in line.split())


@lru_cache(maxsize=1)
def fillers() -> frozenset[str]:
    """Give what people say before they say something (口头语)."""
    return frozenset(word for line in _lines("fillers.txt") for word in line.split())


@lru_cache(maxsize=1)
def general_words() -> frozenset[str]:
    """Give the words that judge or name a purchase as a whole (笼统评价); a sentence of nothing else has no subject."""
    return frozenset(word for line in _lines("general.txt") for word in line.split())


@lru_cache(maxsize=1)
def praise_words() -> frozenset[str]:
    """Give the words that with the general ones make praise of the whole: 味道不错 asks for nothing."""
    return frozenset(word for line in _lines("general_praise.txt") for word in line.split())


@lru_cache(maxsize=1)
def empty_answers() -> frozenset[str]:
    """Give the answers that say nothing (没有内容的回答), in lower case."""
    return frozenset(line.lower() for line in _lines("no_content.txt"))


@lru_cache(maxsize=1)
def simplified_characters() -> dict[str, str]:
    """Give traditional characters (繁体字) and their simplified form; characters only, a look-up needs no phrases."""
    return {pair[0]: pair[1] for line in _lines("traditional.txt") for pair in line.split()}
