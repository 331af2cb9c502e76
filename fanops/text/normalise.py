"""One written form for look-ups: width, case, traditional characters, drawn-out letters. Never stored, never shown."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from fanops.text.word_lists import simplified_characters

_CLEAN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\ufe0f\ufeff\ud800-\udfff]")
_DRAWN_OUT = re.compile(r"([^\W\d])\1{2,}|([^\w\s])\2+")


@lru_cache(maxsize=1)
def _simplified_table() -> dict[int, str]:
    return str.maketrans(simplified_characters())


def simplified(text: str) -> str:
    """Write traditional characters (繁体) as simplified ones; the length stays."""
    return text.translate(_simplified_table())


def normalise(text: str) -> str:
    """Give the form under which a text is looked up (归一化).

    Width and case are folded, traditional characters simplified, letters drawn out three times or more squeezed to two
    (好好好好吃 → 好好吃), repeated marks to one, control characters and lone surrogates dropped. Digits are kept as they are.
    """
    folded = unicodedata.normalize("NFKC", _CLEAN.sub("", text)).lower()
    return _DRAWN_OUT.sub(lambda match: match[1] * 2 if match[1] else match[2], simplified(folded)).strip()
