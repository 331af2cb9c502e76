"""The vault's key: made once, whole, for its owner only."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from fanops.access.vault import Vault, mask_identifier, normalise_identifier, read_or_make_key
from fanops.errors import InvalidInput, NotReady


def test_many_at_once_get_one_whole_key(tmp_path: Path) -> None:
    path, keys, ready = tmp_path / "keys" / "k", [], threading.Barrier(8)

    def read() -> None:
        ready.wait()
        keys.append(read_or_make_key(path))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert {len(key) for key in keys} == {64}
    assert len(set(keys)) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [child.name for child in path.parent.iterdir()] == ["k"]


def test_sealed_is_opened_only_with_its_key() -> None:
    mine, other = Vault(b"a" * 64), Vault(b"b" * 64)
    sealed = mine.seal("13800138000")
    assert b"13800138000" not in sealed
    assert mine.unseal(sealed) == "13800138000"
    assert mine.seal("13800138000") != sealed
    with pytest.raises(NotReady):
        other.unseal(sealed)
    assert mine.lookup_hash("phone", "1") != other.lookup_hash("phone", "1")
    with pytest.raises(NotReady):
        Vault(b"")


def test_a_phone_has_one_form() -> None:
    forms = {normalise_identifier("phone", value) for value in ("13800138000", "+86 138-0013-8000", " 13800138000.0 ")}
    assert forms == {"+8613800138000"}
    assert mask_identifier("phone", "+8613800138000") == "138****8000"
    for landline in ("010-62345678", "021-62345678", "0571-12345678", "+852 9123 4567"):
        assert normalise_identifier("phone", landline).startswith("+")
    # A digit too few or too many is a slip of the thumb: it would make a fan whom nobody finds again.
    for wrong in ("", "12", "12345", "hello", "1380013800", "1380013800a", "138001380001"):
        with pytest.raises(InvalidInput):
            normalise_identifier("phone", wrong)


def test_letters_are_no_digits() -> None:
    assert normalise_identifier("phone", "Tel: 138 0013 8000 ext 12") == "+8613800138000"
    for slip in ("13800000abc", "1380013800O", "138００13800l", "l3800138000"):
        with pytest.raises(InvalidInput, match="字母"):
            normalise_identifier("phone", slip)


def test_a_mail_address_has_one_form() -> None:
    assert {normalise_identifier("mail", v) for v in (" Wang@Example.COM ", "wang@example.com")} == {"wang@example.com"}
    assert (
        normalise_identifier("mail", "ｗａｎｇ＠ｑｑ．ｃｏｍ") == "wang@qq.com"
    )  # full width, as typed with a Chinese keyboard
    assert mask_identifier("mail", "wang@example.com") == "w***@example.com"
    for wrong in ("", "wang", "wang@", "@example.com", "a b@example.com", "wang@example", "w@a..com", "王@example.com",
                  "a@b.com\nBcc: c@d.com", "a@b.com,c@d.com"):  # fmt: skip
        with pytest.raises(InvalidInput):
            normalise_identifier("mail", wrong)
