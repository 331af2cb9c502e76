"""Reviews, answers and interviews of the sample chain: planted themes in varied words, with typos and dialect."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from fanops.sample import truth
from fanops.sample.chain import STORES
from fanops.sample.planted import (
    BACKGROUND,
    BANKS,
    CLOSERS,
    DIALECT,
    EMPTY,
    OPENERS,
    THEMES,
    TYPOS,
    PlantedTheme,
)

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_BANK = re.compile(r"\{(\w+)\}")
_JOINTS = ("，", "。", "，", "；", " ", "，另外", "。还有，", "，不过", "\n")
SOURCES = (("大众点评", 5), ("美团", 4), ("饿了么", 2), ("小程序评价", 4))


@dataclass(frozen=True)
class Said:
    """One thing a sample fan said.

    Attributes:
        number: Names it in its file.
        text: The words.
        themes: Keys of the planted themes, in the order they come.
        store: Store code.
        fan: Number of the fan, None for an anonymous one.
        at: Local time.
        score: 1–5 stars.
        source: Platform.
    """

    number: str
    text: str
    themes: tuple[str, ...]
    store: str
    fan: int | None
    at: datetime
    score: int
    source: str


def render(pattern: str, random: Random) -> str:
    """Turn a pattern into one of the sentences it stands for."""
    while (match := _CHOICE.search(pattern)) is not None:
        pattern = pattern[: match.start()] + random.choice(match[1].split("|")) + pattern[match.end() :]
    return _BANK.sub(lambda match: random.choice(BANKS[match[1]]), pattern).strip("，")


def store_of_fan(fan: int) -> str:
    """Give the home store of the fan with this number (bigger stores have more fans)."""
    random = Random(fan * 7_919)
    return random.choices([store.code for store in STORES], [store.traffic for store in STORES])[0]


def theme_weight(theme: PlantedTheme, store: str, week: int) -> float:
    """Give how often a theme is said in a store in a week (0 is the first), relative to the others."""
    weight = theme.weight * theme.stores.get(store, 1.0)
    if theme.key == truth.RISING_KEY:
        late = max(0, week - truth.RISING_WEEK + 1) / (truth.WEEKS - truth.RISING_WEEK)
        weight *= 0.5 + (truth.RISING_TIMES - 0.5) * late
    if theme.key == truth.FIXED_KEY and store in truth.FIX_STORES and week >= truth.FIX_WEEK:
        weight *= truth.COMPLAINTS_LEFT_SHARE
    return weight


def pick_themes(store: str, week: int, count: int, random: Random) -> list[PlantedTheme]:
    """Choose different themes for one voice."""
    weights = [theme_weight(theme, store, week) for theme in THEMES]
    chosen: list[PlantedTheme] = []
    while len(chosen) < count:
        theme = random.choices(THEMES, weights)[0]
        if theme not in chosen:
            chosen.append(theme)
    return chosen


def say(themes: Sequence[PlantedTheme], random: Random, *, background_share: float = 0.35) -> str:
    """Say some themes in one go, as people write: with an opening, asides, typos, a mark too many or none."""
    parts = [render(random.choice(theme.patterns), random) for theme in themes]
    if not parts or random.random() < background_share:
        parts.insert(random.randrange(len(parts) + 1), render(random.choice(BACKGROUND), random))
    text = random.choice(OPENERS)
    text = f"{text}，" if text and text[-1] not in "，是" else text
    text += parts[0]
    for part in parts[1:]:
        text += random.choice(_JOINTS) + part
    text += random.choice(CLOSERS)
    if random.random() < 0.06:
        text = _replaced(text, DIALECT, random)
    if random.random() < 0.05:
        text = _replaced(text, TYPOS, random)
    if random.random() < 0.08:
        text = text.replace("，", random.choice((" ", ",", "  ")))
    return text


def _replaced(text: str, pairs: Sequence[tuple[str, str]], random: Random) -> str:
    fitting = [pair for pair in pairs if pair[0] in text]
    return text.replace(*random.choice(fitting), 1) if fitting else text


def make_reviews(anchor: date, seed: int = truth.SEED, count: int | None = None) -> list[Said]:
    """Make the reviews of the sample chain, oldest first; the same anchor and seed give the same reviews."""
    random = Random(seed)
    count = truth.REVIEWS if count is None else count
    codes, traffic = [store.code for store in STORES], [store.traffic for store in STORES]
    moments = sorted(
        (random.triangular(0, truth.WEEKS * 7, truth.WEEKS * 7), random.gauss(15.5, 3.2)) for _ in range(count)
    )
    reviews = []
    for place, (day, hour) in enumerate(moments):
        day = min(int(day), truth.WEEKS * 7 - 1)
        fan = min(int(random.expovariate(1 / 700)), truth.FANS - 1) + 1 if random.random() < 0.8 else None
        store = store_of_fan(fan) if fan and random.random() < 0.85 else random.choices(codes, traffic)[0]
        how_many = random.choices((0, 1, 2, 3, -1), (9, 47, 29, 8, 7))[0]
        themes = pick_themes(store, day // 7, max(0, how_many), random)
        text = random.choice(EMPTY) if how_many < 0 else say(themes, random)
        at = datetime.combine(truth.first_day(anchor), datetime.min.time()) + timedelta(
            days=day, hours=min(21.9, max(9.0, hour)), seconds=random.randrange(60)
        )
        source = random.choices([name for name, _ in SOURCES], [share for _, share in SOURCES])[0]
        reviews.append(
            Said(f"PJ{place + 1:06d}", text, tuple(theme.key for theme in themes), store, fan,
                 at.replace(microsecond=0), _score(themes, random), source)
        )  # fmt: skip
    return reviews


def _score(themes: Sequence[PlantedTheme], random: Random) -> int:
    mood = sum(theme.polarity for theme in themes) / max(1, len(themes))
    return max(1, min(5, round(random.gauss(3.9 + 1.1 * mood, 0.7))))


def planted_themes(anchor: date, seed: int = truth.SEED) -> dict[str, tuple[str, ...]]:
    """Give the planted themes of every review, by its number in the file; () where nothing was planted.

    In the database the voice's ``source_key`` begins with the number and a colon.
    """
    return {said.number: said.themes for said in make_reviews(anchor, seed)}
