"""The tokens of the static encoder (词表): the segmenter's frequent words, the training texts' words, all common Hanzi."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, product

from fanops.text.word_lists import simplified_characters

UNKNOWN = "<unk>"
_HANZI_WORD = re.compile(r"[\u4e00-\u9fff]+")
_LATIN_WORD = re.compile(r"[a-z]{2,15}")
_PROPER = ("nr", "ns", "nt")  # names of people and places fill the dictionary, yet carry no theme
_PROPER_SHARE = 0.1
_TEXT_WEIGHT = 60  # one sighting in the training texts weighs as this many in the segmenter's far larger corpus
_LONGEST_WORD = 6
_FEWEST = 5  # sightings of a word that the segmenter's dictionary lacks
_TRADITIONAL_WORDS = 24_000
_MOST_SPELLINGS = 4
# Emoji take the row of a word: the teacher hardly knows them.
EMOJI = {
    "👍": "好", "👎": "差", "😋": "好吃", "🤤": "好吃", "😍": "喜欢", "🥰": "喜欢", "❤": "喜欢", "😡": "生气", "🤬": "生气",
    "😠": "生气", "😭": "难过", "😢": "难过", "😂": "好笑", "🤣": "好笑", "😊": "开心", "😄": "开心", "🤮": "恶心", "🤢": "恶心",
    "🍵": "茶", "🧋": "奶茶", "☕": "咖啡", "🍚": "米饭", "🍜": "面条", "🍲": "火锅", "🍰": "蛋糕", "🍦": "冰淇淋", "🍺": "啤酒",
    "🍎": "苹果", "🚗": "汽车", "🏨": "酒店", "📱": "手机", "💻": "电脑", "📦": "快递", "💰": "钱", "💸": "贵", "🧊": "冰",
    "⏰": "时间", "🔋": "电池", "👗": "衣服", "👟": "鞋", "📚": "书", "🐟": "鱼", "🦐": "虾", "🍗": "鸡腿", "🔥": "火", "🌶": "辣",
}  # fmt: skip


@dataclass(frozen=True)
class Vocabulary:
    """Tokens of the encoder.

    Attributes:
        words: One per row of the table, the unknown token first.
        shares: Share of running text per word (0–1), for weights.
        spellings: Further spellings (traditional, emoji) and the row each one takes.
        log_probabilities: Per word, then per spelling: what the segmentation maximises.
    """

    words: tuple[str, ...]
    shares: tuple[float, ...]
    spellings: tuple[tuple[str, int], ...]
    log_probabilities: tuple[float, ...]


def fold(text: str) -> str:
    """Give the form that the encoder's tokenizer sees: width and case folded (NFKC, lower)."""
    return unicodedata.normalize("NFKC", text).lower()


def choose_vocabulary(texts: Iterable[str], wanted: Iterable[str], size: int) -> Vocabulary:
    """Choose the words, deterministically.

    Args:
        texts: Training texts.
        wanted: Words to keep whatever their frequency.
        size: Rows of the table.

    Returns:
        The vocabulary; all Hanzi of GB 2312 are in it, so hardly a Chinese text has no vector.

    Source:
        Frequencies of the jieba dictionary (MIT); simplified characters by OpenCC (Apache-2.0).
    """
    import rjieba

    frequency, tags = _dictionary()
    seen = Counter(word for text in texts for word in rjieba.cut(fold(text)))
    simplify = simplified_characters()
    single = _characters(frequency, seen, simplify)
    scored = []
    for word in frequency.keys() | seen.keys():
        score = _score(word, frequency.get(word, 0), seen.get(word, 0), tags.get(word, ""), simplify)
        if score:
            scored.append((-score, word))
    keep = list(dict.fromkeys(word for word in wanted if len(word) > 1 and (word in frequency or word in seen)))
    ranked = [word for _, word in sorted(scored)]
    words = list(dict.fromkeys([UNKNOWN, *single, *keep, *ranked]))[:size]
    total, running = sum(frequency.values()), max(sum(seen.values()), 1)
    shares = tuple(0.5 * frequency.get(word, 0) / total + 0.5 * seen.get(word, 0) / running + 1e-7 for word in words)
    spellings = _spellings(words, ranked[:_TRADITIONAL_WORDS], simplify)
    counts = [max(frequency.get(word, 0), seen.get(word, 0), 1) for word in words]
    chances = [math.log(count / total) for count in counts]
    chances[0] = -30.0
    chances += [chances[row] for _, row in spellings]
    return Vocabulary(tuple(words), shares, tuple(spellings), tuple(chances))


def _dictionary() -> tuple[dict[str, int], dict[str, str]]:
    import jieba

    with jieba.get_module_res("dict.txt") as file:
        rows = [line.split() for line in file.read().decode("utf-8").splitlines()]
    return {row[0]: int(row[1]) for row in rows}, {row[0]: row[2] for row in rows}


def _characters(frequency: dict[str, int], seen: Counter[str], simplify: dict[str, str]) -> list[str]:
    gb2312 = bytes(range(0xA1, 0xFF))
    found = {bytes([high, low]).decode("gb2312", "ignore") for high in range(0xB0, 0xF8) for low in gb2312}
    found |= {word for word, count in frequency.items() if count >= 3}
    found |= {word for word, count in seen.items() if count >= 3}
    kept = {one for one in found if len(one) == 1 and one not in simplify and _HANZI_WORD.fullmatch(one)}
    return sorted(kept) + [chr(code) for code in range(ord("a"), ord("z") + 1)]


def _score(word: str, frequency: int, seen: int, tag: str, simplify: dict[str, str]) -> float:
    if len(word) == 1:
        return 0.0
    if _LATIN_WORD.fullmatch(word):
        return 200.0 * seen if seen >= 4 else 0.0
    if len(word) > _LONGEST_WORD or not _HANZI_WORD.fullmatch(word) or any(one in simplify for one in word):
        return 0.0
    if not frequency and seen < _FEWEST:
        return 0.0
    return frequency * (_PROPER_SHARE if tag.startswith(_PROPER) else 1.0) + _TEXT_WEIGHT * seen


def _spellings(words: Sequence[str], frequent: Sequence[str], simplify: dict[str, str]) -> list[tuple[str, int]]:
    """Traditional spellings of frequent words and of all characters, and emoji, with the rows that they take."""
    row_of = {word: row for row, word in enumerate(words)}
    traditional: dict[str, list[str]] = {}
    for old, new in simplify.items():
        traditional.setdefault(new, []).append(old)
    found = {old: row_of[new] for old, new in simplify.items() if new in row_of and old not in row_of}
    for word in frequent:
        if word not in row_of or not any(one in traditional for one in word):
            continue
        choices = [_written_as(one, traditional) for one in word]
        for spelling in list(islice(product(*choices), _MOST_SPELLINGS)):
            found.setdefault("".join(spelling), row_of[word])
    found |= {emoji: row_of[word] for emoji, word in EMOJI.items() if word in row_of}
    return sorted((spelling, row) for spelling, row in found.items() if spelling not in row_of)


def _written_as(one: str, traditional: dict[str, list[str]]) -> list[str]:
    """Spellings of a character in traditional text: itself too where Big 5 has it (千 is 千, seldom 韆)."""
    try:
        one.encode("big5")
    except UnicodeEncodeError:
        return traditional.get(one, [one])
    return [one, *traditional.get(one, [])]
