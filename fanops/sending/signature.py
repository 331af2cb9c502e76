"""签名 after the Standard Webhooks convention: a receiver can tell that a message is ours, whole, new and not a repeat.

Source:
    https://www.standardwebhooks.com: headers ``webhook-id``, ``webhook-timestamp``, ``webhook-signature``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from fanops.errors import InvalidInput

_PREFIX, _VERSION = "whsec_", "v1,"
_SECRET_BYTES = 32
TOLERANCE_S = 300


def new_secret() -> str:
    """Make a signing secret: ``whsec_`` and 32 random bytes in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Give the value of ``webhook-signature``: HMAC-SHA256 over ``id.timestamp.body``, in base64.

    Raises:
        InvalidInput: Not a secret of ours.
    """
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError as error:
        raise InvalidInput("签名密钥不对。", f"它以 {_PREFIX} 开头。") from error
    signed = f"{message_id}.{timestamp}.".encode() + body
    return _VERSION + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Give the three headers of a message.

    Args:
        secret: Of the receiver.
        message_id: The same at every attempt, by which a receiver drops repeats.
        timestamp: Of this attempt, seconds since 1970.
        body: As sent.
    """
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, message_id, timestamp, body),
    }


def verify(secret: str, given: Mapping[str, str], body: bytes, at: int) -> bool:
    """Say whether a message is ours and at most five minutes old (for receivers that run fanops, and for the docs).

    Args:
        secret: Shared with the sender.
        given: Headers, names in lower case.
        body: As received, not parsed.
        at: The present, seconds since 1970.
    """
    timestamp = given.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(at - int(timestamp)) > TOLERANCE_S:
        return False
    wanted = sign(secret, given.get("webhook-id", ""), int(timestamp), body)
    signatures = given.get("webhook-signature", "").encode().split(b" ")
    return any(hmac.compare_digest(wanted.encode(), each) for each in signatures)
