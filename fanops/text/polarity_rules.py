"""What a clause says by its words: opinion words bent by negation, degree, contrast, concession, quantity and wish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fanops.text.polarity_lexicon import OPINION, Entry, entries, phrases
from fanops.text.polarity_scan import Scan, WordFinder

_NEGATIONS = frozenset({"negation", "far_negation"})
_QUANTITIES, _NOUNS = frozenset({"up", "down"}), frozenset({"A", "B"})
_DENYING = frozenset("不没无别未")
READ = 6  # columns of a reading
_NEAR, _FAR = 4, 9
_MILD, _PLAIN = 0.6, 0.3
_NOUN_REACH = 5
_MOST_DEGREE = 2.0
_PARTICLES = frozenset("了的啊呀呢吧哦嘛啦得极死爆透喔噢哈很太到过又也都还点些哟滴哒耶着多、")
_BEFORE = frozenset("很太真好超挺蛮最更巨贼贵又也都不没还偏老够有是就特")


@dataclass(frozen=True)
class Reading:
    """读法.

    Attributes:
        table: For each clause: score, pleased part, displeased part (positive), part that a rule turned, words for
            neither, whether an opinion was read; float32, shape (clauses, 6).
        reasons: What decided, as (clause, words, contribution); empty unless asked for.
    """

    table: NDArray[np.float32]
    reasons: tuple[tuple[int, str, float], ...] = ()


@lru_cache(maxsize=1)
def _finder() -> WordFinder:
    return WordFinder(entries())


@dataclass(slots=True)
class _Event:
    start: int
    end: int
    word: str
    entry: Entry


def read_clauses(found: Scan, with_reasons: bool = False) -> Reading:
    """Read all clauses of a scan by their words."""
    table = np.zeros((len(found.clause_text), READ), dtype=np.float32)
    reasons: list[tuple[int, str, float]] = []
    for sentence in _sentences(found, _events(found)):
        _read_sentence(found, sentence, table, reasons if with_reasons else None)
    table[:, 0] = table[:, 1] - table[:, 2]
    table[:, 5] = (table[:, 1] + table[:, 2]) > 0
    return Reading(table, tuple(reasons))


def _events(found: Scan) -> list[_Event]:
    """Give known words from left to right, longest first, without overlap; phrases with a gap go before words."""
    starts, lengths = (each.tolist() for each in _finder().find(found))
    text, known = found.text, entries()
    pattern, values = phrases()
    events: list[_Event] = []
    taken: list[tuple[int, int, float]] = []
    bounds = found.starts.tolist()
    last_text = -1
    wanted = [place for place, (start, size) in enumerate(zip(starts, lengths, strict=True))
              if "phrase" in known[text[start : start + size]].also]  # fmt: skip
    if wanted:
        owners = np.searchsorted(found.starts, np.array([starts[place] for place in wanted]), side="right") - 1
        for owner in owners.tolist():
            if owner != last_text:
                last_text = owner
                begin, end = bounds[owner], bounds[owner + 1] - 1
                taken += [(m.start(), m.end(), values[m.lastindex - 1]) for m in pattern.finditer(text, begin, end)]
    free, phrase = 0, 0
    for start, size in zip(starts, lengths, strict=True):
        while phrase < len(taken) and taken[phrase][0] <= start:
            begin, end, value = taken[phrase]
            phrase += 1
            if begin >= free:
                events.append(_Event(begin, end, text[begin:end], Entry(OPINION, value, frozenset({"whole"}))))
                free = end
        if start < free or (phrase < len(taken) and start + size > taken[phrase][0]):
            continue
        word = text[start : start + size]
        entry = known[word]
        if word.isascii() and _within_word(text, start, start + size):
            continue
        if entry.kind == "plain":
            free = start + size
            continue
        if entry.also == {"phrase"} and entry.kind == "phrase":
            continue
        if size == 1 and entry.kind == OPINION and not _stands_alone(text, start, start + 1, entry):
            continue
        events.append(_Event(start, start + size, word, entry))
        free = start + size
    for begin, end, value in taken[phrase:]:
        if begin >= free:
            events.append(_Event(begin, end, text[begin:end], Entry(OPINION, value, frozenset({"whole"}))))
            free = end
    return events


def _within_word(text: str, start: int, end: int) -> bool:
    """Say whether Latin letters go on before or behind: ok in MacBook is no word."""
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    return (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())


def _stands_alone(text: str, start: int, end: int, entry: Entry) -> bool:
    """Say whether a one-character opinion is a word here and not a part of another (小 in 小菜, 好 in 好笑)."""
    after = text[end : end + 1]
    if not "一" <= after <= "鿿" or after in _PARTICLES:
        return True
    return "strong" in entry.also or (text[start - 1 : start] in _BEFORE and start > 0 and "strong" not in entry.also)


def _sentences(found: Scan, events: Sequence[_Event]) -> list[list[tuple[int, _Event]]]:
    if not events:
        return []
    clauses = found.clause[np.array([event.start for event in events])]
    owner = (found.clause_text[clauses] << 32) + found.sentence[clauses]
    borders = np.flatnonzero(np.diff(owner)) + 1
    pairs = list(zip(clauses.tolist(), events, strict=True))
    return [pairs[a:b] for a, b in zip([0, *borders.tolist()], [*borders.tolist(), len(pairs)], strict=True)]


def _turn_back(row: NDArray[np.float32], strength: float) -> None:
    """Turn an opinion that was already counted: what stands behind it negates it."""
    turned = -0.9 * strength
    row[1] += max(turned, 0.0) - max(strength, 0.0)
    row[2] += max(-turned, 0.0) - max(-strength, 0.0)
    row[3] += turned


def _role(sentence: list[tuple[int, _Event]], place: int, noun: str) -> str:
    """Say what a word that can be several things is here, by the word that follows."""
    clause, event = sentence[place]
    entry, kinds = event.entry, event.entry.also
    follows, gap = None, 99
    if place + 1 < len(sentence) and sentence[place + 1][0] == clause:
        follows = sentence[place + 1][1]
        gap = follows.start - event.end
    if gap == 0 and follows and event.word[-1] == "好" and follows.entry.kind == OPINION and follows.entry.value < 0:
        return "strong"  # 味道好淡: here 好 is a degree
    judged = follows is not None and (follows.entry.kind == OPINION or bool(follows.entry.also & _QUANTITIES))
    if kinds & _QUANTITIES and noun and not (judged and gap == 0):
        return "quantity"
    if kinds & _NEGATIONS and (entry.kind != OPINION or (judged and gap <= (_FAR if "far_negation" in kinds else 1))):
        return "negation"
    if "strong" in kinds and judged and gap == 0:
        return "strong"
    if kinds & _NOUNS and (entry.kind != OPINION or _measured(sentence, place)):
        return "noun"
    if entry.kind == OPINION:
        return OPINION
    return "strong" if "strong" in kinds else min(kinds - _NOUNS, default=entry.kind)


def _measured(sentence: list[tuple[int, _Event]], place: int) -> bool:
    """Say whether a quantity follows in the clause, so that the word is only the thing measured (噪音 in 噪音不大)."""
    clause, event = sentence[place]
    for other, later in sentence[place + 1 : place + 4]:
        if other != clause or later.start - event.end > 5:
            return False
        if later.entry.also & _QUANTITIES:
            return True
    return False


@dataclass(slots=True)
class _State:
    """What has been said so far in a clause that bends what comes next."""

    clause: int = -1
    last: int = 0
    negations: int = 0
    reach: int = _NEAR
    degree: float = 1.0
    noun: str = ""
    excess: int = -1
    wished: bool = False
    conceded: bool = False
    minor: bool = False
    flips: tuple[float, int] | None = None  # the last opinion and where it ended: 诚意 in 一点诚意都没有

    def enter(self, clause: int, event: _Event) -> None:
        """Go to the clause and place of a word; what is too far behind bends no more."""
        if clause != self.clause:
            self.negations, self.degree, self.noun, self.flips = 0, 1.0, "", None
            self.minor = self.minor and clause == self.clause + 1
            if clause > self.clause + 1 or not self.conceded:
                self.wished = False
            self.conceded = False
            self.clause, self.last = clause, event.start
        gap = event.start - self.last
        if gap > (self.reach if self.negations else _NEAR):
            self.negations, self.degree = 0, 1.0
        if gap > _NOUN_REACH:
            self.noun = ""
        self.last = event.end

    def bend(self, role: str, event: _Event, row: NDArray[np.float32]) -> None:
        """Take in a word that is no opinion."""
        kinds = event.entry.also
        if role == "negation":
            self.negations, self.reach = self.negations + 1, _FAR if "far_negation" in kinds else _NEAR
            return
        if "excess" in kinds:
            self.excess = event.end
        if role == "strong":
            self.degree = min(1.25 * self.degree, _MOST_DEGREE)
            return
        if "weak" in kinds:
            self.degree *= 0.7
        elif "wish" in kinds:
            self.wished = True
        elif "concede" in kinds:
            self.conceded = True
        elif "minor" in kinds:
            self.minor = True
        if "post_negation" in kinds and self.flips is not None and event.start - self.flips[1] <= _NEAR:
            _turn_back(row, self.flips[0])
            self.flips = None
        if role == "noun":
            self.noun = "A" if "A" in kinds else "B"
        elif "weak" not in kinds and not kinds & _QUANTITIES:  # 没太多惊喜 is still denied
            self.negations = 0

    def weigh(self, value: float, event: _Event) -> tuple[float, bool]:
        """Give what an opinion comes to here, and whether a rule turned it."""
        bent = "whole" in event.entry.also or (value > 0 and event.word[0] in _DENYING)
        if self.excess == event.start and len(event.word) == 1 and 0 < value <= _MILD:
            value = -0.8  # 偏甜, 太大: what is mild becomes a fault by too much of it
        value *= self.degree
        if self.negations % 2:
            value, bent = -0.8 * value, True
        elif self.negations:
            value, bent = 0.6 * value, True
        if self.wished and value > 0:
            value, bent = -0.4 * value, True
        value *= (0.4 if self.conceded else 1.0) * (0.5 if self.minor else 1.0)
        return value, bent


def _read_sentence(
    found: Scan,
    sentence: list[tuple[int, _Event]],
    table: NDArray[np.float32],
    reasons: list[tuple[int, str, float]] | None,
) -> None:
    """Read one sentence: its words in order, each bent by what stands before it in its clause."""
    turn = next((place for place, (_, event) in enumerate(sentence) if event.entry.kind == "contrast"), len(sentence))
    state = _State()
    for place, (clause, event) in enumerate(sentence):
        state.enter(clause, event)
        role = _role(sentence, place, state.noun)
        value = event.entry.value
        if role == "quantity":
            value = 1.1 if ("up" in event.entry.also) == (state.noun == "A") else -1.1
        elif role != OPINION:
            state.bend(role, event, table[clause])
            continue
        if value == 0:
            continue
        strength, bent = state.weigh(value, event)
        if turn < len(sentence):
            strength *= 0.6 if place < turn else 1.3
        row = table[clause]
        if abs(value) <= _PLAIN:
            row[4] += abs(strength)
        row[1 if strength > 0 else 2] += abs(strength)
        if bent or role == "quantity":
            row[3] += strength
        state.flips = strength, event.end
        if reasons is not None:
            begin = max(int(found.clause_start[clause]), event.start - 4)
            reasons.append((clause, found.text[begin : event.end], strength))
        state.negations, state.degree, state.noun = 0, 1.0, ""
