"""The plain sentence (说法本身): what is left of a clause without fillers, laughter and connectives around its point."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from fanops.text.word_lists import fillers

_LONGEST = 60  # characters: what surrounds the point of a long text weighs nothing in it
# Emoji as Weibo, WeChat, Douyin and Xiaohongshu write them: [流泪], [害羞R]. A closed list, for [太贵了] is something said.
_CODES = (
    "微笑|撇嘴|色|发呆|得意|流泪|害羞|闭嘴|睡|睡着|大哭|尴尬|发怒|调皮|呲牙|龇牙|惊讶|难过|囧|抓狂|吐|偷笑|愉快|可爱|白眼|傲慢|困|惊恐|流汗|憨笑"
    "|大笑|悠闲|奋斗|咒骂|疑问|嘘|晕|衰|骷髅|敲打|再见|擦汗|抠鼻|鼓掌|坏笑|[左右]哼哼|哈欠|打哈欠|鄙视|委屈|快哭了|阴险|亲亲|可怜|笑脸|生病|脸红"
    "|破涕为笑|恐惧|失望|无语|嘿哈|捂脸|奸笑|机智|皱眉|耶|吃瓜|加油|汗|天啊|em+|社会社会|旺柴|好的|打脸|哇|翻白眼|666|让我看看|叹气|苦涩|裂开"
    "|嘴唇|爱心|心碎|心|伤心|心心|拥抱|强|弱|握手|胜利|抱拳|勾引|拳头|ok|合十|啤酒|咖啡|蛋糕|玫瑰|凋谢|菜刀|炸弹|便便|月亮|太阳|庆祝|礼物|红包"
    "|[发發]|福|烟花|爆竹|猪头|跳跳|发抖|转圈|笑cry|笑哭|允悲|doge|二哈|喵喵|泪|哭|哈哈|嘻嘻|呵呵|笑而不语|并不简单|费解|怒|怒骂|哼|拜拜|赞|good"
    "|作揖|给力|威武|酷|馋嘴|爱你|好爱哦|挖鼻|吃惊|摊手|抱抱|黑线|钱|感冒|拜托|思考|悲伤|顶|跪了|鲜花|比心|星星眼|飞吻|石化|偷乐|派对|蜡烛"
)
# [流泪], hhhh, 2333, emmm, 哈哈哈
_LAUGHTER = re.compile(
    rf"\[(?:{_CODES})[rh]?\]|(?<![a-z])(?:h{{2,}}|e+m{{2,}}|x?swl|yyds|w{{3,}}(?!\.))(?![a-z])|23{{3,}}|哈{{2,}}|嘻{{2,}}|呜{{2,}}",
    re.I,
)
# 那杯奶茶, 这顿饭, 那儿: the two belong together; so do 这点钱 and 这包薯片, but not 这|点餐 and 这|包装.
_COUNTED = (
    "[里边么个样款种条件家本套部双台杯份碗瓶支盒袋盘道只间辆张位些次天顿趟把单期批股副床颗场班层块儿时篇回罐桶阵年]"
    "|点(?!餐|单|菜)|包(?!装|子)|段(?!位)|根(?!本)"
)
# Adverbs and particles at the edges; what would cut a word in two (就|餐, 还|款, 都|市, 酒|吧) or turn what is said round
# (是不是, 感觉不到, 不过瘾) stays.
_EDGES = re.compile(
    r"^(?:[\W_]|但是|但(?!愿|凡|求)|不过(?!期|瘾|如此|关|敏|时)|而且|并且|就是|可惜|还有|另外|然后|所以|因为|虽然|总的来说|总体来说|总体上?|总之|整体来说|整体上?|反正|倒是"
    r"|(?:我|个人|自己)?(?:感觉(?!不?[到出])|觉得|认为)|真的(?!假)|真心|其实|这次|每次|一如既往的?|他家|她家|你们|他们|这家店?|店里|店家的?|个人(?!态|卫)|人觉得|不仅仅?"
    r"|(?:确实|的确)(?=[一-鿿]{3})|我(?![们妈爸家儿女老朋同闺弟姐妹哥奶爷媳婆孩娃侄外])|的(?!确|士|话)|也是(?=不是)|也(?!许)|都(?!市|江)|了(?!解|不起|不得)|又|还(?!款|原|价|是|没|会|行|好|可以|不错|算|凑)"
    rf"|就(?!餐|业|诊|近|算|医|职)|是(?!非|不是|否)|[那这](?!{_COUNTED}))+"
    r"|(?:[\W_]|(?:(?<=不错)|(?<![洒撒凉坏漏丢碎扔糊错忘烂算罢])(?<!都[一-鿿]))了|啊|呀|哦|(?<!毛)呢|(?<![酒网贴清])吧|(?<![目打])的|哈|啦|嘛|噢|哒|(?<![一点水])滴)+$"
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
