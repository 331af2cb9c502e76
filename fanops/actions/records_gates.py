"""A brand's own gates: which stages it uses and what they ask."""

from __future__ import annotations

from sqlmodel import Session, select

from fanops.access import Actor
from fanops.access.organisation import brand_choice, set_brand_choice
from fanops.actions.gates import LABELS, OPTIONAL, GateRules
from fanops.errors import Conflict, InvalidInput
from fanops.tables import BacklogItem

_RULES = "gate_rules"  # name of a brand's own gates
_MOST_VERDICTS = 200


def gate_rules(session: Session, actor: Actor) -> GateRules:
    """Give the brand's gates."""
    return brand_choice(session, actor, _RULES, GateRules())


def set_gate_rules(session: Session, actor: Actor, rules: GateRules) -> None:
    """Keep the brand's own gates; head office only, logged.

    Raises:
        InvalidInput: A stage that can't be left out, or a number out of reason.
        Conflict: Items stand in a stage that is to be left out.
    """
    if wrong := set(rules.skipped) - set(OPTIONAL):
        raise InvalidInput(f"“{'”“'.join(LABELS.get(name, name) for name in sorted(wrong))}”不能省。")
    if not 1 <= rules.fewest_verdicts <= _MOST_VERDICTS:
        raise InvalidInput("至少要几份试用评价：1 到 200。")
    standing = select(BacklogItem.title).where(
        BacklogItem.brand_id == actor.brand_id,
        BacklogItem.stage.in_(rules.skipped),
        BacklogItem.merged_into_id.is_(None),
    )
    if titles := session.exec(standing.limit(3)).all():
        raise Conflict(f"还有条目停在要省掉的阶段：{'、'.join(titles)}。", "先让它们走完这一阶段。")
    set_brand_choice(session, actor, _RULES, rules)
