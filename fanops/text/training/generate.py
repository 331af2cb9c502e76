"""Sentences made from what customers speak of (自造语料): things × opinions per domain and aspect, labelled by design."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

_TOPICS = Path(__file__).with_name("topics.txt")
_LEADS = (
    "", "", "", "", "", "就是", "感觉", "觉得", "这次", "总体来说", "说实话", "个人认为", "第一次来", "朋友说", "买回来发现", "用了一周",
    "但是", "不过", "而且", "还有", "另外", "希望", "唯一的缺点是", "最满意的是", "尤其是", "整体", "我家", "昨天", "他们家的",
)  # fmt: skip
_DEGREES = ("", "", "", "真的", "有点", "实在", "确实", "比较", "非常", "特别", "还是", "也", "都", "挺", "居然", "一直",
            "总是")  # fmt: skip
_TAILS = ("", "", "", "", "", "了", "啊", "吧", "呢", "哦", "，下次还来", "，希望改进", "，给个好评", "，差评", "，推荐", "，无语",
          "，失望")  # fmt: skip
_PLAIN = (
    "{thing}怎么样", "关于{thing}", "{thing}一般", "{thing}还行吧", "说说{thing}", "{thing}不错", "{thing}很好", "{thing}太差了",
    "建议改进{thing}", "对{thing}很满意", "不满意{thing}", "{thing}有待提高", "{thing}没得说", "主要是{thing}的问题", "喜欢这个{thing}",
    "{thing}和{other}都可以", "{thing}、{other}不太行", "{thing}比以前好", "{thing}比别家差",
)  # fmt: skip


@dataclass(frozen=True)
class Topic:
    """One aspect of one domain: its things and what is said of them."""

    domain: str
    aspect: str
    things: tuple[str, ...]
    opinions: tuple[str, ...]


@dataclass(frozen=True)
class Generated:
    """One made sentence; ``topic`` is the index of its topic."""

    text: str
    topic: int


def read_topics(path: Path = _TOPICS) -> list[Topic]:
    """Read the topics file: ``domain | aspect | things | praise | complaint`` a line."""
    topics = []
    for line in path.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            domain, aspect, things, praise, complaint = (part.strip() for part in line.split("|"))
            topics.append(Topic(domain, aspect, tuple(things.split()), (*praise.split(), *complaint.split())))
    return topics


def topic_words(topics: list[Topic]) -> list[str]:
    """Give every word of the topics, cut by the segmenter, in order."""
    import rjieba

    phrases = (phrase for topic in topics for phrase in (*topic.things, *topic.opinions))
    return list(dict.fromkeys(word for phrase in phrases for word in rjieba.cut(phrase.lower(), False)))


def generate(topics: list[Topic], per_topic: int, seed: int) -> list[Generated]:
    """Make distinct sentences of every topic.

    Args:
        topics: What to speak of.
        per_topic: Sentences tried per topic; duplicates are dropped.
        seed: Of the draws.

    Returns:
        Sentences by topic.
    """
    draw = random.Random(seed)
    made: dict[str, int] = {}
    for index, topic in enumerate(topics):
        for _ in range(per_topic):
            made.setdefault(_sentence(topic, draw), index)
    return [Generated(text, index) for text, index in made.items()]


def _sentence(topic: Topic, draw: random.Random) -> str:
    thing, other = draw.choice(topic.things), draw.choice(topic.things)
    kind = draw.random()
    if kind < 0.2:
        return draw.choice(_PLAIN).format(thing=thing, other=other)
    if kind < 0.35:  # said without naming the thing, as people do
        return f"{draw.choice(_LEADS)}{draw.choice(topic.opinions)}{draw.choice(_TAILS)}"
    degree = draw.choice(_DEGREES)
    return f"{draw.choice(_LEADS)}{thing}{degree}{draw.choice(topic.opinions)}{draw.choice(_TAILS)}"
