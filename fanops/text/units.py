"""Units: the smallest stretches of a voice that say one thing, with offsets that rejoin to the voice exactly.

Two passes over the whole text by compiled patterns, no loop over characters: first every place where a clause may end,
then short or dependent pieces are given back to a neighbour so that nothing meaningless stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fanops.text.normalise import simplified
from fanops.text.word_lists import simplified_characters

LONGEST = 400  # a stretch without any mark is cut here at the latest


@dataclass(frozen=True, slots=True)
class Unit:
    """语义单元: characters ``start`` to ``end`` (exclusive) of its voice."""

    start: int
    end: int


# A number's own marks (3.5, 12:30, 1,000, 20～30), addresses, mail and the first number of an announced list (缺点：1.远)
# are never a border. Runs are bounded and begin only where a run begins, so that a cell of 100,000 digits costs no more
# than one of letters.
_KEPT = (
    r"https?://[^\s一-鿿，。！？；、]{1,400}|(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}\.[A-Za-z0-9.]{2,60}"
    r"|(?<!\d)\d{1,18}(?:[.,:：/~～-]\d{1,18}){1,6}|(?<=[:：])\d{1,2}[.、)）](?!\d)"
)
_STOP = r"[。！？!?；;…\n\r\u2028\u2029]+"
_COMMA = r"[，,]+"
_TILDE = r"(?<!\d[日号月点分块元楼层天年岁度%])(?<!\d分钟)(?<!\d小时)[~～]+|[~～]+(?!\d)"  # not within 4日～7日
_DOT = r"(?<!\.)\.+(?=\s|$|[一-鿿])"
_PICTURES = r"\U0001F000-\U0001FAFF☀-➿⌚-⏿⬀-⯿"
_EMOJI = rf"(?:[{_PICTURES}][\uFE0F\u200D\U0001F3FB-\U0001F3FF]*)+"
_SPACE = r"(?<=[一-鿿])[ \t\u3000]+(?=[一-鿿])"
# Heads of a list open the unit they count. A digit in the middle of a line is one only if its predecessor stands before:
# the size 28 is none. A title is one only where the voice begins with one: 推荐【某店】的奶茶.
_HEAD = (
    r"(?<=[一-鿿])(?:[①-⑳]|\d\uFE0F?\u20E3)(?=[一-鿿])"
    r"|(?:(?<=[\s。；;，,！!？?…~～)）])|(?<=[一-鿿]\.))(?:[12]?\d[.、)）]|[①-⑳]|[一二三四五六七八九十][、.])(?!\d)"
)
_TITLED = r"【[^【】\n]{1,12}】"
_COUNTED = r"(?<=[一-鿿])(?<![第周])(?:\d{1,2}[.．、)）]|[（(]\d{1,2}[)）])(?=[一-鿿A-Za-z])"
# Connectives that open a clause of their own even where no mark was typed; what stands before or behind tells 不但 from
# 但, 忙不过来 from 不过, 我希望 from 希望, 粥就是水做的 from 就是有点贵. 可是, 却 and 就是 often follow their subject (这可是正品,
# 味道却一般, 缺点就是贵): they open a clause only after a finished judgement.
_JUDGED = (
    "不错|很好|挺好|真好|太久|很久|很快|太慢|很慢|好吃|好喝|好看|太贵|很贵|太差|很差|干净|便宜|热情|很棒|太棒|周到|实惠"
    "|很大|太小|很高|舒服|舒适|方便"
)
_TURN = (
    r"(?<=[一-鿿A-Za-z0-9%）)】》”])(?:(?=但是|美中不足)(?<![不非])|(?=然而)(?<![不非淡自忽突必当悄])|(?<![不非])(?=但(?!凡|求|愿|是))"
    r"|(?<![只再超抵绕跳逃躲])(?=不过(?!\d|瘾|如此|时|期|关|分|敏|来|去|了))"
    r"|(?=可是)(?<=[了错意好贵差多快慢高低久吃喝宜足够行般净棒到])|(?=奈何(?!桥|不))(?<![无可])"
    rf"|(?=却)(?<={_JUDGED}|满意)"
    r"|(?=就是(?=有点|有些|太|稍|略|量|价|等|送|贵|不太|不够|没有|少了|偏|味道|服务|速度|排队|停车))"
    r"(?:(?<=可以|不错|还行|也行|可行|方便|得来|坏的|满意|喜欢|开心|好吃|好喝|好看|汁多|量大)|(?<=[好净宜快甜香脆鲜棒赞亮晰适足])(?<!不好)(?<!最好)(?<!不足))"
    r"|(?=而且|并且|此外|总之|因此)|(?<![不没别要得需须用])(?=另外(?!一|的|两|那|这|[加收付买花算交配]))|(?<![之])(?=所以(?!然))|(?<![查验试的])(?=结果(?!是|出))"
    r"|(?<!希望)(?<!建议)(?<!期待)(?<!等)(?=下次)"
    r"|(?<=[一-鿿])(?:(?<![很太真点常么挺])(?=可惜)|(?<![不也这那我他都还就并])(?=只是(?!因))"
    r"|(?<![我你他们很也没有真只还都更别人家的客非常])(?=希望(?=[一-鿿]{2}))"
    r"|(?<![我你他们很也没有真只还都更别人家的客个点条提])(?=建议(?=[一-鿿]{2}))"
    r"|(?<![的个有一大么是没])(?=[缺优]点(?:是|就是|在|：|:))))"
)
# Run-ons: a finished judgement directly followed by another thing that is judged (环境很好服务周到, 味道好服务好).
_THINGS = (
    "味道|服务|态度|环境|价格|排队|送餐|包装|份量|分量|速度|店员|老板|阿姨|服务员|性价比|卫生|口感|上菜|外观|内饰|动力|油耗|空间|底盘|隔音|房间|早餐|前台|位置|物业|质量"
    "|颜色|物流|快递|客服|配送|菜品|停车|交通|装修|户型|绿化|保湿|质地"
)
_PAIRS = "|".join(word for word in _THINGS.split("|") if len(word) == 2)
_RUN_ON = (
    rf"(?=(?:{_THINGS})(?!的)[一-鿿])(?:(?<={_JUDGED})(?<!干净(?=卫生))(?=..[一-鿿]{{2}})|(?<=干净卫生)"
    rf"|(?<=(?:{_PAIRS})[好差足高低快慢大小棒贵强难])|(?<=性价比[高低好差]))"
)
# One look at the first character spares nine tries at most positions.
_FIRST = re.escape(
    "。！？!?；;…\n\r\u2028\u2029，,~～ \t\u3000_.+-（(【①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳一二三四五六七八九十"
    "但然美不可奈却只就而并此总因另所结下希建缺优"
) + "".join(sorted({word[0] for word in _THINGS.split("|")}))
_PIECE = re.compile(
    rf"(?=[{_FIRST}\dA-Za-z{_PICTURES}])"
    rf"(?:(?P<kept>{_KEPT})|(?P<mark>{_STOP}|{_COMMA}|{_DOT}|{_TILDE})|(?P<head>{_HEAD})|(?P<counted>{_COUNTED})|(?P<titled>{_TITLED})"
    rf"|(?P<emoji>{_EMOJI})|(?P<space>{_SPACE})|(?P<turn>{_TURN}|{_RUN_ON}))"
)
_OPENING = frozenset(("head", "counted", "titled", "turn"))
_DOUBTFUL = frozenset(("counted", "titled", "turn"))
# 👍味道好👎服务差: an emoji that opens the voice is a bullet, unless the last one ends it.
_BULLETED = re.compile(rf"\s*(?:[{_PICTURES}][{_PICTURES}\uFE0F\u200D]*(?=\w)|【)")
_ENDS_WITH_EMOJI = re.compile(rf"[{_PICTURES}]\W*$")
_CLOSING = re.compile(r"[\s”’」』）)】》\]\"'，,。！？!?；;…~～、.]*")
_WORTH = re.compile(r"[^\W_][\W_]*[^\W_]")
# One letter that says something by itself (味道不错，贵), and the bare thing or mere space after which it does not: 价格，贵;
# 味道 差.
_LETTERS = "贵差慢远脏咸淡甜腻吵挤硬辣油酸苦臭坑烂小旧"
_COMPLAINT = re.compile(rf"[\W_]*([{_LETTERS}])(?:[\W_]+|\Z)")
_MARKS = re.compile(r"[\W_]+")
_NAMED = re.compile(rf"(?:^|[\W_])(?:{_THINGS})[\W_]*$|\w\s*$")
_FINAL = re.compile(r"[。！？!?；;\n]\W*$")

# Pieces that only prepare what follows (总体来说，…) or only echo it: they belong with a neighbour.
_LEADS = re.compile(
    r"^\W*(?:\d{1,2}[.、)）])?\W*(?:(?:虽然|虽说|虽|尽管|除了|如果|要是|假如|因为|由于|既然|当|关于|对于|至于|作为)[^，,。！？!?；;]{0,14}"
    r"|(?:总体|整体|总的|总得|个人|我觉得|感觉|说实话|老实说|其实|首先|其次|最后|第[一二三四]|讲真|说真的|另外|还有|此外|同时)"
    r"(?:来说|来讲|而言|说来|上|的话|感觉|觉得|呢|啊|吧|点)*"
    rf"|(?<=[.、)）])[^\W_{_LETTERS}]|(?:总之)?(?:就|就是)?[一两二三四]个字"
    r"|(?:每次|这次|今天|昨天|上次|第[一二三四五六七八九十两几\d]{1,2}[次回]|中午|晚上|早上|周末|和朋友|跟朋友)(?:去|来|吃|买|点|喝|用|住|的|了|时候|时)*)\W*$"
)
_ECHO = re.compile(
    r"^\W*(?:哈+|呵+|嘿+|嗯+|哦+|噢|啊+|呀|唉+|哎+|额|呃|总之|反正|真的|真心|好吧|是的|对的|对吧|没错|不错(?=\W*$)(?!\w)|谢谢|多谢|赞|棒"
    r"|点赞|推荐|希望|建议|但是|但|不过|而且|就是|所以|结果|亲|老板|拜拜|加油|么么哒|哎[呀哟呦]|[0-9]+|[eE]?[mM]{2,}|[hH]{2,}|[a-zA-Z]{1,2})\W*$"
)


def split_units(text: str) -> list[Unit]:
    """Cut a voice into units (语义单元).

    Args:
        text: Any string, also empty, with emoji, control characters or lone surrogates.

    Returns:
        Units in order; their slices concatenate to ``text`` exactly. Empty only for empty text.
    """
    return [Unit(start, end) for start, end in _cut(text)]


def _cut(text: str) -> list[tuple[int, int]]:
    if not text:
        return []
    known = simplified(text) if _traditional().search(text) else text
    borders = _borders(known)
    return _joined(known, list(zip([0, *borders], [*borders, len(text)], strict=True)))


@lru_cache(maxsize=1)
def _traditional() -> re.Pattern[str]:
    """Match what the patterns know only in its simplified form. Few voices have any; folding all of them costs a sixth more."""
    known = set(_PIECE.pattern + _LEADS.pattern + _ECHO.pattern + _COMPLAINT.pattern)
    return re.compile("[" + "".join(old for old, new in simplified_characters().items() if new in known) + "]")


def _borders(text: str) -> list[int]:
    borders: list[int] = []
    last = covered = 0
    bulleted = _BULLETED.match(text) is not None and _ENDS_WITH_EMOJI.search(text[-20:]) is None
    for match in _PIECE.finditer(text):
        kind, at = match.lastgroup, match.end()
        if kind == "kept" or match.start() < covered:  # marks already taken by the closing before them
            continue
        opens = kind in _OPENING or (bulleted and kind == "emoji" and text[at : at + 1].isalnum())
        if kind in _DOUBTFUL and not _holds(kind, text, last, match, bulleted):
            if match[0][-1:] != ".":
                continue
            opens = False
        if opens:
            at = match.start()
        elif kind != "space":
            closing = _CLOSING.match(text, at)
            at = covered = closing.end() if closing else at
        while at - last > LONGEST:
            last += LONGEST
            borders.append(last)
        if last < at < len(text):
            borders.append(at)
            last = at
    while len(text) - last > LONGEST:
        last += LONGEST
        borders.append(last)
    return borders


def _holds(kind: str, text: str, last: int, match: re.Match[str], bulleted: bool) -> bool:
    """Say whether what may open a unit does, by what stands before it."""
    if kind == "titled":
        return bulleted
    if kind == "turn":  # 不是太甜就是太淡 offers two things to choose from
        before = text[max(last, match.start() - 20) : match.start()]
        return not (text.startswith("就是", match.start()) and "不是" in before)
    before = text[max(0, match.start() - 1_000) : match.start()]  # bounded, as a cell may be long
    number = int("".join(filter(str.isdigit, match[0])))
    return number == 1 or any(f"{number - 1}{mark}" in before for mark in ".．、)）")


def _joined(text: str, pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Give dependent pieces to their neighbours: leads to the next piece, echoes and scraps to the one before."""
    result: list[tuple[int, int]] = []
    held: int | None = None  # start of a lead that waits for its clause
    for start, end in pieces:
        piece = text[start:end]
        begin = start if held is None else held
        worth = _WORTH.search(piece) is not None or _complains(text, start, end, held)
        scrap = not worth or _ECHO.match(piece) is not None
        if scrap and held is None and result and not _ends_line(text, result[-1][1]):
            result[-1] = (result[-1][0], end)
            continue
        leads = _LEADS.match(piece) is not None and not _ends_sentence(piece)
        if (leads or scrap) and end < len(text) and end - begin < 60:
            held = begin
            continue
        result.append((begin, end))
        held = None
    if held is not None:
        if result:
            result[-1] = (result[-1][0], len(text))
        else:
            result.append((held, len(text)))
    return result


