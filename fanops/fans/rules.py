"""Rules (自动规则): when a fan is like this, make a card, an invitation or a tag; five templates, each number editable."""

from __future__ import annotations

from dataclasses import dataclass, field

CARD, INVITATION, TAG = "card", "invitation", "tag"
OUTCOMES = {CARD: "服务卡", INVITATION: "问卷邀请", TAG: "标签"}


@dataclass(frozen=True)
class Rule:
    """One template.

    Attributes:
        title: Chinese name.
        when: When it holds, with ``{…}`` for the brand's numbers.
        deed: What staff do then, where it makes a card.
    """

    title: str
    when: str
    deed: str


@dataclass(frozen=True)
class Outcome:
    """What a rule makes.

    Attributes:
        kind: A key of OUTCOMES.
        about_id: The wave of an invitation, the tag that is put; None for a card.
    """

    kind: str = CARD
    about_id: int | None = None


@dataclass(frozen=True)
class RuleNumbers:
    """The numbers of the rules, in days unless said; what each makes, and which run every night.

    Attributes:
        new_from: First order at least so long ago.
        new_to: And no longer than this.
        asleep_from: A fan's last order at least so long ago.
        asleep_to: And no longer than this.
        recovery_days: Displeased within the last days.
        quiet_days: The same rule does nothing more for a fan within these.
        most: Fans whom a rule reaches at once, the most valuable first (a count).
        nightly: Codes of the rules that run every night.
        outcomes: What a rule makes other than a card: the fields of an Outcome by the rule's code.
    """

    new_from: int = 3
    new_to: int = 14
    asleep_from: int = 45
    asleep_to: int = 120
    recovery_days: int = 7
    quiet_days: int = 60
    most: int = 500
    nightly: tuple[str, ...] = ()
    outcomes: dict[str, dict[str, str | int | None]] = field(default_factory=dict)


RULES: dict[str, Rule] = {
    "welcome_back": Rule("回访新客", "第一次来是 {new_from} 到 {new_to} 天前，还没有来第二次", "问问第一次喝得怎么样，介绍一款搭配"),
    "wake_up": Rule("沉睡唤醒", "粉丝和核心粉丝，{asleep_from} 到 {asleep_to} 天没来", "问候一声，请他/她回来坐坐"),
    "recovery": Rule("服务补救", "近 {recovery_days} 天说过不满的话", "就他/她说的事道歉，说清楚怎么改"),
    "new_product": Rule("新品邀请", "提过的需求，已经有了产品条目并在本店上线，还没有来试过", "请他/她来试，是按他/她的意见做的"),
    "promise": Rule("承诺兑现", "提过的事已经做了，还没有告诉他/她", "告诉他/她：您说的事，已经做了"),
}  # fmt: skip


def when_words(code: str, numbers: RuleNumbers) -> str:
    """Say when a template holds, with the brand's numbers."""
    return RULES[code].when.format(**vars(numbers))
