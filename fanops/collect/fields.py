"""What a file may hold, per kind of import, and which column holds it (列对应), guessed from headings and content."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from fanops.errors import InvalidInput


@dataclass(frozen=True)
class Field:
    """字段 of a kind of import.

    Attributes:
        name: Used in code and on the command line.
        label: Chinese name on the screen.
        synonyms: Headings it goes by, tidy (see ``tidy_heading``), most usual first.
        required: The import can't go without it.
    """

    name: str
    label: str
    synonyms: tuple[str, ...]
    required: bool = False


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_WHO = (
    Field(
        "member",
        "会员号",
        _names("会员号 会员编号 会员id 会员卡号 会员码 memberno memberid member 用户id userid uid 买家id"),
    ),
    Field(
        "phone",
        "手机号",
        _names("手机号 手机 手机号码 电话 联系电话 联系方式 会员手机 顾客手机 phone mobile tel phonenumber"),
    ),
    Field("openid", "微信 openid", _names("openid 微信openid wxopenid 微信id unionid")),
)
_STORE = _names(
    "门店 店铺 门店名称 店名 门店编号 门店编码 分店 店铺名称 消费门店 下单门店 所属门店 store "
    "storename storecode shop shopname branch"
)
_SOURCE = _names("来源 平台 渠道来源 来源平台 source platform from")

FIELDS: dict[str, tuple[Field, ...]] = {
    "voices": (
        Field(
            "text",
            "内容",
            _names(
                "评论 评价 评价内容 评论内容 内容 反馈 反馈内容 意见 留言 点评 原声 顾客评价 用户评论 投诉内容 "
                "问题描述 建议 review comment content text feedback message body verbatim sentence"
            ),
            required=True,
        ),
        Field("store", "门店", _STORE),
        *_WHO,
        Field(
            "time",
            "时间",
            _names(
                "评价时间 评论时间 时间 日期 提交时间 创建时间 反馈时间 发布时间 答题时间 提交答卷时间 time "
                "date datetime createdat createtime saidat timestamp"
            ),
        ),
        Field("score", "评分", _names("评分 星级 打分 得分 总评分 满意度 score rating stars star")),
        Field("source", "来源", _SOURCE),
        Field(
            "number",
            "编号",
            _names(
                "评价编号 评论编号 评价id 评论id 订单号 订单编号 编号 工单号 reviewid commentid orderno orderid "
                "ordernumber id"
            ),
        ),
        Field("channel", "渠道", _names("渠道 消费方式 用餐方式 channel")),
    ),
    "members": (
        *_WHO,
        Field("mail", "邮箱", _names("邮箱 电子邮箱 邮件 电子邮件 邮箱地址 会员邮箱 email mail emailaddress")),
        Field("name", "姓名", _names("姓名 会员姓名 名字 昵称 会员昵称 称呼 name nickname username")),
        Field(
            "joined",
            "入会时间",
            _names(
                "入会时间 入会日期 注册时间 注册日期 开卡时间 开卡日期 加入时间 创建时间 joined joinedat "
                "registered registertime createdat"
            ),
        ),
        Field("store", "门店", (*_names("归属门店 开卡门店 注册门店 主门店 常去门店"), *_STORE)),
        Field("birthday", "生日", _names("生日 出生日期 出生年月 birthday birth dob")),
        Field("level", "等级", _names("等级 会员等级 级别 会员级别 level tier")),
        Field(
            "source",
            "来源",
            (*_names("客户来源 会员来源 获客来源 注册来源 来源渠道 注册渠道 怎么知道我们的"), *_SOURCE),
        ),
    ),
    "orders": (
        Field(
            "number",
            "订单号",
            _names(
                "订单号 订单编号 单号 流水号 小票号 交易号 交易单号 orderno orderid ordernumber order number receipt"
            ),
            required=True,
        ),
        Field("store", "门店", _STORE),
        Field(
            "time",
            "下单时间",
            _names(
                "下单时间 订单时间 消费时间 交易时间 支付时间 付款时间 时间 日期 下单日期 消费日期 time date "
                "datetime orderedat ordertime paidat createdat timestamp"
            ),
            required=True,
        ),
        Field(
            "amount",
            "金额",
            _names("实付金额 实收金额 实付 实收 支付金额 订单金额 消费金额 金额 总价 总金额 amount total paid price"),
            required=True,
        ),
        *_WHO,
        Field("channel", "渠道", _names("渠道 下单渠道 订单渠道 消费方式 用餐方式 订单类型 channel type")),
        Field(
            "items",
            "商品",
            _names("商品 商品明细 品项 菜品 商品名称 明细 饮品 购买商品 items products product goods"),
        ),
        Field("source", "来源", _SOURCE),
    ),
}
KIND_LABELS = {"voices": "原声", "members": "会员", "orders": "订单"}
BATCH_LABELS = {**KIND_LABELS, "responses": "答卷", "interviews": "访谈"}  # what other imports bring
_OF_MEMBERS_ONLY = ("name", "birthday", "joined", "level", "mail", "phone", "member")
PARTIES = {"first": "一方（自己收集）", "second": "二方（合作方给的）", "third": "三方（外面买的或抓取的）"}

_MARKS = re.compile(r"[\W_]+")
_PHONE = re.compile(r"(?:\+?86)?1[3-9]\d{9}")
_TIME = re.compile(r"(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}.*|20\d{6}(?:\d{6})?")
_NUMBER = re.compile(r"[¥￥]?-?\d+(?:\.\d+)?")
_SENTENCE = re.compile(r"[，。！；~～…]|[,!]\s*[一-鿿]|[一-鿿]{12}")
_LONGEST_NAME = 8
_LOOKED_AT = 200
_LEAST_SAID, _LAST_RESORT = 3, 0.5  # characters on average; weaker than any heading


def tidy_heading(heading: str) -> str:
    """Bring a heading to the form synonyms are written in: half width, lower case, no marks, no bracketed remark."""
    bare = re.sub(r"[(（\[【].*?[)）\]】]", "", unicodedata.normalize("NFKC", heading)).lower()
    return _MARKS.sub("", bare) or _MARKS.sub("", unicodedata.normalize("NFKC", heading)).lower()


def is_heading(text: str) -> bool:
    """Say whether a cell is a heading that some field goes by."""
    tidy = tidy_heading(text)
    return any(tidy in field.synonyms for fields in FIELDS.values() for field in fields)


def fitting(kind: str, headings: Sequence[str]) -> tuple[bool, int]:
    """Say how well headings fit a kind of import: whether all that is required is there, and how many fields are.

    A kind without fields of its own (answers to a survey) is fitted as voices.
    """
    tidy = [tidy_heading(heading) for heading in headings]
    fields = FIELDS.get(kind, FIELDS["voices"])
    found = {field.name for field in fields if any(_strength(field, name) for name in tidy)}
    return all(field.name in found for field in fields if field.required), len(found)


def fields_of(kind: str) -> tuple[Field, ...]:
    """Give the fields of a kind of import.

    Raises:
        InvalidInput: No such kind.
    """
    if kind not in FIELDS:
        raise InvalidInput(
            f"不能导入“{kind}”。", "可以导入：" + "、".join(f"{k}（{v}）" for k, v in KIND_LABELS.items())
        )
    return FIELDS[kind]


def headings_sha256(headings: Sequence[str]) -> str:
    """Give the fingerprint by which a mapping is remembered."""
    return hashlib.sha256(json.dumps(list(headings), ensure_ascii=False).encode()).hexdigest()


def guess_mapping(kind: str, rows: pd.DataFrame, store_names: Collection[str] = ()) -> dict[str, str]:
    """Guess which column holds which field.

    Args:
        kind: Of import.
        rows: The table; its first rows are looked at where a heading says nothing.
        store_names: Tidy names and codes of known stores.

    Returns:
        Heading by field name; fields not found are left out. Each column serves one field.
    """
    tidy = {heading: tidy_heading(heading) for heading in rows.columns}
    sample = rows.head(_LOOKED_AT)
    claims = []
    for field in fields_of(kind):
        for heading, name in tidy.items():
            strength = _strength(field, name)
            if strength and field.name == "text" and not _is_said(sample[heading]):
                strength = _LAST_RESORT  # 评价 with 5 or 好评 in it, beside 评价内容
            if strength:
                claims.append((strength, field.name, heading))
    mapping: dict[str, str] = {}
    for _, name, heading in sorted(claims, key=lambda claim: -claim[0]):
        if name not in mapping and heading not in mapping.values():
            mapping[name] = heading
    for field in fields_of(kind):
        if field.name in mapping:
            continue
        free = [heading for heading in rows.columns if heading not in mapping.values()]
        heading = _by_content(field.name, sample, free, store_names)
        if heading is not None:
            mapping[field.name] = heading
    return mapping


def _strength(field: Field, name: str) -> float:
    if name in field.synonyms:
        return 3 - field.synonyms.index(name) / 100
    inside = [
        word for word in field.synonyms if len(word) >= 2 and word in name and not (word.isascii() and len(word) < 4)
    ]
    return 1 + len(max(inside, key=len)) / max(len(name), 1) if inside else 0.0


def _by_content(field: str, sample: pd.DataFrame, free: list[str], store_names: Collection[str]) -> str | None:
    def share(heading: str, fits: Callable[[str], bool]) -> float:
        cells = [cell.strip() for cell in sample[heading] if cell.strip()]
        return sum(map(fits, cells)) / len(cells) if cells else 0.0

    if field == "phone":
        return _first(free, lambda h: share(h, lambda cell: _PHONE.fullmatch(cell) is not None) >= 0.8)
    if field in ("time", "joined"):
        return _first(free, lambda h: share(h, lambda cell: _TIME.fullmatch(cell) is not None) >= 0.8)
    if field == "store" and store_names:
        return _first(free, lambda h: share(h, lambda cell: tidy_heading(cell) in store_names) >= 0.6)
    if field == "text":
        lengths = {h: sample[h].str.len().mean() for h in free if share(h, _has_letters) >= 0.5}
        best = max(lengths, key=lengths.get, default=None)
        return best if best is not None and (lengths[best] >= 4 or len(free) == 1) else None
    return None


def _is_said(cells: pd.Series) -> bool:
    """Say whether a column's cells look like what people say, neither numbers nor one word."""
    filled = [cell for cell in cells if cell.strip()]
    lettered = sum(map(_has_letters, filled))
    return not filled or (2 * lettered >= len(filled) and sum(map(len, filled)) >= _LEAST_SAID * len(filled))


