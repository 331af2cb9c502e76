"""Sentences of our own to learn from: ``models/polarity/sentences.txt``, and negations made by pattern."""

from __future__ import annotations

from fanops.content import content_path


def _split(words: str) -> tuple[str, ...]:
    return tuple(words.split())


# Opinion words of one part of speech, so that every pattern with every word is a sentence that people say.
_PLEASED = _split(
    "好吃 好喝 好看 好用 新鲜 干净 热情 方便 舒服 满意 专业 靠谱 实惠 划算 结实 耐用 清楚 流畅 安静 宽敞 周到 认真 负责 细心 "
    "耐心 漂亮 精致 稳定 灵敏 保暖 透气 正宗 入味 合适 值得 便宜 及时 准时 礼貌 友好 贴心 实用 有趣 详细"
)
_DISPLEASED = _split(
    "难吃 难喝 难看 难用 贵 吵 脏 腻 慢 硬 咸 卡 麻烦 挤 臭 差 差劲 敷衍 冷淡 破旧 粗糙 复杂 刺鼻 油腻 难受 拥挤 简陋 潮湿 费劲 "
    "刺激 生硬 单调 模糊 发烫"
)
_DENIED_PRAISE = _split(
    "不{} 不太{} 不怎么{} 不是很{} 没那么{} 一点都不{} 一点也不{} 谈不上{} 算不上{} 并不{} 根本不{} 没有以前{}了 没有想象中{} "
    "没多{} 说不上{} 不够{} 从来不{} 哪里{}了 越来越不{}"
)
_DENIED_BLAME = _split(
    "不{} 不太{} 不算{} 不会{} 没那么{} 一点都不{} 一点也不{} 并不{} 没觉得{} 没有{}的感觉 不怎么{} 从不{} 没有想象中{} "
    "没有别人说的{} 谈不上{} 不再{}了"
)
_PRAISE = _split(
    "{} 很{} 非常{} 特别{} 太{}了 真{} {}得很 挺{}的 越来越{}了 {}得不得了 还算{} 比以前{} 比上次{}多了 比别家{} 不能更{}了 "
    "不是不{} 没有不{}的"
)
_BLAME = _split("{} 很{} 非常{} 特别{} 太{}了 真{} 有点{} 越来越{} {}得要命 {}死了 比以前{} 比别家{} 最{}的一次")
_SIGNS = {"+": 1, "-": -1, "0": 0}


def written() -> list[tuple[str, int]]:
    """Give the sentences that we wrote, with their sign; a line is ``sign sentence/sentence/…``."""
    found = []
    for line in content_path("models", "polarity", "sentences.txt").read_text("utf-8-sig").splitlines():
        if line.strip() and not line.startswith("#"):
            sign, sentences = line.split(" ", 1)
            found += [(sentence, _SIGNS[sign]) for sentence in sentences.split("/") if sentence.strip()]
    return found


def templated() -> list[tuple[str, int]]:
    """Give opinions under negation and degree, made by pattern, with their sign."""
    kinds = (
        (_PLEASED, _DENIED_PRAISE, -1),
        (_DISPLEASED, _DENIED_BLAME, 1),
        (_PLEASED, _PRAISE, 1),
        (_DISPLEASED, _BLAME, -1),
    )
    return [(pattern.format(word), sign) for words, patterns, sign in kinds for word in words for pattern in patterns]
