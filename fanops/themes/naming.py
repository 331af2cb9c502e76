"""Names people would write: a short phrase from the data (排队等位太久), unlike any other theme's name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fanops.text.aspects import aspects_of
from fanops.text.plain import plain
from fanops.text.polarity import polarity
from fanops.text.tokens import Tokenizer
from fanops.text.units import unit_texts
from fanops.text.word_lists import general_words

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

SHORTEST, LONGEST = 3, 12
_LOOKED_AT, _LOOKED_AT_SUBS = 500, 200
_PHRASES, _PHRASES_SUBS = 150, 60
_WORDS = re.compile(r"(?=.*[一-鿿]{2})[一-鿿A-Za-z]+")
# A number alone is no demand, and every 排队等了N分钟 is the same one.
_AMOUNT = re.compile(
    r"(?<![\d.:：])\d{1,4}(?:\.\d+)?(?=(?:个半|个多|多|来|几)?(?:分钟|小时|钟头|天|块|元|次|个|份|杯|瓶|包|袋|人|公里|米))(?:个半|多|来|几)?"
)
# What starts or stops in the middle of a thought: 比上次购买…, 只是软件升级的情况下, 蔬菜拌饭有点.
_TORN = re.compile(
    r"^(?:倒|们|其他|其它|比|把|被|给|和|跟|与|然|而|其中|前面|之前|买的|的|本来|原来|结果|居然|竟然|怎么|为什么|如果|只是|只有|人家|不是说|倒不|以及|或者|连|让|在|从|对|等|按|它|他|她|除|某|致)"
    r"|(?:时|的时候|以后|之后|情况下|的话|给|把|被|和|跟|比|从|在|对|让|说|给我|为|与|及|后|人|时候|下单|收到|打开|我|有点|有些|比较|稍微|还是|[不很太么都也才又最就])$"
)
_TALES = re.compile(
    r"^(?:麻烦|拜托|求求|请)|[我你他她它咱]|[那这]个|推荐|上次|昨天|今天|前天|刚|这次|一个|两个|三个|几个|[一二三四五六七八九十两几半]+(?:次|天|年|块|元|斤|份|瓶|件|点|分)"
    r"|[一二三四五六七八九十百两几半]+(?:多|来)?(?:小时|钟头|个|块)"
)
_OFTEN, _TOLD, _HALVED, _SAME, _TALE, _HOLLOW = 0.6, 0.4, 0.5, 0.6, 0.25, 0.25
_ALONE = 1.0  # what it loses that says a thing (芋泥波波) and not what of it: only where nobody said more
_CONTRARY = 0.7  # what a name loses that praises where most complain, or the other way round
_MOOD = 0.15  # how far from balanced a group is taken to have a mood
_HEARD, _LEAST_HEARD, _MOST_HEARD = 4_000, 60, 150  # texts that is taken from: of all groups together, and of each
_READ_AT_ONCE, _LONG = 6, 0.05  # characters, and what each further one costs
_SPOKEN_FOR, _ASKED = 1.5, 300  # what it counts that a name stands for the whole theme, not for a corner; members asked
_UNLIKE, _LIKE = 0.3, 0.7  # cosine from which a phrase begins to stand for a member, and from which it does
_ALIKE = 0.86  # phrases nearer than this say the same


def _vaguely(number: re.Match[str]) -> str:
    """Say a number as a person would who does not mean that very one: 18 is 十几."""
    size = int(number.group().split(".")[0].rstrip("个半多来几"))
    if size == 0:
        return number.group()
    if size == 10:
        return "十"
    return "十几" if 10 < size < 20 else ("几", "几十", "几百", "几千")[len(str(size)) - 1]


class Namer:
    """Names groups of texts; what it cut and looked up for one group serves the next."""

    def __init__(
        self, texts: Sequence[str], vectors: NDArray[np.float32], weights: NDArray[np.int64], encode: Encode,
        tokenizer: Tokenizer,
    ) -> None:  # fmt: skip
        """Keep what all groups share.

        Args:
            texts: Distinct texts, n.
            vectors: Their unit vectors, shape (n, d).
            weights: How often each was said, shape (n,).
            encode: From phrases to unit vectors.
            tokenizer: Knows the brand's words.
        """
        self._texts, self._vectors, self._weights, self._encode = texts, vectors, weights, encode
        self._tokenizer = tokenizer
        self._cut: dict[int, frozenset[str]] = {}

    def name(
        self,
        labels: NDArray[np.int32],
        middle: NDArray[np.float32],
        keywords: Sequence[Sequence[tuple[str, float]]],
        moods: NDArray[np.int8],
        taken: frozenset[str] = frozenset(),
    ) -> list[str]:
        """Name each group by a whole clause said often, near its centre, far from others, with its words, judging a thing.

        Args:
            labels: Group per text, shape (n,).
            middle: Unit centroids, shape (n_groups, d).
            keywords: Key words of each group, best first.
            moods: What ``moods`` gives for these groups.
            taken: Names that must not be used again; then the groups are sub-themes, fewer of whose texts are looked at.

        Returns:
            A name per group, all different; 未命名主题 with a number only where nothing was said in words.
        """
        most = (_LOOKED_AT_SUBS, _PHRASES_SUBS) if taken else (_LOOKED_AT, _PHRASES)
        groups = _members(labels, len(middle))
        found = [self._phrases(members, centre, *most) for members, centre in zip(groups, middle, strict=True)]
        every = sorted(set().union(*found)) if found else []
        place = {phrase: at for at, phrase in enumerate(every)}
        vectors = self._encode(every) if every else np.empty((0, middle.shape[1]), np.float32)
        similarity, said = vectors @ middle.T, polarity(every, "clause")
        telling = _telling(every, said.opinion, self._tokenizer)
        names: list[str] = []
        used, used_at = set(taken), []
        for label, phrases in enumerate(found):
            free = [phrase for phrase in phrases if phrase not in used]
            if free:
                at = np.array([place[phrase] for phrase in free])
                often = np.array([phrases[phrase] for phrase in free], dtype=float)
                score = _scores(free, similarity[at], label, often, telling[at], keywords[label])
                score += _SPOKEN_FOR * self._spoken_for(groups[label], vectors[at])
                score -= _CONTRARY * (said.values[at] * moods[label] < 0)
                if used_at:  # never two themes whose names say the same, where there is another
                    alike = (vectors[at] @ vectors[used_at].T).max(axis=1)
                    score -= _SAME * np.clip((alike - _ALIKE) / (1 - _ALIKE), 0, 1)
                best = int(np.argmax(score))
                name = free[best]
                used_at.append(int(at[best]))
            else:
                name = _from_words(keywords[label], used) or f"未命名主题{label + 1}"
            used.add(name)
            names.append(name)
        return names

    def moods(self, labels: NDArray[np.int32], count: int) -> NDArray[np.int8]:
        """Give what most of each group is: 1 pleased, −1 displeased, 0 neither; members evenly taken; shape (n_groups,)."""
        most = int(np.clip(_HEARD // max(count, 1), _LEAST_HEARD, _MOST_HEARD))
        heard = [_evenly(each, most) for each in _members(labels, count)]
        places = np.concatenate([np.zeros(0, np.int64), *heard]).tolist()
        said = polarity([self._texts[place][:200] for place in places], "clause").values
        ends = np.cumsum([0, *map(len, heard)])
        mean = [said[start:end].mean() if end > start else 0.0 for start, end in pairwise(ends.tolist())]
        return (np.sign(mean) * (np.abs(mean) > _MOOD)).astype(np.int8)

    def _spoken_for(self, members: NDArray[np.int64], phrases: NDArray[np.float32]) -> NDArray[np.float64]:
        """Say for how many of a group's members each phrase could stand, against the best of them; shape (phrases,)."""
        some = _evenly(members, _ASKED)
        near = np.clip((phrases @ self._vectors[some].T - _UNLIKE) / (_LIKE - _UNLIKE), 0, 1)
        share = near @ self._weights[some].astype(np.float64)
        return share / max(share.max(initial=0.0), 1e-9)

    def _phrases(self, members: NDArray[np.int64], centre: NDArray[np.float32], most: int, kept: int) -> dict[str, int]:
        """Count the short clauses near the centre that could be a name, the frequent ones first."""
        near = members[np.argsort(-(self._vectors[members] @ centre), kind="stable")[:most]]
        found: Counter[str] = Counter()
        for place in near.tolist():
            for phrase in self._clauses(place):
                found[phrase] += int(self._weights[place])
        # among those said as often the shorter, and among those as short the nearer
        return dict(sorted(found.items(), key=lambda each: (-each[1], max(len(each[0]), _READ_AT_ONCE)))[:kept])

    def _clauses(self, place: int) -> frozenset[str]:
        if place not in self._cut:
            text = self._texts[place]
            pieces = [text] if len(text) <= LONGEST + 4 and _WORDS.fullmatch(text) else unit_texts(text[:400])
            self._cut[place] = frozenset(name for name in map(_phrase, pieces) if _could_be_name(name))
        return self._cut[place]


