"""What a clause says by its words: opinion words bent by negation, degree, contrast, comparison and irony."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from fanops.content import content_path

_PARTICLES = "了的啊呀呢吧哦嘛啦得极死爆透喔噢哈很太到过又也都还,点些"
_MARK = re.compile(r"[，,。！？!?；;…\s~～、]+")
# Whole phrases whose parts would mislead, with their sign.
_PHRASES: tuple[tuple[str, float], ...] = (
        (r"(?:除了|就是|只是)[^，,。]{1,6}[，,]?\s*(?:没|沒|没有|无|挑不出)(?:啥|什么|任何|别的|其他)?(?:毛病|缺点|可挑|槽点|不好)", 1.5),
        (r"(?:没|没有|沒|无)(?:啥|什么|任何|一点)?(?:毛病|缺点|可挑剔|槽点|瑕疵|不满意?的?|不好的?地方|差评的理由)", 1.6),
        (r"不能(?:再|更)(?:好|棒|满意|赞|完美)\S{0,3}", 2.0),
        (r"不能(?:再|更)(?:差|糟|烂|难吃|坑|慢)\S{0,3}", -2.0),
        (r"(?:再|更)(?:好|合适)不过", 2.0),
        (r"没有(?:一个|哪个|什么|一样)?不(?:喜欢|好吃|满意|好)", 1.8),
        (r"(?:不得不|忍不住|不由得)(?:夸|赞|说好|佩服|点赞|推荐)", 1.6),
        (r"(?:不得不|忍不住)(?:吐槽|说差|投诉|差评|骂)", -1.6),
        (r"(?:不是|并非|也不是|不算|不会)(?:很|太|特别)?(?:不(?:好|行|满意|喜欢|推荐|干净|新鲜|方便)|难吃|难喝|差)", 0.6),
        (r"不(?:错|赖|坏|差|丑)(?!过)", 1.2),
        (r"(?:没|不|未)(?:有|曾)?(?:让(?:人|我))?(?:踩雷|踩坑|失望|后悔|翻车|上当|掉链子|让人失望)", 1.5),
        (r"(?:比|较)(?:上次|以前|之前|原来|往常|想象|预期|图片|别家|其他家?)[^，,。]{0,6}(?:差|难吃|慢|少|小|贵|淡|咸|逊)", -1.4),
        (r"(?:比|较)(?:上次|以前|之前|原来|往常|想象|预期|别家|其他家?)[^，,。]{0,6}(?:好|棒|快|多|大|便宜|香|强|干净)", 1.4),
        (r"(?:不如|比不上|赶不上)(?!预期的差)[^，,。]{0,10}", -1.2),
        (r"(?:越来越|一次比一次|一天比一天)(?:差|难吃|慢|少|小|贵|敷衍|不行|糟|水|坑)", -1.6),
        (r"(?:越来越|一次比一次)(?:好|棒|快|多|香|喜欢|赞)", 1.6),
        (r"(?:再也|以后|下次|绝对|坚决|打死)(?:都|也)?(?:不|别)(?:会|想|敢|要)?(?:再)?(?:来|买|去|吃|点|订|光顾|碰|用|喝|住)", -2.0),
        (r"(?:不会|不想|不敢|不愿)(?:再|有下)(?:来|买|去|吃|点|订|次|光顾|用|喝|住)\S{0,2}", -2.0),
        (r"(?:还会|还要|会再|一定会|肯定会|下次还|以后还|必须)(?:再)?(?:来|买|去|吃|点|订|光顾|回购|用|住)", 1.6),
        (r"(?:一点|一丝|半点)(?:儿|都|也)*(?:不|没)(?:有)?(?:好吃|新鲜|热|香|干净|辣|诚意|专业|值|满意|舒服|甜味|味道|味|礼貌|耐心)", -1.7),
        (r"(?:一点|一丝|半点)(?:儿|都|也)*(?:不|没)(?:有)?(?:贵|腻|油腻|咸|难吃|难喝|累|差|吵|慢|远|麻烦|异味|脏|硬|失望)", 1.6),
        (r"(?:没|没有|无)(?:啥|什么|任何|一点)?(?:味道|诚意|服务|素质|礼貌|耐心|食欲|道理|肉|料|馅|勺子?|筷子|餐具|吸管|发票)", -1.2),
        (r"(?:说好|答应|明明|写(?:着|了|明)|备注)[^。！]{0,14}(?:结果|却|还是|居然|竟然|没|不)", -1.5),
        (r"(?:等|花|过|晚|迟)了?(?:快|将近|足足|整整|差不多|大概|近)?[一二两三四五六七八九十半\d]+(?:个)?(?:多|半)?(?:小时|钟头|分钟)", -1.3),
        (r"[一二两三四五六七八九十\d]+(?:个)?(?:多|半)?(?:小时|钟头)(?:才|还|都|以上)", -1.6),
        (r"(?:才|还没|还不)(?:送|到|来|上|给|送到|送来|发货)", -1.2),
        (r"(?:态度|服务|味道|口味|环境|质量|速度|卫生|口感|做工|效果)(?:很|也|都|太|非常|特别|有点|真|比较|挺|极其|超级?|确实|实在|还是)*差", -1.8),
        (r"(?:速度|送餐|送货|出餐|上菜|发货|物流|配送|送)(?:得|的)?(?:很|也|都|太|非常|特别|挺|超级?|真|蛮|还|比较|够)*快", 1.6),
        (r"(?:份量|分量|量|菜量|肉|料)(?:也|都|很|非常|挺|超|超级|蛮|特别|还|比较|真|给的?)*(?:大|足|多|实在)(?!一)", 1.3),
        (r"(?:份量|分量|量|菜量|肉|料)(?:也|都|很|非常|有点|太|超|超级|特别|还|比较|真|给的?|越来越|实在|偏|略)*(?:小|少)", -1.3),
        (r"(?:性价比|颜值|品质|质量|服务水平|回头率|满意度)(?:很|也|都|非常|挺|超|超级|蛮|特别|还|比较|真|极|较)*高", 1.5),
        (r"(?:性价比|质量|品质|档次|水平)(?:很|也|都|非常|挺|太|有点|比较|真|较|不)*(?:低|不高)", -1.4),
        (r"(?:价格|价位|收费|价钱|油耗|噪音|能耗)(?:很|也|都|非常|有点|太|超|特别|还|比较|真|偏|略|实在)*高", -1.3),
        (r"(?:价格|价位|油耗|噪音|能耗)(?:很|也|都|非常|超|特别|比较|挺|真)*低", 1.3),
        (r"(?:空间|地方|店面|座位|房间|停车场)(?:很|也|都|非常|挺|超|超级|蛮|特别|比较|真|够|足够)*(?:大|宽)", 1.1),
        (r"(?:空间|地方|店面|座位|房间|停车场|车位)(?:很|也|都|非常|有点|太|超|特别|比较|真|偏|略)*(?:小|窄|挤|少)", -1.1),
        (r"(?:忘|漏|少|没)(?:了|给|放|送|带|拿|装|有)+(?:我)?(?:的)?(?:一?[份双个杯包])?(?:餐具|筷子|勺子?|吸管|酱料?|醋|发票|米饭|饮料|可乐|汤|小料|赠品)", -1.3),
        (r"(?:值得|推荐|适合|可以)(?:一试|一去|尝试|再来|大家|购买|拥有|推荐|回购|信赖|入手)", 1.5),
        (r"不(?:推荐|建议|值得|值|划算|实惠)", -1.6),
        (r"(?:别|勿|不要|千万别|莫)(?:再)?(?:买|来|去|点|订|住|选|信|碰|上当|入坑)(?!辣|葱|香菜|糖|冰|放|送)", -1.8),
        (r"不敢(?:恭维|相信|苟同|再)\S{0,2}", -1.6),
        (r"(?:不能|没法|无法|根本没|难以)(?:再)?(?:吃|喝|用|住|睡|入口|下咽|入睡|忍|接受|理解|正常使用)\S{0,1}", -1.6),
        (r"(?:很|太|真|辛苦|非常|大家|师傅|小哥|骑士|你们?|您)+辛苦了?|辛苦(?:了|啦|师傅|小哥|骑士|你|您)", 1.2),
        (r"(?:就|也就)(?:那么回事|那样|这样吧|一般般?|凑合)", -0.8),
        (r"(?:要是|如果|要|再|能)[^，。！]{0,10}(?:就|会|那就)(?:更|再)?(?:好|完美|棒)(?:了|啦)?", -0.3),
        (r"是怎么回事|什么意思|有什么区别|搞什么|什么玩意儿?|算什么|凭什么", -1.2),
        (r"(?:没|没有|不像)[^，,。]{0,6}(?:说|想|想象|宣传|描述|图片|评价|传说)[^，,。]{0,3}(?:那么|这么|那样)(?:好|棒|神|香|值|便宜)\S{0,2}", -1.3),
        (r"(?:谈不上|算不上|说不上|没那么|没有那么|不算|不算是|不是很|不会|没有很)(?:难吃|难喝|难看|难用|贵|慢|差|吵|远|腻|挤|脏|咸|累)", 1.0),
        (r"(?:价格|价位|收费|油耗|噪音|能耗|异味|杂音|胎噪)(?:也|都|并|还)?不(?:算|太|怎么|是很)?(?:高|大|重|贵|明显)", 1.3),
        (r"不比[^，,。]{1,6}(?:差|慢|少|小|逊色|弱)", 1.3),
        (r"不比[^，,。]{1,6}(?:好|快|多|强)", -1.0),
        (r"不难(?:吃|看(?!出)|喝|闻|用|受|找|停)", 1.1),
        (r"(?:不输|不逊于|不亚于)[^，,。]{1,8}", 1.2),
        (r"没(?:得|话|什么好|啥好)说", 1.5),
        (r"不(?:咸|甜|大|硬|多|冷|软|厚|浓|急|胖)不(?:淡|腻|小|软|少|热|硬|薄|瘦|慢)", 1.2),
        (r"(?<!不)难(?:吃|喝|用|看(?!出)|受|闻|以下咽|以忍受)到?(?:爆|死|极|极了|要命)?", -2.0),
        (r"(?:早知道|要不是|幸好没|差点)[^。，]{0,12}", -0.8),
)  # fmt: skip
_TRIGGER = re.compile("[除就只没沒无不再忍并也未比较赶越下以绝坚打会想还必一丝半说答明写备等花过晚迟小钟才态服味口环质速卫做效送出上发物配份分量菜肉料性颜品回满档价收油噪能空地店座房停车忘漏少值推适可难早要幸差什是别勿莫千辛根很非大师骑您你搞算凭]")
_NEGATIVE = re.compile("[不没未无别勿莫非沒冇甭]|难以|很难|缺乏")
# One pass for all of them: the group that matched tells the phrase.
_PHRASE = re.compile("|".join(f"({pattern})" for pattern, _ in _PHRASES))


@dataclass(frozen=True)
class Reading:
    """What the words say.

    Attributes:
        score: Sum of bent opinions; above 0 pleased, below displeased.
        positive: Sum of the pleased ones.
        negative: Sum of the displeased ones, as a positive number.
        reasons: What decided, as (words, contribution).
        bent: Whether a negation or a whole phrase turned what the words alone would say.
    """

    score: float
    positive: float
    negative: float
    reasons: tuple[tuple[str, float], ...]
    bent: bool = False


@lru_cache(maxsize=1)
def lexicon() -> dict[str, float]:
    """Give opinion words with their strength."""
    found: dict[str, float] = {}
    for line in content_path("models", "polarity", "lexicon.txt").read_text("utf-8-sig").splitlines():
        if line.strip() and not line.startswith("#"):
            strength, *words = line.split()
            for word in words:
                found.setdefault(word, float(strength))
    return found


@lru_cache(maxsize=1)
def rules() -> dict[str, frozenset[str]]:
    """Give the bending words by kind."""
    found = {}
    for line in content_path("models", "polarity", "rules.txt").read_text("utf-8-sig").splitlines():
        if line.strip() and not line.startswith("#"):
            kind, words = line.split(":", 1)
            found[kind.strip()] = frozenset(words.split())
    return found


@lru_cache(maxsize=1)
def _lengths() -> dict[str, tuple[int, ...]]:
    """Give the lengths of known words by their first character, longest first: a look-up beats a thousand branches."""
    kinds = rules()
    known = set(lexicon()).union(*(kinds[name] for name in ("negation", "strong", "weak", "wish", "less_is_good")))
    found: dict[str, set[int]] = {}
    for word in known:
        found.setdefault(word[0], set()).add(len(word))
    return {first: tuple(sorted(lengths, reverse=True)) for first, lengths in found.items()}


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    kinds = rules()
    return frozenset(set(lexicon()).union(*(kinds[name] for name in ("negation", "strong", "weak", "wish", "less_is_good"))))


def _words_in(text: str) -> list[tuple[int, int, str]]:
    """Find known words from left to right, longest first, without overlap."""
    lengths, known = _lengths(), _known()
    found = []
    at, end = 0, len(text)
    while at < end:
        for length in lengths.get(text[at], ()):
            word = text[at : at + length]
            if word in known:
                found.append((at, at + length, word))
                at += length - 1
                break
        at += 1
    return found


def read_clause(text: str) -> Reading:
    """Read one clause (or a short text) by its words."""
    reasons: list[tuple[str, float]] = []
    has_negation = _NEGATIVE.search(text) is not None
    matches = list(_PHRASE.finditer(text)) if _TRIGGER.search(text) else []
    if matches:
        reasons = [(match.group(), _PHRASES[match.lastindex - 1][1]) for match in matches]
        starts, ends = [match.start() for match in matches], [match.end() for match in matches]
        text = "　".join(text[a:b] for a, b in zip([0, *ends], [*starts, len(text)], strict=True))
    for clause, weight in _weighted_clauses(text):
        reasons += [(word, value * weight) for word, value in _opinions(clause)]
    if any(word in text for word in rules()["irony"]) and not any(value < 0 for _, value in reasons):
        reasons.append(("反讽", -1.5))
    positive = sum(value for _, value in reasons if value > 0)
    negative = -sum(value for _, value in reasons if value < 0)
    bent = bool(reasons) and (bool(matches) or has_negation)
    return Reading(positive - negative, positive, negative, tuple(reasons), bent)


def _weighted_clauses(text: str) -> list[tuple[str, float]]:
    """Split at contrasts: what follows a 但是 counts more than what went before."""
    pieces = re.split(r"(?=(?:但是|但|不过|可是|然而|可惜|奈何)(?!凡|求|愿|瘾))", text)
    if len(pieces) == 1:
        return [(text, 1.0)]
    return [(piece, 0.5 if place < len(pieces) - 1 else 1.6) for place, piece in enumerate(pieces)]


def _opinions(clause: str) -> list[tuple[str, float]]:
    kinds, words = rules(), lexicon()
    found: list[tuple[str, float]] = []
    negations, degree, last_end = 0, 1.0, 0
    wished = False
    for start, end, word in _words_in(clause):
        gap = clause[last_end:start]
        if _MARK.search(gap) or len(gap) > 4:
            negations, degree = 0, 1.0
        last_end = end
        if word in kinds["negation"] and word not in words:
            negations += 1
        elif word in kinds["strong"] and (word not in words or _goes_on(clause, end, words)):
            degree *= 1.3
        elif word in kinds["weak"] and word not in words:
            degree *= 0.7
        elif word in kinds["wish"]:
            wished = True
        elif word in words or word in kinds["less_is_good"]:
            if len(word) == 1 and not _stands_alone(clause, end):
                continue  # 小 in 小菜, 好 in 好笑: part of another word
            value = words.get(word, -1.0) * degree
            if negations % 2:
                value = -0.8 * value if value > 0 else -0.9 * value
            elif negations:
                value *= 0.6
            if wished and value > 0:
                value = -0.4 * value
            found.append((clause[max(0, start - 4) : end], value))
            negations, degree = 0, 1.0
    return found


def _stands_alone(clause: str, at: int) -> bool:
    """Say whether a one-character opinion ends here, or only particles follow."""
    return at >= len(clause) or clause[at] in _PARTICLES or not "一" <= clause[at] <= "鿿"


def _goes_on(clause: str, at: int, words: dict[str, float]) -> bool:
    """Say whether an opinion word follows at once (好 in 好贵 is a degree, alone an opinion)."""
    return any(clause[at : at + length] in words for length in (3, 2, 1))
