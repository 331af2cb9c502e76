"""New words in the data (新词): strings that stick together and keep varied company, which no dictionary holds yet."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fanops.text.polarity_lexicon import lexicon
from fanops.text.tokens import Tokenizer
from fanops.text.word_lists import stop_words

_RUN = re.compile(r"[一-鿿A-Za-z0-9]+")
_SPAN = re.compile("[一二两俩三四五六七八九十半几多零百]个?[多半]?(?:钟头|小时|分钟|天|次|块|元|个|家)")


@dataclass(frozen=True)
class NewWord:
    """A suggested word (新词建议), for a person to accept.

    Attributes:
        word: The word.
        texts: Texts it occurs in.
        cohesion: Pointwise mutual information of its weakest seam, in bits.
        freedom: Entropy of the tokens beside it, in bits, of the poorer side.
        tokens: How it is cut today.
    """

    word: str
    texts: int
    cohesion: float
    freedom: float
    tokens: tuple[str, ...]


def suggest_words(
    texts: Iterable[str], tokenizer: Tokenizer, *, at_least: int = 5, most: int = 50, cohesion: float = 5.0,
    freedom: float = 1.0,
) -> list[NewWord]:  # fmt: skip
    """Suggest words that the tokenizer cuts today.

    Args:
        texts: Voices; a text said twice counts once.
        tokenizer: Cuts the words; what it keeps whole is no new word.
        at_least: Texts a word must occur in.
        most: Suggestions given at most.
        cohesion: Least mutual information, bits.
        freedom: Least entropy on each side, bits; the border of a text counts as a different neighbour each time.

    Returns:
        Most frequent first, then by cohesion; the same input gives the same list.
    """
    single: Counter[str] = Counter()
    joined: Counter[tuple[str, ...]] = Counter()
    beside: dict[tuple[str, ...], tuple[Counter[str], Counter[str]]] = {}
    distinct = list(dict.fromkeys(texts))
    runs = [run for text in distinct for run in _runs(tokenizer.tokens(text))]
    for run in runs:
        single.update(run)
        joined.update(_grams(run))
    frequent = {gram for gram, count in joined.items() if count >= at_least and _may_be_word(gram)}
    for place, run in enumerate(runs):
        for at in range(len(run)):
            for size in (2, 3):
                gram = tuple(run[at : at + size])
                if len(gram) == size and gram in frequent:
                    left, right = beside.setdefault(gram, (Counter(), Counter()))
                    left[run[at - 1] if at else f"^{place}"] += 1
                    right[run[at + size] if at + size < len(run) else f"${place}"] += 1
    total = max(1, single.total())
    found = []
    for gram, (left, right) in beside.items():
        stuck = min(_seam(gram, at, joined, single, total) for at in range(1, len(gram)))
        free = min(_entropy(left), _entropy(right))
        if stuck >= cohesion and free >= freedom:
            word = "".join(gram)
            # counted in the text itself: elsewhere the word may be cut at other places
            found.append(NewWord(word, sum(word in text for text in distinct), round(stuck, 2), round(free, 2), gram))
    found.sort(key=lambda new: (-new.texts, -new.cohesion, new.word))
    return _longest(found)[:most]


def _runs(tokens: Sequence[str]) -> list[list[str]]:
    runs: list[list[str]] = [[]]
    for token in tokens:
        if _RUN.fullmatch(token):
            runs[-1].append(token)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _grams(run: list[str]) -> set[tuple[str, ...]]:
    """Once per run: a text that repeats itself does not make a word frequent."""
    return {tuple(run[at : at + size]) for size in (2, 3) for at in range(len(run) - size + 1)}


def _may_be_word(gram: tuple[str, ...]) -> bool:
    word = "".join(gram)
    if not 2 <= len(word) <= 8 or _SPAN.search(word):
        return False
    # 速度很快 and 一个多小时 stick together as well; they are what people say about a thing, not its name.
    return not any(part in stop_words() or part.isdigit() or (len(part) > 1 and part in lexicon()) for part in gram)


def _seam(gram: tuple[str, ...], at: int, joined: Counter[tuple[str, ...]], single: Counter[str], total: int) -> float:
    left = single[gram[0]] if at == 1 else joined[gram[:at]]
    right = single[gram[-1]] if at == len(gram) - 1 else joined[gram[at:]]
    return math.log2(joined[gram] * total / max(1, left * right))


def _entropy(counts: Counter[str]) -> float:
    total = counts.total()
    return -sum(count / total * math.log2(count / total) for count in counts.values())


def _longest(found: list[NewWord]) -> list[NewWord]:
    """Drop a word that hardly ever stands outside a longer suggestion, and a phrase around a much more frequent word."""
    return [
        new
        for new in found
        if not any(
            (new.word != other.word and new.word in other.word and other.texts >= 0.8 * new.texts)
            or (new.word != other.word and other.word in new.word and other.texts > 2 * new.texts)
            for other in found
        )
    ]