def _first(headings: list[str], fits: Callable[[str], bool]) -> str | None:
    return next((heading for heading in headings if fits(heading)), None)


def _has_letters(cell: str) -> bool:
    return any(letter.isalpha() for letter in cell)


def looks_like_data(headings: Sequence[str], store_names: Collection[str] = ()) -> bool:
    """Say whether a first row is data rather than headings: none of it names a field, and some of it is a value.

    A value is a phone number, a time, a number, a known store, or a sentence; a question (…？) is a heading of a survey.

    Args:
        headings: The first row.
        store_names: Tidy names and codes of known stores.
    """
    fields = [field for of_kind in FIELDS.values() for field in of_kind]
    for heading in headings:
        tidy = tidy_heading(heading)
        if is_heading(heading) or (len(tidy) <= _LONGEST_NAME and any(_strength(field, tidy) for field in fields)):
            return False
    return any(_is_value(heading, store_names) for heading in headings)


def check_headings(headings: Sequence[str], store_names: Collection[str] = ()) -> None:
    """Refuse a file that has no headings, before its first row is lost as headings.

    Raises:
        InvalidInput: ``looks_like_data`` says so.
    """
    if looks_like_data(headings, store_names):
        raise InvalidInput(
            f"第一行像数据，不像列名：{'、'.join(headings[:3])}。",
            "请在文件最上面加一行列名（例如：评论、门店、时间）再导入，这样第一行的内容也不会丢。"
            "如果第一行确实是列名，请指定每一列是什么。",
        )


