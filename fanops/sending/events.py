"""事件: what a receiver may be told. Data carry ids, titles, states, counts and moments; never a fan's words or name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEST = "test"
TRIAL = "raisers.invited"
# What can be chosen for an address; what each carries is written in docs/webhooks.md.
EVENTS: dict[str, str] = {
    "item.stage_moved": "需求条目进入下一阶段",
    "item.withdrawn": "需求条目撤销",
    "item.merged": "需求条目合并",
    "item.unmerged": "需求条目拆开",
    "rollout.changed": "铺开状态变化",
    "fix.opened": "服务改进开出",
    "fix.moved": "服务改进状态变化",
    "fix.withdrawn": "服务改进撤销",
    "effect.computed": "效果结论算出",
    "theme.returned": "问题又出现",
    "brief.weekly": "每周一页",
}
EVENT_LABELS = {**EVENTS, TEST: "测试", TRIAL: "请顾客体验"}
_LONGEST_SENTENCE = 500


def sentence(event: str, data: Mapping[str, Any]) -> str:
    """Say an event in one Chinese sentence, for a group robot."""
    title = f"“{data.get('title', '')}”"
    stores = "、".join(store["name"] for store in data.get("stores", ())) or data.get("store", "")
    said = {
        "item.stage_moved": lambda: f"需求条目{title}进入“{data['to_label']}”。",
        "item.withdrawn": lambda: f"需求条目{title}已撤销。",
        "item.merged": lambda: f"需求条目{title}并入“{data['into_title']}”。",
        "item.unmerged": lambda: f"需求条目{title}已从“{data['into_title']}”拆开。",
        "rollout.changed": lambda: f"{stores}：需求条目{title}{data['to_label']}。",
        "fix.opened": lambda: f"{stores}：新的服务改进{title}" + (f"，{data['due_on']} 前完成。" if data["due_on"] else "。"),
        "fix.moved": lambda: f"{stores}：服务改进{title}{data['to_label']}。",
        "fix.withdrawn": lambda: f"服务改进{title}已撤销。",
        "effect.computed": lambda: f"{title}的效果结论：{data['verdict']}。",
        "theme.returned": lambda: f"{stores or '已上线门店'}：{title}针对的问题又出现，近 28 天有 {data['people']} 人不满。",
        "brief.weekly": lambda: _week(data),
        TRIAL: lambda: f"{stores}：请邀请 {data['count']} 位提过这件事的粉丝来试{title}，名单在“今天”的服务卡里。",
        TEST: lambda: "这是一条测试消息，收到就说明地址可用。",
    }  # fmt: skip
    return said[event]()[:_LONGEST_SENTENCE]


def _week(data: Mapping[str, Any]) -> str:
    who = "核心粉丝" if data["wants_of"] == "core" else "粉丝"
    wants = "、".join(f"“{each['title']}”（{each['people']} / {each['base']} 人）" for each in data["wants"])
    verdicts = "；".join(f"“{each['title']}”{each['verdict']}" for each in data["verdicts"])
    silent = f"{data['silent_stores']} 家门店没有声音。" if data["silent_stores"] else "每家门店都有声音。"
    return (
        f"{data['since']} 到 {data['until']}，{who}最想要：{wants or '还没有听到声音'}。"
        + (f"效果：{verdicts}。" if verdicts else "")
        + silent
    )
