"""Fan identity (粉丝身份): identifiers brought to one form, and rows that share one gathered to one person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fanops.access.vault import normalise_identifier
from fanops.errors import InvalidInput

# Strongest first: where a row's identifiers lead to different fans, the first that is known decides.
KINDS = ("member", "phone", "openid", "wecom", "card", "mail")
KIND_LABELS = {
    "member": "会员号", "phone": "手机号", "openid": "微信 openid", "wecom": "企业微信", "card": "储值卡号", "mail": "邮箱",
}  # fmt: skip
_LONGEST = 60
_PLAIN_MOBILE = re.compile(r"1[3-9]\d{9}")
_SPACES = re.compile(r"[\s\-]+")


def tidy_identifier(kind: str, value: str) -> str:
    """Bring an identifier to the form it is found by, faster than ``normalise_identifier`` for plain mobile numbers.

    Raises:
        InvalidInput: Not a possible phone number, or longer than an identifier can be.
    """
    if kind == "phone":
        bare = _SPACES.sub("", value)
        if _PLAIN_MOBILE.fullmatch(bare):
            return f"+86{bare}"
    tidy = normalise_identifier(kind, value)
    if len(tidy) > _LONGEST:
        raise InvalidInput(f"{KIND_LABELS.get(kind, '号码')}太长。", f"最多 {_LONGEST} 个字符。")
    return tidy


def tidy_column(kind: str, values: Sequence[str]) -> tuple[list[str], dict[int, str]]:
    """Bring a column of identifiers to one form.

    Args:
        kind: One of ``KINDS``.
        values: As given, "" where there is none.

    Returns:
        The tidy values, "" where there is none or it can't be used, and for those that can't the reason by place.
    """
    known: dict[str, tuple[str, str]] = {"": ("", "")}
    tidy, wrong = [], {}
    for place, value in enumerate(values):
        if value not in known:
            try:
                known[value] = (tidy_identifier(kind, value), "")
            except InvalidInput as refusal:
                known[value] = ("", refusal.message)
        good, why = known[value]
        tidy.append(good)
        if why:
            wrong[place] = why
    return tidy, wrong


def gather_people(rows: Iterable[Mapping[str, str]]) -> NDArray[np.int64]:
    """Gather rows that share an identifier, also through a third row, to one person.

    Args:
        rows: Tidy identifiers by kind; "" or missing where there is none.

    Returns:
        Number of the person per row, shape (n,), counted from 0 in order of appearance; −1 for a row without any
        identifier.
    """
    parent: list[int] = []
    seen: dict[tuple[str, str], int] = {}

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    bare: list[bool] = []
    for place, row in enumerate(rows):
        parent.append(place)
        given = [(kind, row.get(kind, "")) for kind in KINDS if row.get(kind, "")]
        bare.append(not given)
        for identifier in given:
            other = seen.setdefault(identifier, place)
            low, high = sorted((root(other), root(place)))
            parent[high] = low
    numbers: dict[int, int] = {}
    people = np.full(len(parent), -1, dtype=np.int64)
    for place in range(len(parent)):
        if not bare[place]:
            people[place] = numbers.setdefault(root(place), len(numbers))
    return people
