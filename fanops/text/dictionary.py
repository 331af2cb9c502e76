"""A brand's own words (品牌词典): products with their aliases, and competitors; read tolerantly, proved on sentences."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from fanops.errors import Problem
from fanops.text.table_file import decode
from fanops.text.tokens import Tokenizer

LONGEST_WORD = 30
_SECTION = re.compile(r"[\[【](.+?)[\]】]\Z")
_COLUMN = re.compile(r"[\t,，;；|]|\s{2,}")
_COUNTED = re.compile(r"\s+\d+(?:\.\d+)?(?:\s+[a-z]{1,4})?\Z")
_TAIL = re.compile(r"(?:\s+\d+(?:\.\d+)?)?(?:\s+[a-z]{1,4})?\Z")
_BETWEEN = re.compile(r"[/／,，、;；]")
_UNSEEN = re.compile("[\ufeff\u200b\u200c\u200d\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


@dataclass(frozen=True)
class Entry:
    """词条.

    Attributes:
        word: As it must hold together.
        canonical: The word it is another name of (芋泥啵啵 → 芋泥波波), itself when it is none.
        competitor: It names a competitor (竞品).
    """

    word: str
    canonical: str
    competitor: bool = False


@dataclass(frozen=True)
class BrandDictionary:
    """品牌词典.

    Attributes:
        entries: Every written form once.
        problems: What could not be used, with row and reason.
    """

    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()

    def words(self) -> list[str]:
        """Give all words, sorted."""
        return sorted(entry.word for entry in self.entries)

    def competitors(self) -> list[str]:
        """Give the competitors' names (竞品), without aliases, sorted."""
        return sorted({entry.canonical for entry in self.entries if entry.competitor})

    def canonical(self, word: str) -> str:
        """Give the product that a word names, the word itself when unknown."""
        return next((entry.canonical for entry in self.entries if entry.word == word), word)

    def with_canonical(self, text: str) -> str:
        """Write each alias as its name (芋泥啵啵 → 芋泥波波); longest first, in one pass, case does not matter."""
        return _rewrite(self.entries, text)


@dataclass(frozen=True)
class Proof:
    """词条证明.

    Attributes:
        word: The word.
        sentences: Sentences that contain it.
        held: In how many every occurrence was cut as one word.
        split_as: How it was cut where it still splits, as ``芋泥/波波``; each way once.
        why: Chinese sentence; empty when it takes effect everywhere.
    """

    word: str
    sentences: int
    held: int
    split_as: tuple[str, ...]
    why: str


@lru_cache(maxsize=8)
def _alias_pattern(entries: tuple[Entry, ...]) -> tuple[re.Pattern[str] | None, dict[str, str]]:
    names = {entry.word.lower(): entry.canonical for entry in entries}
    if all(entry.word == entry.canonical for entry in entries):
        return None, names
    forms = sorted(names, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(_bounded, forms)), re.IGNORECASE), names


def _rewrite(entries: tuple[Entry, ...], text: str) -> str:
    pattern, names = _alias_pattern(entries)
    return pattern.sub(lambda match: names.get(match[0].lower(), match[0]), text) if pattern else text


def _bounded(form: str) -> str:
    """Latin forms only match whole words: ``coco`` is not part of ``cocoon``."""
    before = r"(?<![A-Za-z0-9])" if form[0].isascii() and form[0].isalnum() else ""
    after = r"(?![A-Za-z0-9])" if form[-1].isascii() and form[-1].isalnum() else ""
    return f"{before}{re.escape(form)}{after}"


def read_dictionary(content: bytes | str) -> BrandDictionary:
    """Read a dictionary: one word a line; ``word = alias / alias`` for aliases; frequency and part of speech ignored.

    Lines under ``[竞品]`` are competitors; ``#`` starts a comment. A BOM, Windows line ends, missing frequencies, slashes,
    hyphens and tabs are all fine. The tokenizer finds the frequency that is needed, so that none is ever lowered.

    Raises:
        InvalidInput: Not text.
    """
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    competitor = False
    for row, raw in enumerate((decode(content) if isinstance(content, bytes) else content).splitlines(), 1):
        line = _UNSEEN.sub("", raw).split("#", 1)[0].strip()
        if section := _SECTION.match(line):
            competitor = "竞" in section[1]
            continue
        head, _, tail = line.replace("＝", "=").partition("=")
        name = _word(head)
        if line and not name:
            problems.append(Problem("这一行没有词", row=row))
        for form in dict.fromkeys((name, *map(_word, _BETWEEN.split(tail)))) if name else ():
            if not form:
                continue
            known = entries.get(form)
            if len(form) > LONGEST_WORD:
                problems.append(Problem(f"词太长（最多 {LONGEST_WORD} 个字）", row=row, value=form[:20]))
            elif known and known.canonical != name:
                problems.append(Problem(f"这个写法已经归在“{known.canonical}”下", row=row, value=form))
            elif not known:
                entries[form] = Entry(form, name, competitor)
    return BrandDictionary(tuple(entries.values()), tuple(problems))


def _word(text: str) -> str:
    """Take the word off a line of a jieba file: what follows a tab or comma, a frequency and a tag are no part of it."""
    word = _COLUMN.split(text.strip(), maxsplit=1)[0]
    return (_TAIL if not word.isascii() else _COUNTED).sub("", word).strip()


def prove(words: Iterable[str], sentences: Sequence[str], tokenizer: Tokenizer) -> list[Proof]:
    """Prove on sample sentences that each word takes effect, and say why where it does not."""
    return [_prove(word, sentences, tokenizer) for word in words]


def _prove(word: str, sentences: Sequence[str], tokenizer: Tokenizer) -> Proof:
    containing = [sentence for sentence in sentences if word and word in sentence]
    split: dict[str, None] = {}
    reasons: dict[str, None] = {}
    held = 0
    for sentence in containing:
        tokens = tokenizer.tokens(sentence)
        wrong = [parts for parts in _cut_as(word, tokens) if parts != (word,)]
        held += not wrong
        for parts in wrong:
            split["/".join(parts)] = None
            reasons[_reason(word, parts)] = None
    if containing and held < len(containing) and word not in tokenizer.words:
        return Proof(word, len(containing), held, tuple(split), "还没有加进词典。")
    why = "" if containing else "数据里没有出现过这个词。"
    return Proof(word, len(containing), held, tuple(split), why or "".join(reasons))


def _cut_as(word: str, tokens: Sequence[str]) -> list[tuple[str, ...]]:
    """Give, for each occurrence of a word, the tokens that cover it."""
    text = "".join(tokens)
    ends = list(accumulate(map(len, tokens)))
    found, at = [], text.find(word)
    while at >= 0:
        found.append(tuple(tokens[bisect_right(ends, at) : bisect_left(ends, at + len(word)) + 1]))
        at = text.find(word, at + len(word))
    return found


def _reason(word: str, parts: tuple[str, ...]) -> str:
    if len(parts) == 1:
        return f"它在更长的词“{parts[0]}”里面。"
    if "".join(parts) == word:
        return "它的字各自成词的可能更大。"
    return f"它和前后的字连成了“{parts[0] if not word.startswith(parts[0]) else parts[-1]}”。"
