"""The audit log's details are read by people: no key or code word of ours."""

from __future__ import annotations

import pytest

from fanops.ui.audit_words import detail_words


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"role": "store_manager"}, "角色 店长"),
        ({"kind": "voices", "rows": 4000}, "种类 原声，行 4,000"),
        ({"to": "define"}, "到 定义"),
        ({"level": "core", "before": "identified", "ground": "意见领袖"}, "分层 核心粉丝，原来 已识别，理由 意见领袖"),
        ({"moves": [[1, None, 2], [3, None, 2]]}, "换了负责人的粉丝 2"),
        ({"changed": ["name", "closed_on"], "closed": True}, "更改 名称、关店，关店 是"),
        ({"about": "store:3", "wanted": None}, "对象 门店 3，要几份 无"),
        ({"into": 2090}, "并到 2090"),
        ({}, ""),
    ],
)
def test_details_are_said_in_words(detail: dict, said: str) -> None:
    assert detail_words(detail) == said