def _complains(text: str, start: int, end: int, held: int | None) -> bool:
    """Say whether a piece is one letter that complains: behind a lead always, else not with its thing nor said again."""
    letter = _COMPLAINT.fullmatch(text, start, end)
    if letter is None or held is not None:
        return letter is not None
    before = text[max(0, start - 20) : start]
    return not _NAMED.search(before) and not _MARKS.sub("", before).endswith(letter[1])


def _ends_line(text: str, at: int) -> bool:
    return text[at - 1 : at] in "\n\r"


def _ends_sentence(piece: str) -> bool:
    return _FINAL.search(piece[-80:]) is not None


def unit_texts(text: str) -> list[str]:
    """Give the units of a voice as strings; joined they are the voice."""
    return [text[unit.start : unit.end] for unit in split_units(text)]


def split_many(texts: Iterable[str]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut many voices.

    Args:
        texts: Voices, in order.

    Returns:
        ``voice, start, end``: for each unit the index of its voice and its offsets, shape (n_units,) each, in order.
    """
    voice: list[int] = []
    start: list[int] = []
    end: list[int] = []
    for place, text in enumerate(texts):
        for first, behind in _cut(text):
            voice.append(place)
            start.append(first)
            end.append(behind)
    return np.array(voice, dtype=np.int64), np.array(start, dtype=np.int64), np.array(end, dtype=np.int64)
