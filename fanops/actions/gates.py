"""The stages of a backlog item (MTPD) and the gates between them: none is passed without its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field

STAGES = ("listen", "define", "sample", "trial", "pilot", "rollout", "review", "closed")
LABELS = {
    "listen": "聆听", "define": "定义", "sample": "打样", "trial": "粉丝试用", "pilot": "试点门店", "rollout": "分波铺开",
    "review": "复盘", "closed": "已关闭",
}  # fmt: skip
# A brand may do without these; the others every item goes through.
OPTIONAL = ("sample", "trial", "pilot", "review")


@dataclass(frozen=True)
class GateRules:
    """What a brand asks at its gates.

    Attributes:
        skipped: Stages it does without, of OPTIONAL.
        fewest_verdicts: Trial verdicts that the pass line needs.
        needs_baseline: Whether the effect plan must be frozen before the first store.
        needs_told: Whether an item closes only when its raisers were told (or a reason is given).
    """

    skipped: list[str] = field(default_factory=list)
    fewest_verdicts: int = 5
    needs_baseline: bool = True
    needs_told: bool = True


def stages_of(rules: GateRules) -> list[str]:
    """List the stages that items go through, in order."""
    return [stage for stage in STAGES if stage not in rules.skipped]


def following(stage: str, rules: GateRules) -> str:
    """Give the stage after ``stage``; ``closed`` is followed by itself."""
    rest = STAGES[STAGES.index(stage) + 1 :]
    return next((name for name in rest if name not in rules.skipped), "closed")


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


def missing(stage: str, facts: ItemFacts, rules: GateRules) -> list[str]:
    """Say what is lacking to leave ``stage`` for the next; empty when the gate is open."""
    checks = _CHECKS[stage](facts, rules)
    if following(stage, rules) in ("pilot", "rollout") and stage != "pilot":
        checks += _first_stores(facts, rules)
    return [sentence for lacks, sentence in checks if lacks]


def _listen(f: ItemFacts, rules: GateRules) -> list[tuple[bool, str]]:
    return [(f.evidence == 0, "还没有依据：至少要有一句顾客原话。")]


def _define(f: ItemFacts, rules: GateRules) -> list[tuple[bool, str]]:
    return [(not f.wanted.strip(), "还没有写清要做什么。")]


def _sample(f: ItemFacts, rules: GateRules) -> list[tuple[bool, str]]:
    no_line = f.pass_share is None and "trial" not in rules.skipped
    return [
        (not f.sample_note.strip(), "还没有写打样结果。"),
        (no_line, "还没有定粉丝试用的达标线；要在试用之前定。"),
    ]


def _trial(f: ItemFacts, rules: GateRules) -> list[tuple[bool, str]]:
    few = f.verdicts < rules.fewest_verdicts
    line = f.pass_share or 0.0
    below = not few and f.likes / f.verdicts < line
    return [
        (few, f"试用评价只有 {f.verdicts} 份，至少要 {rules.fewest_verdicts} 份。"),
        (below, f"{f.likes}/{f.verdicts} 位愿意买，没有到达标线 {line:.0%}。"),
    ]


def _first_stores(f: ItemFacts, rules: GateRules) -> list[tuple[bool, str]]:
    """What the first stores need, whichever stage comes before them."""
    unplanned = not f.has_baseline and rules.needs_baseline
    return [
        (unplanned, "效果方案还没有冻结：指标、时间和达标线要在试点之前定下。"),
        (f.pilot_stores == 0, "还没有选试点门店。"),
    ]


def _pilot(f: ItemFacts, rules: GateRules) -> list[tuple[bool, str]]:
    return [
        (f.live_stores == 0, "试点门店还没有上线。"),
        (not f.has_verdict, "试点还没有效果结论；“区域”要等它。"),
    ]


def _rollout(f: ItemFacts, rules: GateRules) -> list[tuple[bool, str]]:
    checks = [(f.live_stores == 0, "还没有门店上线。")]
    return checks + (_review(f, rules) if "review" in rules.skipped else [])


def _review(f: ItemFacts, rules: GateRules) -> list[tuple[bool, str]]:
    untold = rules.needs_told and f.untold > 0 and not f.reason.strip()
    return [
        (not f.has_verdict, "还没有效果结论。"),
        (untold, f"还有 {f.untold} 位提出者没有被告知；告知他们，或写明原因。"),
    ]


_CHECKS = {
    "listen": _listen, "define": _define, "sample": _sample, "trial": _trial, "pilot": _pilot, "rollout": _rollout,
    "review": _review, "closed": lambda f, rules: [(True, "已经关闭了。")],
}  # fmt: skip
