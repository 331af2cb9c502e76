"""接收地址: which may be used. A server that posts where it is told can be made to attack its own house (SSRF)."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from fanops.errors import InvalidInput

KINDS = {"webhook": "网络钩子（签名 JSON）", "wecom": "企业微信群机器人"}
_LONGEST = 1_000
_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Address:
    """A checked address, in the parts a connection needs; ``target`` is path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def host_header(self) -> str:
        """Host as HTTP names it: with the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"


class Refused(Exception):
    """An address that must not be connected to; the message is the Chinese reason."""


def read_address(kind: str, text: str) -> Address:
    """Read an address and refuse what can't be one.

    Args:
        kind: A key of KINDS.
        text: As given by a person.

    Raises:
        InvalidInput: Not http(s), no host, a password in it, or a robot's address without its key.
    """
    if kind not in KINDS:
        raise InvalidInput("没有这种接收方式。", f"可用：{'、'.join(KINDS.values())}。")
    text = text.strip()
    if not text or len(text) > _LONGEST or _UNSAFE.search(text) or not text.isascii():
        raise InvalidInput("这不是一个网址。", "请粘贴完整的网址，以 https:// 开头，不含空格和中文。")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidInput("这个网址读不懂。", "请检查端口和括号。") from error
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise InvalidInput("网址要以 http:// 或 https:// 开头，并写明主机。", "例如 https://example.com/hook。")
    if parts.username or parts.password:
        raise InvalidInput("网址里不能带用户名和密码。", "对方用签名来核实，不需要密码。")
    if kind == "wecom" and not parse_qs(parts.query).get("key"):
        raise InvalidInput("这不是群机器人的地址：没有 key。", "在企业微信群里点机器人，复制它的 Webhook 地址。")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), target)


def mask_address(address: Address) -> str:
    """Give the form that may be shown: host, and the last two characters; what lies between may be a password."""
    tail = address.target[-2:] if len(address.target) > 8 else ""
    return f"{address.scheme}://{address.host_header}/…{tail}"[:120]


def is_public(ip: str) -> bool:
    """Say whether an IP address lies in the open internet: no private, loopback, link-local, reserved or shared one."""
    address = ipaddress.ip_address(ip.partition("%")[0])
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if inner is not None:
        return is_public(str(inner))
    if address.version == 6 and address in ipaddress.ip_network("64:ff9b::/96"):  # NAT64 carries an IPv4 address
        return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
    return address.is_global and not address.is_multicast


def resolve(address: Address, *, allow_private: bool) -> str:
    """Give the one IP address to connect to; the name is not asked again, so that it can't answer otherwise.

    Raises:
        Refused: The name is unknown, or any of its addresses is inside the house.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Refused("找不到这个主机") from error
    ips = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(is_public(ip) for ip in ips):
        raise Refused("这是内网地址，不允许发送")
    return ips[0]
