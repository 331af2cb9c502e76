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
_COMMENT = re.compile(r"(?:^|\s)#")  # C#茶 is a name
_COLUMN = re.compile(r"[\t,，;；|]")
_WIDE_GAP = re.compile(r"\s{2,}(?!\s|\d)")
_TABBED = re.compile(r"[\t|]")
_NUMBER = r"\s+\d+(?:\.\d+)?"
# The parts of speech that jieba writes: another small tail (奈雪 pro) is part of the name.
_TAG = (
    r"\s+(?:a[dgn]?|b|c|d[fg]?|e|eng|f|g|h|i|j|k|l|m[gq]?|n|n[gstz]|nr|nrfg|nrt|o|p|q|r[grz]?|s|t|tg|"
    r"u[dgjlvz]?|v[dginq]?|x|y|zg?)"
)
_TAGGED = re.compile(rf"{_NUMBER}{_TAG}\Z")
_COUNTED = re.compile(rf"{_NUMBER}(?:{_TAG})?\Z")
_ONLY_TAG = re.compile(rf"{_TAG}\Z")
_FEWEST_COUNTED = 5  # lines; fewer that end in a number are as likely models (iPhone 15, Model 3)
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

    Lines under ``[竞品]`` are competitors; ``#`` at the start of a line or after a space starts a comment. A BOM, Windows line
    ends, missing frequencies, slashes, hyphens and tabs are all fine. A number at the end is a frequency where a part of speech
    follows, behind a tab or comma, or where most lines of the file end in one; else, and always on a line with ``=``, it
    belongs to the name (iPhone 15). A name that is another one's alias hands its own aliases on to that one. The tokenizer
    finds the frequency that is needed, so that none is ever lowered.

    Raises:
        InvalidInput: Not text.
    """
    text = decode(content) if isinstance(content, bytes) else content
    lines = [
        _COMMENT.split(_UNSEEN.sub("", raw), maxsplit=1)[0].strip().replace("＝", "=") for raw in text.splitlines()
    ]
    counted = _has_frequencies([line for line in lines if line and "=" not in line and not _SECTION.match(line)])
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    competitor = False
    for row, line in enumerate(lines, 1):
        if section := _SECTION.match(line):
            competitor = "竞" in section[1]
            continue
        forms = _forms(line, counted)
        if line and not forms:
            problems.append(Problem("这一行没有词", row=row))
        problems += _enter(entries, forms, competitor, row)
    return BrandDictionary(tuple(entries.values()), tuple(problems))


def _enter(entries: dict[str, Entry], forms: list[str], competitor: bool, row: int) -> list[Problem]:
    """Enter a name and its aliases; give what could not be entered."""
    problems = []
    name = entries[forms[0]].canonical if forms and forms[0] in entries else "".join(forms[:1])
    for form in forms:
        known = entries.get(form)
        if len(form) > LONGEST_WORD:
            problems.append(Problem(f"词太长（最多 {LONGEST_WORD} 个字）", row=row, value=form[:20]))
        elif known is None:
            entries[form] = Entry(form, name, competitor)
        elif known.canonical == name:
            continue
        elif known.canonical == form and known.competitor == competitor:
            # it had a line of its own before: that name and its aliases now belong here
            for other in [entry for entry in entries.values() if entry.canonical == form]:
                entries[other.word] = Entry(other.word, name, other.competitor)
        else:
            problems.append(Problem(f"这个写法已经归在“{known.canonical}”下", row=row, value=form))
    return problems


def _forms(line: str, counted: bool) -> list[str]:
    """Give the name that a line holds and its aliases, each once; empty without a name."""
    head, equals, tail = line.partition("=")
    if not equals:
        return [word] if (word := _word(line, counted)) else []
    name, *others = (_TABBED.split(part.strip(), maxsplit=1)[0].strip() for part in (head, *_BETWEEN.split(tail)))
    return list(dict.fromkeys(form for form in (name, *others) if form)) if name else []


def _word(text: str, counted: bool) -> str:
    """Take the word off a line of a jieba file: what follows a tab or comma, a frequency and a tag are no part of it."""
    word = _COLUMN.split(text, maxsplit=1)[0].strip()
    tail = _COUNTED if counted else _TAGGED
    if not tail.search(word) and not word.isascii():
        tail = _ONLY_TAG
    return _WIDE_GAP.split(tail.sub("", word), maxsplit=1)[0].strip()


def _has_frequencies(lines: list[str]) -> bool:
    """Say whether the lines are those of a jieba dictionary: most end in a number, and no word is there twice."""
    words = [_COUNTED.sub("", line) for line in lines if _COUNTED.search(line)]
    return len(words) >= _FEWEST_COUNTED and 2 * len(words) > len(lines) and len(set(words)) == len(words)


def said_form(word: str) -> re.Pattern[str]:
    """Give the pattern that finds a word in what people say: case does not matter, as for aliases."""
    return re.compile(re.escape(word), re.IGNORECASE)


def prove(words: Iterable[str], sentences: Sequence[str], tokenizer: Tokenizer) -> list[Proof]:
    """Prove on sample sentences that each word takes effect (in whatever case it is said), and say why where it does not."""
    return [_prove(word, sentences, tokenizer) for word in words]


def _prove(word: str, sentences: Sequence[str], tokenizer: Tokenizer) -> Proof:
    form = said_form(word)
    containing = [sentence for sentence in sentences if word and form.search(sentence)]
    split: dict[str, None] = {}
    reasons: dict[str, None] = {}
    held = 0
    for sentence in containing:
        tokens = tokenizer.tokens(sentence)
        wrong = [(said, parts) for said, parts in _cut_as(form, tokens) if parts != (said,)]
        held += not wrong
        for said, parts in wrong:
            split["/".join(parts)] = None
            reasons[_reason(word, said, parts)] = None
    if containing and held < len(containing) and word not in tokenizer.words:
        return Proof(word, len(containing), held, tuple(split), "还没有加进词典。")
    why = "" if containing else "数据里没有出现过这个词。"
    return Proof(word, len(containing), held, tuple(split), why or "".join(reasons))


def _cut_as(form: re.Pattern[str], tokens: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Give, for each occurrence of a word, how it is written there, and the tokens that cover it."""
    ends = list(accumulate(map(len, tokens)))
    return [
        (found[0], tuple(tokens[bisect_right(ends, found.start()) : bisect_left(ends, found.end()) + 1]))
        for found in form.finditer("".join(tokens))
    ]


def _reason(word: str, said: str, parts: tuple[str, ...]) -> str:
    if len(parts) == 1:
        return f"它在更长的词“{parts[0]}”里面。"
    if said != word:
        return f"大小写不同的写法“{said}”也要加进词典。"
    if "".join(parts) == word:
        return "它的字各自成词的可能更大。"
    return f"它和前后的字连成了“{parts[0] if not word.startswith(parts[0]) else parts[-1]}”。"
