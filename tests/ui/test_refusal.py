"""Refusals on the page: what, why, the way out; words of people never act."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from fanops.ui.refusal import plain


@pytest.mark.parametrize(
    "text",
    [
        "![看](https://evil.example/a.png)",
        "[点这里](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "https://evil.example",
        "www.evil.example",
        ":red[红] :material/check: :smile:",
        "$\\frac{1}{2}$",
        "# 标题",
        "- 一",
        "`code` ~~删~~ **粗**",
        "a|b",
    ],
)
def test_nothing_acts(text: str) -> None:
    shown = plain(text)
    for sign in "[]<>`$*#|~":
        assert shown.count(sign) == shown.count(f"\\{sign}")
    assert "://" not in shown
    assert "www." not in shown


@given(st.text(max_size=80))
def test_what_is_shown_is_what_was_said(text: str) -> None:
    back = plain(text).replace("\u2060", "")
    unescaped, escaped = [], False
    for sign in back:
        if sign == "\\" and not escaped:
            escaped = True
            continue
        unescaped.append(sign)
        escaped = False
    assert "".join(unescaped) == text.replace("\u2060", "")


def test_a_refusal_is_shown_with_its_problems_and_the_page_goes_on() -> None:
    def script() -> None:
        import streamlit as st

        from fanops.errors import InvalidInput, Problem
        from fanops.ui.refusal import refusals

        st.text_input("名称", key="name")
        with refusals():
            raise InvalidInput(
                "有 2 行不能导入。", "改好后再传一次。", [Problem("没有这家门店", row=7, column="门店", value="S99"),
                                                      Problem("日期在将来", row=9, column="时间")],
            )  # fmt: skip
        st.write("还在")

    at = AppTest.from_function(script).run()
    at.text_input(key="name").input("打到一半").run()
    assert not at.exception
    assert at.error[0].value == "有 2 行不能导入。改好后再传一次。"
    table = at.dataframe[0].value
    assert list(table["行"]) == [7, 9]
    assert "工作表" not in table.columns
    assert at.text_input(key="name").value == "打到一半"
    assert at.markdown[-1].value == "还在"


def test_a_bug_is_not_a_refusal() -> None:
    def script() -> None:
        from fanops.ui.refusal import refusals

        with refusals():
            raise ValueError("a bug")

    assert AppTest.from_function(script).run().exception


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_missing_value_is_empty(missing: float | None) -> None:
    assert plain(missing) == ""
