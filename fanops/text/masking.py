"""Identifiers in what people say are masked at the door: phones, identity and bank cards, mail, announced chat ids."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_SEP = r"[\s\-–—_.·*]{0,2}"
_WIDE = "０１２３４５６７８９"
_HAN = "零〇一二三四五六七八九幺"
_D = f"[0-9{_WIDE}]"
_H = f"[{_HAN}]"


def _digits(count: str) -> str:
    return rf"(?:{_D}{_SEP}){{{count}}}"


@dataclass(frozen=True)
class MaskedText:
    """A text without identifiers.

    Attributes:
        text: The text; each identifier became a word in 【】 that says what stood there.
        kinds: Kinds masked, in order: phone, landline, identity_card, bank_card, mail, chat.
    """

    text: str
    kinds: tuple[str, ...] = ()


# Most specific first: an identity card holds what looks like a phone.
_RULES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("mail", "邮箱", re.compile(r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{2,20}){1,3}")),
    ("identity_card", "身份证号", re.compile(
        rf"(?<!{_D})[1-8１-８]{_D}{{5}}(?:19|20|１９|２０){_D}{{2}}(?:0[1-9]|1[0-2]|[０１]{_D})(?:[0-3０-３]{_D}){_D}{{3}}[0-9Xx{_WIDE}](?!{_D})")),
    ("phone", "手机号", re.compile(
        rf"(?<![0-9{_WIDE}])(?:(?:\+|00)?{_SEP}(?:86|８６){_SEP})?[1１]{_SEP}[3-9３-９]{_SEP}{_digits('8')}{_D}(?![0-9{_WIDE}])")),
    ("phone", "手机号", re.compile(rf"(?<!{_H})[一幺]{_SEP}[三四五六七八九]{_SEP}(?:{_H}{_SEP}){{8}}{_H}(?!{_H})")),
    ("bank_card", "银行卡号", re.compile(rf"(?<!{_D})(?:[3-6３-６]{_D}{{3}}[ -]?)(?:{_D}{{4}}[ -]?){{2,3}}{_D}{{3,7}}(?!{_D})")),
    ("landline", "电话", re.compile(r"(?<!\d)0(?:10|2\d|[3-9]\d{2})[-\s)）]{0,2}[2-8]\d{6,7}(?!\d)|(?<!\d)[48]00[-\s]?\d{3}[-\s]?\d{4}(?!\d)")),
    ("chat", "账号", re.compile(
        r"((?:微信号?|薇信|威信|vx|v信|wx|weixin|wechat|qq号?|企鹅号?|QQ群?|微博|抖音号?)\s*(?:号)?\s*(?:是|为|[:：=])?\s*)"
        r"([A-Za-z0-9][A-Za-z0-9_-]{4,19})", re.I)),
)  # fmt: skip


def mask_identifiers(text: str) -> MaskedText:
    """Mask identifiers in a text; prices, dates, measures and order amounts stay."""
    kinds: list[str] = []
    for kind, word, pattern in _RULES:
        text = pattern.sub(_replacing(kind, word, kinds), text)
    return MaskedText(text, tuple(kinds))


def _replacing(kind: str, word: str, kinds: list[str]) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        kinds.append(kind)
        return f"{match[1]}【{word}】" if kind == "chat" else f"【{word}】"

    return replace
