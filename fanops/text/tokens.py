"""Words: ``rjieba`` as the fast path and ``jieba`` as the reference, behind one seam, with a brand's own words on top."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Protocol

from fanops.errors import NotReady
from fanops.text.word_lists import stop_words

ENGINES = ("rjieba", "jieba")
_CLEAN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
# What jieba can hold as one word; a name with a slash or a space is cut out beforehand.
_HELD = re.compile(r"[一-鿕]+|[一-鿕a-zA-Z0-9+#&._%-]+")
_WORD = re.compile(r"[^\W_]")


class _Segmenter(Protocol):
    def cut(self, text: str) -> Iterable[str]: ...

    def add_word(self, word: str, freq: int, tag: str) -> object: ...

    def suggest_freq(self, segment: str) -> int: ...


def _segmenter(engine: str, shared: bool) -> _Segmenter:
    """Give a segmenter; ``shared`` takes the one that rjieba has loaded by itself, to which no word may be added."""
    if engine == "rjieba":
        import rjieba

        return rjieba if shared else rjieba.Jieba()
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    return jieba.Tokenizer()


class Tokenizer:
    """Cuts Chinese text into words (分词).

    A word of the brand is made to hold together by raising its frequency where needed; a built-in frequency is never
    lowered.
    """

    def __init__(self, words: Iterable[str] = (), engine: str = "rjieba") -> None:
        """Keep the words; the segmenter is loaded when the first text is cut.

        Args:
            words: The brand's own words (products, aliases, competitors).
            engine: ``rjieba`` or ``jieba``.

        Raises:
            NotReady: No such engine.
        """
        if engine not in ENGINES:
            raise NotReady(f"没有叫“{engine}”的分词器。", f"可用：{'、'.join(ENGINES)}。")
        self.engine = engine
        self.words = frozenset(word for word in words if word)
        outside = sorted(
            (word for word in self.words if not _HELD.fullmatch(word)), key=lambda word: (-len(word), word)
        )
        self._outside = re.compile(f"({'|'.join(map(re.escape, outside))})") if outside else None
        self._held = sorted(self.words.difference(outside))

    @cached_property
    def _segmenter(self) -> _Segmenter:
        segmenter = _segmenter(self.engine, shared=not self.words)
        for word in self._held:
            # what jieba suggests is at least the built-in frequency, and enough to hold the word together
            segmenter.add_word(word, segmenter.suggest_freq(word), "n")
        return segmenter

    def tokens(self, text: str) -> list[str]:
        """Cut one text; joined, the tokens are the text without control characters."""
        clean = _CLEAN.sub("", text)
        if self._outside is None:
            return [str(token) for token in self._segmenter.cut(clean)]
        # odd parts are the words themselves
        parts = enumerate(self._outside.split(clean))
        return [
            str(token) for place, part in parts if part for token in (self._segmenter.cut(part), (part,))[place % 2]
        ]

    def content_tokens(self, text: str) -> list[str]:
        """Cut one text and keep what carries a topic: no stop words, no marks, lower case."""
        stop = stop_words()
        lowered = (token.lower() for token in self.tokens(text))
        return [token for token in lowered if _WORD.search(token) and token not in stop]


@lru_cache(maxsize=8)
def tokenizer(words: frozenset[str] = frozenset(), engine: str = "rjieba") -> Tokenizer:
    """Give a tokenizer, made once per set of words."""
    return Tokenizer(words, engine)
