"""Who may see and do what: actors, roles, scope, the vault for identifiers, the audit log."""

from fanops.access.actor import Actor, Role, require
from fanops.access.audit import record_audit, verify_audit
from fanops.access.scope import in_scope, require_store, visible_stores
from fanops.access.vault import Vault, vault

__all__ = [
    "Actor",
    "Role",
    "Vault",
    "in_scope",
    "record_audit",
    "require",
    "require_store",
    "vault",
    "verify_audit",
    "visible_stores",
]
