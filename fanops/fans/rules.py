"""Rules (自动规则): when a fan is like this, staff of the store get this card; five templates, each number editable."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One template.

    Attributes:
        title: Chinese name.
        when: When it holds, with ``{…}`` for the brand's numbers.
        deed: What staff do then.
    """

    title: str
    when: str
    deed: str


@dataclass(frozen=True)
class RuleNumbers:
    """The numbers of the rules, in days unless said; and which rules run every night.

    Attributes:
        new_from: First order at least so long ago.
        new_to: And no longer than this.
        asleep_from: A fan's last order at least so long ago.
        asleep_to: And no longer than this.
        recovery_days: Displeased within the last days.
        quiet_days: The same rule makes no second card for a fan within these.
        most: Cards of a rule made at once, the most valuable fans first (a count).
        nightly: Codes of the rules that run every night.
    """

    new_from: int = 3
    new_to: int = 14
    asleep_from: int = 45
    asleep_to: int = 120
    recovery_days: int = 7
    quiet_days: int = 60
    most: int = 500
    nightly: tuple[str, ...] = ()


RULES: dict[str, Rule] = {
    "welcome_back": Rule("回访新客", "第一次来是 {new_from} 到 {new_to} 天前，还没有来第二次", "问问第一次喝得怎么样，介绍一款搭配"),
    "wake_up": Rule("沉睡唤醒", "粉丝和核心粉丝，{asleep_from} 到 {asleep_to} 天没来", "问候一声，请他/她回来坐坐"),
    "recovery": Rule("服务补救", "近 {recovery_days} 天说过不满的话", "就他/她说的事道歉，说清楚怎么改"),
    "new_product": Rule("新品邀请", "提过的需求，已经有了产品条目并在本店上线，还没有来试过", "请他/她来试，是按他/她的意见做的"),
    "promise": Rule("承诺兑现", "提过的事已经做了，还没有告诉他/她", "告诉他/她：您说的事，已经做了"),
}  # fmt: skip


def when_words(code: str, numbers: RuleNumbers) -> str:
    """Say when a rule holds, with the brand's numbers."""
    return RULES[code].when.format(**vars(numbers))
