"""Aspects: what a unit is about (口味, 服务, 等位…), by the cue words of an editable industry pack."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from fanops.content import content_path
from fanops.errors import InvalidInput, Problem
from fanops.text.normalise import simplified

OTHER = "其他"
GENERAL = "笼统评价"  # of a theme that praises or complains about nothing in particular
LONGEST_NAME = 12  # characters of an aspect, and of a cue word
_LONGEST = 400  # characters of a unit that are read
_BETWEEN = re.compile(r"[\s、，,；;/]+")


@dataclass(frozen=True, eq=False)  # told apart as objects: the index over the words is made once for each
class AspectPack:
    """方面包.

    Attributes:
        name: Industry.
        cues: Aspect → cue words; earlier aspects win ties.
    """

    name: str
    cues: dict[str, tuple[str, ...]]


def packs() -> list[str]:
    """List the shipped packs."""
    return sorted(file.stem for file in content_path("models", "aspects").glob("*.yaml"))


@lru_cache(maxsize=16)
def load_pack(name: str) -> AspectPack:
    """Load a shipped pack by name, or any pack by path.

    Raises:
        InvalidInput: No such pack, or not of the form.
    """
    file = content_path("models", "aspects", f"{name}.yaml")
    if name not in packs():
        file = Path(name)
    if not file.is_file():
        raise InvalidInput(f"没有“{name}”这个方面包。", f"可用：{'、'.join(packs())}，或给一个文件路径。")
    try:
        data = yaml.safe_load(file.read_text("utf-8-sig"))
        cues = {str(aspect): tuple(str(word) for word in words if word) for aspect, words in data["aspects"].items()}
    except (yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        raise InvalidInput(
            f"方面包 {file.name} 的格式不对。", "要有 name 和 aspects，每个方面后是词的列表。"
        ) from error
    return AspectPack(str(data.get("name", file.stem)), cues)


def read_pack(lines: str, name: str) -> AspectPack:
    """Read a pack as people type it: one aspect a line, ``口味：好喝 难喝 太甜``; the earlier aspect wins a tie.

    Raises:
        InvalidInput: No aspect at all, or lines that can't be used (with row and reason).
    """
    cues: dict[str, tuple[str, ...]] = {}
    problems: list[Problem] = []
    for row, line in enumerate(lines.splitlines(), 1):
        if not line.strip():
            continue
        aspect, mark, words = line.replace(":", "：").partition("：")
        found = tuple(dict.fromkeys(_BETWEEN.split(words.strip()))) if words.strip() else ()
        aspect = aspect.strip()
        if not mark or not aspect or not found:
            problems.append(Problem("要写成“方面：词 词 词”", row=row, value=line[:20]))
        elif aspect in (*cues, OTHER, GENERAL):
            problems.append(Problem("这个方面已经有了", row=row, value=aspect))
        elif len(aspect) > LONGEST_NAME or max(map(len, found)) > LONGEST_NAME:
            problems.append(Problem(f"方面和词最多 {LONGEST_NAME} 个字", row=row, value=line[:20]))
        else:
            cues[aspect] = found
    if problems or not cues:
        raise InvalidInput("方面没有保存。", "一行一个方面，冒号后面是它的词，用空格隔开。", problems)
    return AspectPack(name, cues)


def pack_lines(pack: AspectPack) -> str:
    """Write a pack as ``read_pack`` reads it."""
    return "\n".join(f"{aspect}：{' '.join(words)}" for aspect, words in pack.cues.items())


@lru_cache(maxsize=1)
def general_pack() -> AspectPack:
    """Give all shipped packs as one: each word stands for what it stands for in most of them, else for the aspect named like it."""
    often = Counter(
        (word, aspect) for name in packs() for aspect, words in load_pack(name).cues.items() for word in set(words)
    )
    best: dict[str, tuple[int, int, str]] = {}
    for (word, aspect), count in often.items():  # the first of equals stays
        claim = count, (word == aspect) + (word in aspect), aspect
        if word not in best or claim[:2] > best[word][:2]:
            best[word] = claim
    cues: dict[str, list[str]] = {aspect: [] for _, aspect in often}
    for word, (_, _, aspect) in best.items():
        cues[aspect].append(word)
    return AspectPack("通用", {aspect: tuple(words) for aspect, words in cues.items() if words})


@lru_cache(maxsize=16)
def _index(pack: str | AspectPack | None) -> tuple[dict[str, list[int]], dict[str, tuple[int, ...]], tuple[str, ...]]:
    """Give places of aspects by cue word, lengths of cue words by first character (longest first), and the names."""
    chosen = pack if isinstance(pack, AspectPack) else load_pack(pack) if pack else general_pack()
    names = tuple(chosen.cues)
    words: dict[str, list[int]] = {}
    lengths: dict[str, set[int]] = {}
    for place, name in enumerate(names):
        for word in map(str.lower, chosen.cues[name]):
            words.setdefault(word, []).append(place)
            lengths.setdefault(word[0], set()).add(len(word))
    return words, {first: tuple(sorted(each, reverse=True)) for first, each in lengths.items()}, names


def aspects(texts: Sequence[str], pack: str | AspectPack | None = None) -> list[str]:
    """Give the main aspect of each unit, ``其他`` when no cue word is in it.

    Args:
        texts: Units.
        pack: A pack, its name or path, None for all industries together.
    """
    return [found[0] if (found := aspects_of(text, pack)) else OTHER for text in texts]


def aspects_of(text: str, pack: str | AspectPack | None = None) -> list[str]:
    """Give all aspects of a unit, the best covered first; traditional characters and capitals are read as the others are."""
    words, lengths, names = _index(pack)
    covered: dict[int, int] = {}
    read = simplified(text[:_LONGEST]).lower()
    for start, first in enumerate(read):
        for length in lengths.get(first, ()):
            places = words.get(read[start : start + length])
            if places:
                for place in places:
                    covered[place] = covered.get(place, 0) + length
                break
    return [names[place] for place in sorted(covered, key=lambda place: (-covered[place], place))]
