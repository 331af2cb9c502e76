"""Two survey waves and sixty interviews of the sample chain, as they would come from paper and from transcripts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from fanops.collect.surveys.definition import SurveyDefinition
from fanops.sample import truth
from fanops.sample.chain import STAFF, STORES
from fanops.sample.planted import EMPTY, THEMES, PlantedTheme
from fanops.sample.sayings import pick_themes, say, store_of_fan

WAVE_WEEKS = (8, 22)  # each wave runs for a fortnight from the Monday of this week
GUIDE = "core_fan_interview"
_ASKED = {
    "last_visit": "上一次来我们店是什么时候？那天是怎么想到来的？",
    "usual": "您平常怎么用我们的产品？",
    "love": "您最喜欢我们哪一点？",
    "wish": "如果只能改一件事，您希望我们改什么？",
    "almost_left": "有没有哪一次，您差点就不再来了？",
    "missing": "有什么东西，您希望我们卖，而我们现在没有？",
}
_USUAL = (
    "一个礼拜两三次吧，下午犯困的时候来一杯，一般是{d}", "基本周末跟朋友逛街的时候喝", "上班前拿一杯，{d}少冰，固定搭配",
    "看心情，热天多一点，冬天就喝{d}", "主要是外卖，办公室拼单", "接孩子放学顺路买，孩子喝{d}我喝四季春",
)  # fmt: skip
_LAST = ("就前两天，路过看到就买了", "上周六，陪我妈逛街", "昨天中午，同事说想喝", "记不太清，大概上礼拜",
         "今天早上，没吃早饭就来一杯")  # fmt: skip
_PRAISED, _WISHED = ("warm_staff", "fresh_fruit"), ("caffeine", "small_cup", "oat_milk", "seats")


@dataclass(frozen=True)
class SampleAnswer:
    """One person's answers on paper: the form as the fan's page would send it."""

    row: int
    fan: int
    store: str
    at: datetime
    form: dict[str, list[str]]
    themes: tuple[str, ...]


@dataclass(frozen=True)
class SampleTurn:
    """What one person said in an interview."""

    speaker: str
    text: str
    question: str
    themes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SampleInterview:
    """An interview: who, where, when, by whom, and what was said."""

    key: str
    fan: int
    store: str
    staff: str
    at: datetime
    minutes: int
    turns: tuple[SampleTurn, ...]


def _moment(anchor: date, day: int, random: Random) -> datetime:
    begin = datetime.combine(truth.first_day(anchor), datetime.min.time())
    return begin + timedelta(days=day, hours=random.randrange(10, 21), minutes=random.randrange(60))


def make_answers(anchor: date, wave: int, survey: SurveyDefinition, seed: int = truth.SEED) -> list[SampleAnswer]:
    """Make the answers to one wave (0 or 1); the same fans are partly asked again."""
    random = Random(seed * 31 + wave)
    panel = Random(seed * 31).sample(range(1, truth.FANS + 1), 150)
    others = [fan for fan in range(1, truth.FANS + 1) if fan not in set(panel)]
    fans = panel[: 120 + 10 * wave] + random.sample(others, truth.RESPONSES[wave] - 120 - 10 * wave)
    wrong = [option.code for option in survey.question("wrong").options]
    right = [option.code for option in survey.question("right").options]
    answers = []
    for row, fan in enumerate(fans, start=2):
        store = store_of_fan(fan)
        day = WAVE_WEEKS[wave] * 7 + random.randrange(14)
        themes = pick_themes(store, day // 7, random.choices((0, 1, 2), (25, 55, 20))[0], random)
        mood = sum(theme.polarity for theme in themes)
        overall = max(1, min(5, round(random.gauss(3.9 + 0.8 * mood, 0.8))))
        form = {"overall": [str(overall)]}
        chosen = wrong if overall <= 3 else right
        form["wrong" if overall <= 3 else "right"] = random.sample(chosen, random.randint(1, 2))
        if themes:
            form["say"] = [say(themes, random, background_share=0.2)]
        elif random.random() < 0.6:
            form["say"] = [random.choice(EMPTY)]
        answers.append(
            SampleAnswer(row, fan, store, _moment(anchor, day, random), form, tuple(theme.key for theme in themes))
        )
    return answers


def make_interviews(anchor: date, regulars: list[int], seed: int = truth.SEED) -> list[SampleInterview]:
    """Make the interviews.

    Args:
        anchor: See ``truth.anchor_for``.
        regulars: Numbers of the fans who buy most; the interviewed are drawn from them.
        seed: See ``truth.SEED``.
    """
    random = Random(seed * 37)
    by_store: dict[str, list[str]] = {}
    for code, _, store, _ in STAFF:
        by_store.setdefault(store or "", []).append(code)
    traffic = {store.code: store.traffic for store in STORES}
    interviews = []
    for place, fan in enumerate(random.sample(regulars, truth.INTERVIEWS)):
        store = store_of_fan(fan)
        day = min(truth.WEEKS * 7 - 1, int((place + random.random()) * truth.WEEKS * 7 / truth.INTERVIEWS))
        at = _moment(anchor, day, random)
        turns: list[SampleTurn] = []
        for question, asked in _ASKED.items():
            turns.append(SampleTurn("staff", asked, question))
            text, themes = _answer(question, store, day // 7, random)
            turns.append(SampleTurn("fan", text, question, themes))
        staff = random.choice(by_store[store])
        minutes = random.randint(4, 11) + round(traffic[store])
        interviews.append(SampleInterview(f"FT{place + 1:04d}", fan, store, staff, at, minutes, tuple(turns)))
    return interviews


def _answer(question: str, store: str, week: int, random: Random) -> tuple[str, tuple[str, ...]]:
    if question == "last_visit":
        return random.choice(_LAST), ()
    if question == "usual":
        return random.choice(_USUAL).format(d=random.choice(("芋泥波波", "茉莉奶绿", "小满青提", "大红袍"))), ()
    if question == "love":
        themes = [_theme(random.choice(_PRAISED))]
    elif question == "missing":
        if random.random() < 0.3:
            return random.choice(("没有吧", "暂时想不到", "都挺全的")), ()
        themes = [_theme(random.choice(_WISHED))]
    else:
        if question == "almost_left" and random.random() < 0.35:
            return random.choice(("没有", "还真没有", "没到那个程度")), ()
        drawn = pick_themes(store, week, 6, random)
        themes = [theme for theme in drawn if theme.polarity < 1][: random.randint(1, 2)]
    return say(themes, random, background_share=0.15), tuple(theme.key for theme in themes)


def _theme(key: str) -> PlantedTheme:
    return next(theme for theme in THEMES if theme.key == key)
