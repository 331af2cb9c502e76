"""The plain sentence (说法本身): what is left of a clause without fillers, laughter and connectives around its point."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from fanops.text.word_lists import fillers

_LONGEST = 60  # characters: what surrounds the point of a long text weighs nothing in it
# [流泪], hhhh, 2333, emmm, 哈哈哈
_LAUGHTER = re.compile(
    r"\[[^\[\]\s]{1,6}\]|(?<![a-z])(?:h{2,}|e+m{2,}|x?swl|yyds|w{3,}(?!\.))(?![a-z])|23{3,}|哈{2,}|嘻{2,}|呜{2,}", re.I
)
_COUNTED = "里边么个样款种条件家本套部双台杯份碗瓶支盒袋盘道只间辆张位些次天"  # 那杯奶茶: the two belong together
# Adverbs and particles at the edges; what would cut a word in two (就|餐, 还|款, 都|市) stays.
_EDGES = re.compile(
    r"^(?:[\W_]|但是|但|不过(?!期)|而且|并且|就是|可惜|还有|另外|然后|所以|因为|虽然|总的来说|总体来说|总体上?|总之|整体来说|整体上?|反正|倒是"
    r"|(?:我|个人|自己)?(?:感觉|觉得|认为)|真的|真心|其实|这次|每次|一如既往的?|他家|她家|你们|他们|这家店?|店里|店家的?|个人(?!态|卫)|人觉得|不仅"
    r"|确实(?=[一-鿿]{3})|我(?!们)|的|也(?!许)|都(?!市|江)|了(?!解)|又|还(?!款|原|价|是|没|会|行|好|可以|不错|算|凑)|就(?!餐|业|诊|近)|是(?!非)"
    rf"|[那这](?![{_COUNTED}]))+"
    r"|(?:[\W_]|(?:(?<=不错)|(?<![洒撒凉坏漏丢碎扔糊错忘烂])(?<!都[一-鿿]))了|啊|呀|哦|呢|吧|的|哈|啦|嘛|噢|哒|滴)+$"
)
# 服务也很好, 服务真的很好 and 服务很好 say the same.
_FILLER = re.compile(
    r"(?<=[一-鿿])(?<![再没])(?:(?:也|倒|都|还|就|确实|真的|真心|实在|一直)+(?:是|算)?(?=很|挺|不|非常|太|蛮|比较|超|特别|相当|有点|有些|没)|也(?!许)(?=[一-鿿]{2}))"
)


@lru_cache(maxsize=1)
def _openers() -> re.Pattern[str]:
    """Match fillers at the beginning that a mark follows: 老板，… is a filler, 老板人很好 is not."""
    words = sorted(fillers(), key=lambda word: (-len(word), word))
    return re.compile(rf"^(?:[\W_]*(?:{'|'.join(map(re.escape, words))})(?=[\W_]))+[\W_]*")


@lru_cache(maxsize=65_536)
def plain(clause: str) -> str:
    """Give what a clause says, without what surrounds its point.

    Fillers before a mark (说实话，…), written laughter and emoji codes, leading connectives, closing particles and adverbs before
    a degree go; empty where nothing else was said. A text too long to be a clause stays as it is.
    """
    if len(clause) > _LONGEST:
        return clause
    before, clause = None, _LAUGHTER.sub("", clause)
    while before != clause:
        before, clause = clause, _EDGES.sub("", _openers().sub("", clause))
    return _FILLER.sub("", clause)


def gist(text: str) -> str:
    """Give the form in which texts that say the same are one: width, case, edges and fillers folded away."""
    folded = unicodedata.normalize("NFKC", text).strip().strip("，。！？!?,.~～ ").lower()
    return plain(folded) or folded
