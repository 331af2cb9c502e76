"""Passwords: rules, the same work for nobody, never more than two at a time."""

from __future__ import annotations

import threading

import pytest

from fanops.access import passwords
from fanops.access.passwords import check_password_rules, hash_password, needs_rehash, password_fits
from fanops.errors import InvalidInput


def test_a_hash_is_argon2id_and_never_the_same() -> None:
    first, second = hash_password("mingtian-hecha"), hash_password("mingtian-hecha")
    assert first.startswith("$argon2id$")
    assert first != second
    assert password_fits(first, "mingtian-hecha")
    assert not password_fits(first, "mingtian-heche")
    assert not needs_rehash(first)


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$v=19$broken"])
def test_nobody_and_a_broken_hash_never_fit(stored: str | None) -> None:
    assert not password_fits(stored, "nobody has this password")


def test_a_cheap_hash_is_renewed(password_hash: str) -> None:
    assert needs_rehash(password_hash)


def test_the_beginning_of_a_long_password_does_not_fit() -> None:
    stored = hash_password("长" * passwords.LONGEST)
    assert password_fits(stored, "长" * passwords.LONGEST)
    assert not password_fits(stored, "长" * (passwords.LONGEST + 1))


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaa", "x" * 201, "wangfang-2026", "WANGFANG-2026"])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidInput):
        check_password_rules(password, "wangfang")


def test_a_sentence_is_a_password() -> None:
    check_password_rules("今天也要好好喝一杯茶", "wangfang")


def test_at_most_two_at_a_time(monkeypatch: pytest.MonkeyPatch, password_hash: str) -> None:
    running, most, lock, full = 0, 0, threading.Lock(), threading.Event()

    class Slow:
        def verify(self, _stored: str, _password: str) -> bool:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
                if running == 2:
                    full.set()
            full.wait(5)
            with lock:
                running -= 1
            return True

    monkeypatch.setattr(passwords, "_hasher", Slow())
    threads = [threading.Thread(target=password_fits, args=(password_hash, "x")) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2