def _is_value(cell: str, store_names: Collection[str]) -> bool:
    bare = cell.strip()
    if any(shape.fullmatch(bare) for shape in (_PHONE, _TIME, _NUMBER)) or tidy_heading(bare) in store_names:
        return True
    return _SENTENCE.search(bare) is not None and not bare.endswith(("?", "？"))


def check_mapping(kind: str, mapping: Mapping[str, str], headings: Sequence[str]) -> dict[str, str]:
    """Refuse a mapping that lacks what is required or names what is not there; empty choices fall away.

    Raises:
        InvalidInput: With the columns that there are.
    """
    fields = {field.name: field for field in fields_of(kind)}
    kept = {name: heading for name, heading in mapping.items() if heading}
    have = f"文件里的列：{'、'.join(headings[:20])}" + ("……" if len(headings) > 20 else "")
    for name, heading in kept.items():
        if name not in fields:
            raise InvalidInput(f"{KIND_LABELS[kind]}没有“{name}”这个字段。", "可用的字段：" + "、".join(fields))
        if heading not in headings:
            raise InvalidInput(f"文件里没有“{heading}”这一列。", have)
    if kind == "voices":
        _refuse_members(kept.get("text"), headings)
    missing = [field.label for field in fields.values() if field.required and field.name not in kept]
    if missing:
        raise InvalidInput(f"没有找到“{'”“'.join(missing)}”对应的列。", f"{have}。请指定是哪一列。")
    if kind == "members" and not any(name in kept for name in ("member", "phone", "openid")):
        raise InvalidInput("没有找到能认出会员的列（会员号、手机号或 openid）。", f"{have}。请指定是哪一列。")
    return kept


def every_choice(kind: str, mapping: Mapping[str, str]) -> dict[str, str]:
    """Give the choice for every field of a kind: its heading, "" where the field is not taken (不导入)."""
    return {field.name: mapping.get(field.name, "") for field in fields_of(kind)}


def _refuse_members(text: str | None, headings: Sequence[str]) -> None:
    """Refuse a members' file among the voices: a name would be stored as what somebody said."""
    about_people = {word for field in FIELDS["members"] if field.name in _OF_MEMBERS_ONLY for word in field.synonyms}
    found = [heading for heading in headings if tidy_heading(heading) in about_people]
    if tidy_heading(text) in about_people if text else len(found) > 1:
        raise InvalidInput(
            f"像是会员文件：有“{'”“'.join(found[:4])}”这样的列，没有顾客说的话。",
            "请到“会员”那一栏导入；如果里面有顾客的话，请指定是哪一列。",
        )
