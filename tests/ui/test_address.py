"""A link makes a choice by its value; what a person picks goes into the address; the first option leaves it."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from fanops.tables import row_id


def page() -> None:
    import streamlit as st

    from fanops.ui.address import choice

    st.write(choice("门店", ["all", 7, 9], "store", lambda key: {"all": "全部", 7: "静安店", 9: "天河店"}[key]))


def test_a_link_chooses_by_value_and_a_pick_goes_into_the_address():
    at = AppTest.from_function(page)
    at.query_params["store"] = "7"
    at.run()
    assert not at.exception and at.selectbox(key="store").value == 7
    at.selectbox(key="store").select(9).run()
    assert at.selectbox(key="store").value == 9 and at.query_params["store"] in ("9", ["9"])
    at.selectbox(key="store").select("all").run()
    assert at.selectbox(key="store").value == "all" and "store" not in at.query_params
    at.query_params["store"] = "7"  # another link to the same page
    at.run()
    assert at.selectbox(key="store").value == 7


def test_an_unknown_value_in_the_address_chooses_nothing():
    at = AppTest.from_function(page)
    at.query_params["store"] = "8; DROP"
    at.run()
    assert not at.exception and at.selectbox(key="store").value == "all" and "store" not in at.query_params


def test_an_id_in_the_address_is_a_number_that_fits():
    for text, found in {
        "7": 7,
        "": None,
        "-7": None,
        "七": None,
        "9" * 18: 10**18 - 1,
        "9" * 19: None,
        "1e3": None,
    }.items():
        assert row_id(text) == found