def _members(labels: NDArray[np.int32], count: int) -> list[NDArray[np.int64]]:
    """Give the positions of each label's members."""
    order, bounds = np.argsort(labels, kind="stable"), np.searchsorted(np.sort(labels), np.arange(count + 1))
    return [order[start:end] for start, end in pairwise(bounds.tolist())]


def _evenly(members: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    return members[np.linspace(0, len(members) - 1, min(len(members), most)).astype(np.int64)]


def _phrase(clause: str) -> str:
    return plain(_AMOUNT.sub(_vaguely, clause))


def _could_be_name(clause: str) -> bool:
    return SHORTEST <= len(clause) <= LONGEST and _WORDS.fullmatch(clause) is not None


def _telling(phrases: Sequence[str], judged: NDArray[np.bool_], tokenizer: Tokenizer) -> NDArray[np.float64]:
    """Say how much a phrase tells: half for a judgement in it, half for a thing that customers judge; shape (n,)."""
    named = np.array([bool(aspects_of(phrase)) for phrase in phrases], dtype=float)
    words = [tokenizer.tokens(phrase) for phrase in phrases]
    hollow = np.array([all(word in general_words() for word in each) for each in words], dtype=float)
    alone = np.array([len(each) == 1 for each in words], dtype=float) * ~judged
    torn = np.array([_TORN.search(phrase) is not None for phrase in phrases], dtype=float)
    tale = np.array([_TALES.search(phrase) is not None for phrase in phrases], dtype=float)
    return _TOLD * 0.5 * (judged + named) - _HALVED * torn - _TALE * tale - _HOLLOW * hollow - _ALONE * alone


def _scores(
    phrases: Sequence[str], similarity: NDArray[np.float32], label: int, often: NDArray[np.float64],
    telling: NDArray[np.float64], words: Sequence[tuple[str, float]],
) -> NDArray[np.float64]:  # fmt: skip
    own = similarity[:, label]
    others = np.delete(similarity, label, axis=1)
    apart = own - (others.max(axis=1) if others.shape[1] else 0.0)
    key = {word: 1 / (place + 1) for place, (word, _) in enumerate(words[:8]) if word not in general_words()}
    covered = np.array([sum(weight for word, weight in key.items() if word in phrase) for phrase in phrases])
    long = np.array([max(0, len(phrase) - _READ_AT_ONCE) for phrase in phrases], dtype=float)
    said = np.log1p(often) / max(np.log1p(often).max(), np.log1p(4))
    return own + 0.7 * apart + 0.35 * np.minimum(covered, 1.5) + _OFTEN * said - _LONG * long + telling


def _from_words(words: Sequence[tuple[str, float]], used: set[str]) -> str | None:
    """Name a group in which nobody said anything short: by what it is about, never by a list of words."""
    about = [word for word, _ in words if len(word) > 1 and word not in general_words()]
    return next((name for word in about if (name := f"关于{word}") not in used), None)
