"""The sample chain (示例连锁) 禾茶小满: an invented tea brand with its stores, people, drinks and accounts."""

from __future__ import annotations

from dataclasses import dataclass

from fanops.access import Role

BRAND = "禾茶小满"
SAMPLE_PASSWORD = "hecha-xiaoman-2026"  # noqa: S105  shown on the sign-in page while the sample chain is loaded
REGIONS = ("江浙", "上海", "华南")


@dataclass(frozen=True)
class SampleStore:
    """A store of the sample chain; ``traffic`` is its share of visits relative to the others."""

    code: str
    name: str
    region: str
    city: str
    kind: str
    traffic: float


STORES = (
    SampleStore("H01", "湖滨银泰店", "江浙", "杭州", "direct", 1.30),
    SampleStore("H02", "西溪天堂店", "江浙", "杭州", "direct", 0.95),
    SampleStore("H03", "观前街店", "江浙", "苏州", "direct", 1.10),
    SampleStore("H04", "新街口店", "江浙", "南京", "direct", 1.20),
    SampleStore("H05", "静安寺店", "上海", "上海", "direct", 1.25),
    SampleStore("H06", "五角场店", "上海", "上海", "direct", 1.15),
    SampleStore("H07", "陆家嘴店", "上海", "上海", "direct", 1.20),
    SampleStore("H08", "七宝老街店", "上海", "上海", "franchise", 0.80),
    SampleStore("H09", "天河城店", "华南", "广州", "direct", 1.15),
    SampleStore("H10", "海岸城店", "华南", "深圳", "direct", 1.10),
    SampleStore("H11", "东门步行街店", "华南", "深圳", "direct", 0.95),
    SampleStore("H12", "佛山祖庙店", "华南", "佛山", "franchise", 0.75),
)

# code, name, store, title
STAFF = (
    ("Y01", "周小雨", "H01", "店长"), ("Y02", "林可", "H01", "店员"), ("Y03", "方雯", "H02", "店长"),
    ("Y04", "钱嘉", "H03", "店长"), ("Y05", "沈一诺", "H03", "店员"), ("Y06", "吴越", "H04", "店长"),
    ("Y07", "顾思源", "H05", "店长"), ("Y08", "陆晓", "H05", "店员"), ("Y09", "曹颖", "H06", "店长"),
    ("Y10", "金子涵", "H06", "店员"), ("Y11", "姚静", "H07", "店长"), ("Y12", "徐朗", "H07", "店员"),
    ("Y13", "唐萍", "H08", "店长"), ("Y14", "梁栋", "H09", "店长"), ("Y15", "黄嘉欣", "H09", "店员"),
    ("Y16", "何俊", "H10", "店长"), ("Y17", "邓琪", "H11", "店长"), ("Y18", "谭敏", "H12", "店长"),
    ("Y19", "高远", None, "区域经理"), ("Y20", "宋微", None, "产品经理"),
)  # fmt: skip

# login, name, role, region, store, staff
ACCOUNTS = (
    ("dianyuan", "林可", Role.CLERK, None, "H01", "Y02"),
    ("dianzhang", "周小雨", Role.STORE_MANAGER, None, "H01", "Y01"),
    ("quyu", "高远", Role.REGION_MANAGER, "江浙", None, "Y19"),
    ("chanpin", "宋微", Role.PRODUCT, None, None, "Y20"),
    ("ceo", "孟禾", Role.CEO, None, None, None),
    ("guanli", "系统管理员", Role.ADMIN, None, None, None),
)

# name, price in yuan, how often it is chosen, summer drink (1) or winter drink (−1)
DRINKS = (
    ("小满青提", 19, 10, 1), ("杨梅吐气", 18, 7, 1), ("满杯西柚", 17, 6, 1), ("桃桃乌龙", 16, 8, 1),
    ("芋泥波波", 17, 11, -1), ("黑糖珍珠牛乳", 16, 10, -1), ("桂花酒酿奶茶", 16, 7, -1), ("烤红薯奶茶", 17, 4, -1),
    ("茉莉奶绿", 13, 9, 0), ("大红袍奶茶", 14, 8, 0), ("四季春茶", 10, 6, 0), ("生椰拿铁", 18, 5, 0),
    ("豆乳奶茶", 15, 3, 0), ("柠檬绿茶", 11, 6, 1),
)  # fmt: skip

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭肖蔡潘田董袁于余"
    "叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段"
    "雷"
)
_GIVEN = (
    "子轩雨桐欣怡浩然梓涵思琪佳宁俊杰晓婷文博静怡嘉豪美玲志强诗涵一鸣若曦明辉丽娜建华"
    "春燕宇航可馨天宇慧敏晨曦凯文婉清立群小蕾海涛玉洁家伟雅楠振宇晓峰秋月国栋雪梅"
)


def person_name(number: int) -> str:
    """Give the invented name of the fan with this number (the same number always has the same name)."""
    surname = _SURNAMES[number * 7 % len(_SURNAMES)]
    first = number * 13 % (len(_GIVEN) // 2) * 2
    return surname + (_GIVEN[first : first + 2] if number % 5 else _GIVEN[first])


def phone(number: int) -> str:
    """Give the invented phone of the fan with this number; no mobile number in China begins with 100."""
    return f"1000000{number:04d}"


def member_number(number: int) -> str:
    """Give the member number of the fan with this number."""
    return f"HC{number:06d}"
