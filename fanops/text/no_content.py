"""Answers that say nothing (没有, 挺好的, 都可以, 。。。, 哈哈): recognised, counted, set aside; never thrown away."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fanops.text.normalise import simplified
from fanops.text.word_lists import empty_answers

_LONGEST = 40  # letters of an answer that says nothing
_LOOKED_AT = 400  # characters; what is longer says something, unless it is all marks or one letter drawn out
_DRAWN_OUT = 12  # different letters at most in a long answer that says nothing: 哈哈哈…, [微笑][微笑]…
_CODE = re.compile(r"\[[^\[\]\s]{1,6}\]")  # [微笑]
_MARKS = re.compile(r"[\W_]+")
_SQUEEZE = re.compile(r"(.)\1{2,}")
_DIGITS = re.compile(r"\d{1,6}|[a-z]")
_CLOSING = r"(?:了|啊|呀|呢|哦|噢|吧|哈|的|哒|滴|啦|嘛|嘞|咧|诶|哎|呐)*"
_WHOLE = (
    r"(?:(?:我|个人|本人)?(?:觉得|感觉|认为)|(?:总体|整体|总)(?:的)?(?:来说|来讲|上)?|各方面|一切|什么|啥|哪里?|哪儿|其他|其它|别的|全部"
    r"|目前|暂时|现在|暂|你们)*"
)
# 目前没有什么建议, 各方面都没有不满意的地方: the whole, a nothing, and perhaps of what.
_NOTHING = re.compile(
    rf"{_WHOLE}(?:都|也|还)?(?:没有?|无|木有|没得|毫无)(?:什么|啥|任何|太多|特别|特殊|别|其他|其它)?的?"
    r"(?:意见|建议|想法|要求|需求|需要|补充|问题|毛病|缺点|不足|不满意?|不好|不良|感觉|要改进|需要改进|要说|想说|好说|可说|要提|话说|话可说)?"
    rf"(?:和|及)?(?:意见|建议)?的?(?:地方|之处)?{_CLOSING}"
)
# 整体真的挺不错的: the whole, a degree, a praise; whoever names a thing says something.
_PRAISE = re.compile(
    rf"{_WHOLE}(?:都|也|全|还)*(?:真的?|真心|很|挺|蛮|非常的?|太|超级?|特别的?|比较|相当|十分|还|算|就|最|基本|已经)*"
    r"(?:好(?:极|得很|的很)?|不错|满意|可以|行|棒|赞|ok|一般|完美|给力|凑合|喜欢|优秀|正常|过得去)(?:极)?" + _CLOSING
)
# What platforms write where nobody wrote, and marks alone: 此用户没有填写评价, 5分.
_DEFAULT = re.compile(
    r"(?:此|该)?(?:用户|买家)(?:没有|未)(?:填写|做出|及时做出|作出)?(?:评价|评论)(?:内容)?|系统默认(?:好评|评价)|默认好评|\d{1,3}[分星]|[一二三四五十]分"
)
# 没有很好 denies; a chain of 没有 and 很好 would not.
_DENIED = re.compile(r"没有?(?:很|太|非常|挺|多)?(?:好|满意|喜欢|支持|棒|不错|完美|优秀|可以|行)[了的]*")


def is_no_content(text: str) -> bool:
    """Say whether an answer says nothing (无内容).

    Marks, spaces and emoji do not count; a chain of empty answers (没有，都挺好的) is empty too. Anything that names a
    thing is not: 没有吸管, 味道挺好的; nor is a praise denied: 没有很好.
    """
    if len(text) > _LOOKED_AT and _MARKS.sub("", text[_LOOKED_AT:]):
        return False
    head = text[:_LOOKED_AT]
    if len(letters := _MARKS.sub("", head)) > _LONGEST and len(set(letters)) > _DRAWN_OUT:  # most leave here
        return False
    plain = simplified(unicodedata.normalize("NFKC", _CODE.sub(" ", head))).lower()
    parts = [_SQUEEZE.sub(r"\1\1", part) for part in _MARKS.split(plain) if part]
    return sum(map(len, parts)) <= _LONGEST and all(map(_is_empty, parts))


def no_content(texts: Iterable[str]) -> NDArray[np.bool_]:
    """Apply ``is_no_content`` to many answers; shape (n,)."""
    return np.fromiter((is_no_content(text) for text in texts), dtype=bool)


def _is_empty(part: str) -> bool:
    """Say whether a stretch between marks says nothing."""
    if not _letters().issuperset(part) or _DENIED.fullmatch(part):  # most of the others here
        return False
    return any(pattern.fullmatch(part) for pattern in (_NOTHING, _PRAISE, _DEFAULT)) or _is_chain(part)


@lru_cache(maxsize=1)
def _longest_known() -> int:
    return max(map(len, empty_answers()))


@lru_cache(maxsize=1)
def _letters() -> frozenset[str]:
    """Give every letter that an answer without content may have."""
    patterns = "".join(pattern.pattern for pattern in (_NOTHING, _PRAISE, _DEFAULT))
    return frozenset("".join(empty_answers()) + patterns + string.ascii_lowercase + string.digits)


def _is_chain(bare: str) -> bool:
    if _DIGITS.fullmatch(bare):
        return True
    known = empty_answers()
    reachable = [True] + [False] * len(bare)
    for end in range(1, len(bare) + 1):
        reachable[end] = any(
            reachable[start] and bare[start:end] in known for start in range(max(0, end - _longest_known()), end)
        )
    return reachable[-1]
