"""A filter that leaves fewer pages than the one that is open shows the last page, never an empty one."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from fanops.ui.paging import open_page, rows_from, turn_pages

    rows = list(range(st.number_input("多少", 0, 100, 25, key="rows")))
    here, total, number = open_page("list.page", 10, rows_from(rows, 10))
    st.text(f"{here} {total} {number}")
    turn_pages("list.page", 10, total)


def shown(at: AppTest) -> str:
    assert not at.exception
    return at.text[0].value


def test_the_open_page_is_one_that_there_is():
    at = AppTest.from_function(page).run()
    assert shown(at) == f"{list(range(10))} 25 1"
    at.session_state["list.page"] = 3
    assert shown(at.run()) == "[20, 21, 22, 23, 24] 25 3"
    at.number_input(key="rows").set_value(14).run()
    assert shown(at) == "[10, 11, 12, 13] 14 2"
    at.number_input(key="rows").set_value(4).run()
    assert shown(at) == "[0, 1, 2, 3] 4 1"
    at.number_input(key="rows").set_value(0).run()
    assert shown(at) == "[] 0 1"
