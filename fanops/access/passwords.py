"""Passwords: argon2id hashes, at most two computed at a time, and the same work for a user who does not exist."""

from __future__ import annotations

import threading
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fanops.errors import InvalidInput

SHORTEST = 10
LONGEST = 200
_AT_ONCE = 2  # each takes 64 MiB: a burst of sign-ins must not take the machine down

_hasher = PasswordHasher()
_turns = threading.BoundedSemaphore(_AT_ONCE)


def check_password_rules(password: str, login: str = "") -> None:
    """Refuse a password that is too short, too long, or the login itself.

    Raises:
        InvalidInput: With what is wrong.
    """
    if len(password) < SHORTEST:
        raise InvalidInput(f"密码至少要 {SHORTEST} 个字符。", "可以用一句容易记住的话。")
    if len(password) > LONGEST:
        raise InvalidInput(f"密码不能超过 {LONGEST} 个字符。")
    if login and login.lower() in password.lower():
        raise InvalidInput("密码里不能包含登录名。", "请换一个别人猜不到的密码。")
    if len(set(password)) < 5:
        raise InvalidInput("密码太简单：不同的字符太少。", "可以用一句容易记住的话。")


def hash_password(password: str) -> str:
    """Give the argon2id hash of a password; its cost and salt ride in the hash."""
    with _turns:
        return _hasher.hash(password)


def password_fits(stored_hash: str | None, password: str) -> bool:
    """Say whether ``password`` is the one behind ``stored_hash``.

    Args:
        stored_hash: None for a user who does not exist: the same work is done against a dummy, so that time tells
            nothing.
        password: As typed; more than LONGEST characters never fit.
    """
    real = _dummy_hash() if stored_hash is None else stored_hash
    with _turns:
        try:
            _hasher.verify(real, password[:LONGEST])
        except (VerificationError, InvalidHashError):
            return False
    return stored_hash is not None and len(password) <= LONGEST


def needs_rehash(stored_hash: str) -> bool:
    """Say whether a hash was made with a lower cost than today's."""
    return _hasher.check_needs_rehash(stored_hash)


@lru_cache(maxsize=1)
def _dummy_hash() -> str:
    return _hasher.hash("nobody has this password")
