"""The person (or the system) on whose behalf something is read or done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fanops.errors import NotAllowed


class Role(StrEnum):
    """角色. What each may do is said where it is done, by ``require``."""

    CLERK = "clerk"
    STORE_MANAGER = "store_manager"
    REGION_MANAGER = "region_manager"
    PRODUCT = "product"
    CEO = "ceo"
    ADMIN = "admin"

    @property
    def label(self) -> str:
        """The Chinese name on the screen."""
        return _ROLE_LABELS[self]


_ROLE_LABELS = {
    Role.CLERK: "店员",
    Role.STORE_MANAGER: "店长",
    Role.REGION_MANAGER: "区域经理",
    Role.PRODUCT: "产品团队",
    Role.CEO: "CEO",
    Role.ADMIN: "管理员",
}


@dataclass(frozen=True)
class Actor:
    """Who reads or acts, and how much of the org tree they see.

    Attributes:
        account_id: None only for the command line and the worker, which act for the installation's owner.
        brand_id: The brand; nothing is read across brands.
        region_id: Set when only one region is seen.
        store_id: Set when only one store is seen.
        staff_id: The staff member this account belongs to, where there is one.
    """

    role: Role
    brand_id: int
    account_id: int | None = None
    region_id: int | None = None
    store_id: int | None = None
    staff_id: int | None = None
    display_name: str = ""

    @property
    def sees_all_stores(self) -> bool:
        """Whether the whole brand is visible (also rows that belong to no store)."""
        return self.store_id is None and self.region_id is None

    @property
    def scope_key(self) -> tuple[int, int | None, int | None]:
        """What a cached read must carry in its key."""
        return (self.brand_id, self.region_id, self.store_id)


def require(actor: Actor, *roles: Role) -> None:
    """Refuse unless the actor has one of ``roles``.

    Raises:
        NotAllowed: With the roles that may.
    """
    if actor.role not in roles:
        raise NotAllowed(
            f"{actor.role.label}不能做这件事。",
            f"需要的角色：{'、'.join(role.label for role in roles)}。请联系管理员调整账号。",
        )
