"""The states of a service fix in one store (MTQSC), and who may move it where."""

from __future__ import annotations

from fanops.access import Role

LABELS = {
    "found": "已发现", "assigned": "已指派", "fixing": "整改中", "accepted": "已验收", "reasked": "已回访", "closed": "已关闭",
    "reopened": "重新打开",
}  # fmt: skip
DONE = frozenset({"accepted", "reasked", "closed"})
AREAS = {"quality": "品质", "service": "服务", "cleanliness": "清洁"}

_HANDS = (Role.CLERK, Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
_MANAGERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
_ABOVE = (Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)

# (from, to) → who may. A store never accepts its own work.
MOVES: dict[tuple[str, str], tuple[Role, ...]] = {
    ("found", "assigned"): _MANAGERS,
    ("found", "fixing"): _HANDS,
    ("assigned", "fixing"): _HANDS,
    ("fixing", "assigned"): _MANAGERS,
    ("fixing", "accepted"): _ABOVE,
    ("accepted", "fixing"): _ABOVE,
    ("accepted", "reasked"): _MANAGERS,
    ("reasked", "closed"): _ABOVE,
    ("reasked", "reopened"): _MANAGERS,
    ("closed", "reopened"): _MANAGERS,
    ("reopened", "assigned"): _MANAGERS,
    ("reopened", "fixing"): _HANDS,
}


def next_states(state: str, role: Role) -> list[str]:
    """List the states that ``role`` may move a store's fix to."""
    return [to for (start, to), roles in MOVES.items() if start == state and role in roles]
