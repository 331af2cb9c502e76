"""The details of the audit log in words: 角色 店长，粉丝 310; only what is stored stays in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fanops.access import Role
from fanops.access.deed_words import subject_words
from fanops.actions.gates import LABELS as STAGE_LABELS
from fanops.actions.invite_raisers import CHANNELS
from fanops.collect.fields import BATCH_LABELS
from fanops.fans.records_consent import PURPOSES
from fanops.fans.rules import OUTCOMES
from fanops.findings.records import STATES
from fanops.sending.records import CHANNEL_LABELS
from fanops.ui import words

NAMES = {
    "about": "对象", "added": "新增", "after": "改后", "alias": "别名", "assigned": "归进主题", "before": "原来", "born": "新主题",
    "bytes": "字节", "changed": "更改", "channel": "渠道", "closed": "关店", "command": "命令行", "continued": "延续的主题",
    "died": "消失的主题", "ended": "到期", "erased_again": "又删除的粉丝", "events": "事件", "fan": "粉丝", "fan_order": "订单",
    "fans": "粉丝", "file": "文件", "fixes": "服务改进", "gone": "消退", "grey": "要人确认", "ground": "理由", "has_rule": "有规则",
    "interview": "访谈", "into": "并到", "invited": "邀请", "items": "需求条目", "kept": "保留", "kept_fans": "留下的粉丝",
    "kind": "种类", "level": "分层", "moves": "换了负责人的粉丝", "name": "名称", "new": "新增", "number": "版本",
    "outcome": "做什么", "parameters": "筛选", "passages": "段落", "purpose": "用途", "response": "答卷", "restored": "改回",
    "role": "角色", "rows": "行", "same": "相同", "segment": "人群", "sha256": "指纹", "state": "状态", "stores": "门店",
    "theme": "主题", "theme_id": "主题", "themes": "主题", "to": "到", "unassigned": "未归类", "units": "语义单元", "unsure": "拿不准",
    "voice": "原声", "voices": "原声", "waiting": "等确认", "wanted": "要几份", "wave": "期", "word": "词",
}  # fmt: skip
_FIELDS = {"name": "名称", "region_id": "大区", "kind": "类型", "city": "城市", "closed_on": "关店", "store": "门店", "fan": "粉丝",
           "period": "时间", "level": "分层", "wave": "期", "batch": "导入批次"}  # fmt: skip
_GROUPS = {"segment": "人群", "theme": "主题", "week": "一周", "wave": "一期问卷", "panel": "固定样本组"}
_VALUES = (
    {str(role): role.label for role in Role} | BATCH_LABELS | _GROUPS | STAGE_LABELS | words.LEVEL_LABELS | STATES
    | OUTCOMES | CHANNELS | CHANNEL_LABELS | PURPOSES | _FIELDS
)  # fmt: skip
_FINGERPRINT = 12
_IDS = frozenset({"about", "fan", "into", "number", "segment", "theme", "theme_id"})


def detail_words(detail: Mapping[str, Any]) -> str:
    """Say a deed's details: what each is called, and its value as the rest of the screen says it."""
    return "，".join(f"{NAMES.get(name, name)} {_value(name, value)}" for name, value in detail.items())


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if value is None or value == "":
        return "无"
    if isinstance(value, Mapping):
        return f"{len(value)} 个数字"
    if name == "moves":  # a list of (fan, owner before, owner now)
        return str(len(value))
    if isinstance(value, list):
        return "、".join(_VALUES.get(str(each), str(each)) for each in value) or "无"
    if isinstance(value, int) and name not in _IDS:
        return f"{value:,}"
    text = str(value)
    if name == "sha256":
        return text[:_FINGERPRINT]
    return _VALUES.get(text) or (subject_words(text) if ":" in text else text)
