"""The vault: identifiers are stored sealed (AES-GCM), found by a keyed hash, shown masked.

The key file is made at the first start, readable by its owner only, and lies outside the data folder, so neither the
database nor a backup of it can be read alone.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import phonenumbers
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fanops.errors import InvalidInput, NotReady
from fanops.settings import settings

_KEY_BYTES = 32
_LETTERS, _BESIDE_NUMBER = re.compile("[A-Za-z]"), re.compile(r"^\s*tel[:.\s]*|\s*(?:ext|x)[.:\s]*\d{1,6}\s*$", re.I)
_CHINA = 86  # country code
_NONCE_BYTES = 12
_MAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}")


class Vault:
    """Seals, opens and hashes with the installation's keys."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 2 * _KEY_BYTES:
            raise NotReady("密钥文件已损坏。", "请从密钥的备份中恢复它；没有它，已加密的内容无法读出。")
        self._cipher = AESGCM(key[:_KEY_BYTES])
        self._hash_key = key[_KEY_BYTES:]

    def seal(self, text: str) -> bytes:
        """Encrypt ``text``; the same text gives another cipher text each time."""
        return self.seal_bytes(text.encode())

    def seal_bytes(self, content: bytes) -> bytes:
        """Encrypt ``content``, for example a file on its way to the worker."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, None)

    def unseal(self, sealed: bytes) -> str:
        """Decrypt what ``seal`` gave.

        Raises:
            NotReady: Sealed with another key.
        """
        return self.unseal_bytes(sealed).decode()

    def unseal_bytes(self, sealed: bytes) -> bytes:
        """Decrypt what ``seal_bytes`` gave.

        Raises:
            NotReady: Sealed with another key.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except InvalidTag as error:
            raise NotReady("这条内容是用另一把密钥加密的。", "请换回当时的密钥文件（FANOPS_KEY_FILE）。") from error

    def seal_file(self, content: bytes, name: str) -> bytes:
        """Encrypt a file's content, bound to the name it is kept under: put under another name, it does not open."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, name.encode())

    def unseal_file(self, sealed: bytes, name: str) -> bytes:
        """Decrypt what ``seal_file`` gave.

        Raises:
            NotReady: Sealed with another key, changed, or kept under another name.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except InvalidTag as error:
            raise NotReady(
                "这个附件读不出来：文件被改动过，或是用另一把密钥加密的。",
                "请换回当时的密钥文件（FANOPS_KEY_FILE），或从备份恢复数据文件夹里的 files。",
            ) from error

    def lookup_hash(self, kind: str, value: str) -> str:
        """Give the keyed hash by which an identifier is found (64 hex digits)."""
        return hmac.new(self._hash_key, f"{kind}\x1f{value}".encode(), hashlib.sha256).hexdigest()


def read_or_make_key(path: Path) -> bytes:
    """Read the key file, or make it (mode 0600) when there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Written whole under another name, then linked: nobody ever reads half a key, and the first one counts.
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(2 * _KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(unfinished, path)
    finally:
        unfinished.unlink()
    return path.read_bytes()


@lru_cache(maxsize=4)
def _vault_at(path: Path) -> Vault:
    return Vault(read_or_make_key(path))


def vault() -> Vault:
    """Give the vault with this installation's keys."""
    return _vault_at(settings().secret_file)


def normalise_identifier(kind: str, value: str) -> str:
    """Bring an identifier to the one form it is stored and found by.

    Args:
        kind: ``phone``, ``openid``, ``wecom``, ``member``, ``card`` or ``mail``.
        value: As given by a person or a file.

    Returns:
        A phone as E.164 (Chinese numbers need no prefix); others stripped, member numbers in upper case, mail addresses
        in lower case.

    Raises:
        InvalidInput: Empty, or not a possible phone number or mail address.
    """
    value = value.strip()
    if not value:
        raise InvalidInput("没有填写号码。")
    if kind == "mail":
        mail = unicodedata.normalize("NFKC", value).lower()
        if not _MAIL.fullmatch(mail) or ".." in mail:
            raise InvalidInput("这不是一个邮箱地址。", "例如 name@example.com。")
        return mail
    if kind != "phone":
        return value.upper() if kind in {"member", "card"} else value
    digits = re.sub(r"\.0$", "", value)
    # The library reads letters as the keys of a telephone (abc is 222): a slip of the finger would be somebody else's number.
    if _LETTERS.search(_BESIDE_NUMBER.sub("", unicodedata.normalize("NFKC", digits))):
        raise InvalidInput("手机号里有字母。", "请填写 11 位手机号，例如 138 开头。")
    try:
        number = phonenumbers.parse(digits, "CN")
    except phonenumbers.NumberParseException as error:
        raise InvalidInput("这不是一个手机号。", "请填写 11 位手机号，例如 138 开头。") from error
    if not phonenumbers.is_possible_number(number) or (number.country_code == _CHINA and not _is_chinese(number)):
        raise InvalidInput("这个手机号的位数不对。", "请填写 11 位手机号。")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _is_chinese(number: phonenumbers.PhoneNumber) -> bool:
    """Tell what "possible" alone can't: 12345 is a hotline, and a mobile number with a digit too few or too many is a slip."""
    national = str(number.national_number)
    if national.startswith("1"):
        return len(national) == 11 or (national.startswith("10") and len(national) == 10)  # the latter: 010, Beijing
    return len(national) >= 10


def mask_identifier(kind: str, value: str) -> str:
    """Give the form of a normalised identifier that may be shown: 138****5678, M1…42, w***@example.com."""
    if kind == "mail":
        name, _, host = value.partition("@")
        return f"{name[:1]}***@{host}"
    if kind == "phone":
        national = value.removeprefix("+86")
        return f"{national[:3]}****{national[-4:]}" if len(national) >= 8 else "****"
    return f"{value[:2]}…{value[-2:]}" if len(value) > 5 else "…" + value[-1:]


def mask_name(name: str) -> str:
    """Give the form of a person's name that may be shown: 王**."""
    name = name.strip()
    return name[:1] + "*" * min(2, max(1, len(name) - 1)) if name else ""
