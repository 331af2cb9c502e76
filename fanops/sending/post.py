"""Post to an address: checked, within a time, no redirect followed, little read."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Mapping

from fanops.sending.addresses import Address, Refused, resolve
from fanops.sending.outcome import Outcome

TIMEOUT_S = 10.0
_MOST_READ = 16_384
_MOST_WAIT_S = 3_600.0
_TOO_FAST = 45_009  # WeCom: more than 20 messages a minute
_NO_ROBOT = frozenset({93_000, 40_001, 40_014})  # WeCom: no such robot, or its key is not one any more


class _Connection(http.client.HTTPConnection):
    """A connection to an IP address that was checked, under the name of its host."""

    def __init__(self, address: Address, ip: str, timeout: float) -> None:
        super().__init__(address.host, address.port, timeout=timeout)
        self._ip, self._is_tls = ip, address.scheme == "https"

    def connect(self) -> None:
        self.sock = socket.create_connection((self._ip, self.port), self.timeout)
        if self._is_tls:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def post_json(
    address: Address, body: bytes, headers: Mapping[str, str], *, allow_private: bool, timeout_s: float = TIMEOUT_S
) -> tuple[Outcome, bytes]:
    """Post a JSON body.

    Args:
        address: Where to.
        body: The bytes.
        headers: Beside content type and user agent.
        allow_private: Whether addresses inside the house are allowed.
        timeout_s: For connecting, and for each step of the answer; twice that in all.

    Returns:
        What came of it, and the first 16 kB of the answer.
    """
    started = time.monotonic()

    def took() -> int:
        return round(1_000 * (time.monotonic() - started))

    connection = None
    try:
        connection = _Connection(address, resolve(address, allow_private=allow_private), timeout_s)
        connection.request("POST", address.target, body, {
            "Host": address.host_header, "Content-Type": "application/json; charset=utf-8", "User-Agent": "fanops",
            "Connection": "close", **headers,
        })  # fmt: skip
        answer = connection.getresponse()
        text = _read(answer, started + 2 * timeout_s)
    except Refused as refusal:
        return Outcome(False, str(refusal), ms=took()), b""
    except TimeoutError:
        return Outcome(False, "对方太久没有回答", ms=took(), is_down=True), b""
    except ssl.SSLError:
        return Outcome(False, "对方的证书不可信", ms=took(), is_down=True), b""
    except (OSError, http.client.HTTPException):
        return Outcome(False, "连不上对方，或连接中断", ms=took(), is_down=True), b""
    finally:
        if connection is not None:
            connection.close()
    return _judge(answer.status, answer.getheader("Retry-After", ""), took()), text


def _read(answer: http.client.HTTPResponse, until: float) -> bytes:
    read = b""
    while len(read) < _MOST_READ and (chunk := answer.read1(_MOST_READ - len(read))):
        read += chunk
        if time.monotonic() > until:
            raise TimeoutError
    return read


def _judge(status: int, retry_after: str, ms: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(True, status=status, ms=ms)
    if 300 <= status < 400:
        return Outcome(False, "对方要转到别处，不跟随", status, ms)
    if status == 410:
        return Outcome(False, "对方说这个地址不再接收", status, ms, is_final=True)
    wait = min(float(retry_after), _MOST_WAIT_S) if retry_after.isdecimal() else None
    slow = status == 429
    return Outcome(False, "对方要求慢一点" if slow else f"对方回答 {status}", status, ms,
                   is_down=slow or status >= 500, wait_s=wait)  # fmt: skip


def judge_robot(outcome: Outcome, answer: bytes) -> Outcome:
    """Judge what a WeCom robot answered: it says 200 also when it refuses, and why in ``errcode``."""
    if not outcome.sent:
        return outcome
    try:
        code = json.loads(answer)["errcode"]
    except (ValueError, KeyError, TypeError):
        return Outcome(False, "对方的回答不是群机器人的", outcome.status, outcome.ms)
    if code == 0:
        return outcome
    if code == _TOO_FAST:
        return Outcome(False, "群机器人发得太快（45009）", outcome.status, outcome.ms, is_down=True)
    if code in _NO_ROBOT:
        return Outcome(False, f"群机器人不存在或已停用（{code}）", outcome.status, outcome.ms, is_final=True)
    why = f"群机器人拒绝（{code}）" if isinstance(code, int) else "群机器人拒绝"
    return Outcome(False, why, outcome.status, outcome.ms)
