"""The stages of a backlog item (MTPD) and the gates between them: none is passed without its evidence."""

from __future__ import annotations

from dataclasses import dataclass

STAGES = ("listen", "define", "sample", "trial", "pilot", "rollout", "review", "closed")
LABELS = {
    "listen": "聆听", "define": "定义", "sample": "打样", "trial": "粉丝试用", "pilot": "试点门店", "rollout": "分波铺开",
    "review": "复盘", "closed": "已关闭",
}  # fmt: skip
FEWEST_VERDICTS = 5


@dataclass(frozen=True)
class ItemFacts:
    """What the gates look at.

    Attributes:
        raisers: Distinct fans in the evidence.
        evidence: Sentences in the evidence.
        wanted: What is to be made, in words.
        sample_note: What was made as a sample.
        pass_share: Pass line of the fan trial, 0–1, None until fixed.
        likes: Trial verdicts that like it.
        verdicts: All trial verdicts.
        has_baseline: Whether the effect plan is frozen.
        pilot_stores: Stores of wave 1.
        live_stores: Stores where it is live.
        has_verdict: Whether the effect has been measured.
        untold: Raisers who were not told.
        reason: A reason given for closing with untold raisers.
    """

    raisers: int = 0
    evidence: int = 0
    wanted: str = ""
    sample_note: str = ""
    pass_share: float | None = None
    likes: int = 0
    verdicts: int = 0
    has_baseline: bool = False
    pilot_stores: int = 0
    live_stores: int = 0
    has_verdict: bool = False
    untold: int = 0
    reason: str = ""


def missing(stage: str, facts: ItemFacts) -> list[str]:
    """Say what is lacking to leave ``stage`` for the next; empty when the gate is open."""
    return [sentence for lacks, sentence in _CHECKS[stage](facts) if lacks]


def _listen(f: ItemFacts) -> list[tuple[bool, str]]:
    return [(f.evidence == 0, "还没有依据：至少要有一句顾客原话。")]


def _define(f: ItemFacts) -> list[tuple[bool, str]]:
    return [(not f.wanted.strip(), "还没有写清要做什么。")]


def _sample(f: ItemFacts) -> list[tuple[bool, str]]:
    return [
        (not f.sample_note.strip(), "还没有写打样结果。"),
        (f.pass_share is None, "还没有定粉丝试用的达标线；要在试用之前定。"),
    ]


def _trial(f: ItemFacts) -> list[tuple[bool, str]]:
    few = f.verdicts < FEWEST_VERDICTS
    line = f.pass_share or 0.0
    below = not few and f.likes / f.verdicts < line
    return [
        (few, f"试用评价只有 {f.verdicts} 份，至少要 {FEWEST_VERDICTS} 份。"),
        (below, f"{f.likes}/{f.verdicts} 位愿意买，没有到达标线 {line:.0%}。"),
        (not f.has_baseline, "效果方案还没有冻结：指标、时间和达标线要在试点之前定下。"),
        (f.pilot_stores == 0, "还没有选试点门店。"),
    ]


def _pilot(f: ItemFacts) -> list[tuple[bool, str]]:
    return [
        (f.live_stores == 0, "试点门店还没有上线。"),
        (not f.has_verdict, "试点还没有效果结论；第二波要等第一波有结论。"),
    ]


def _rollout(f: ItemFacts) -> list[tuple[bool, str]]:
    return [(f.live_stores == 0, "还没有门店上线。")]


def _review(f: ItemFacts) -> list[tuple[bool, str]]:
    return [
        (not f.has_verdict, "还没有效果结论。"),
        (f.untold > 0 and not f.reason.strip(), f"还有 {f.untold} 位提出者没有被告知；告知他们，或写明原因。"),
    ]


_CHECKS = {
    "listen": _listen, "define": _define, "sample": _sample, "trial": _trial, "pilot": _pilot, "rollout": _rollout,
    "review": _review, "closed": lambda f: [(True, "已经关闭了。")],
}  # fmt: skip
