"""Who is offered which kind of page."""

from fanops.access import Role

EVERYONE = tuple(Role)
MANAGERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
HEAD_OFFICE = (Role.PRODUCT, Role.CEO, Role.ADMIN)
