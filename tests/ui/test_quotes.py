"""Quotes: as much of the voice around the sentence as the place has room for."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import streamlit as st

from fanops.ui.quotes import quotes


def test_a_quote_shows_so_much_of_the_voice_around_its_sentence(monkeypatch) -> None:
    shown = []
    monkeypatch.setattr(
        st.components.v2,
        "component",
        lambda *_, **__: lambda **given: shown.append(given) or SimpleNamespace(chosen=[]),
    )
    voice = "一二三四五六七八九十排队太久一二三四五六七八九十"
    row = {"unit_id": 1, "voice": voice, "start": 10, "end": 14, "sentence": "排队太久", "level": "core", "fan_id": 1,
           "fan": "王*", "store": "静安店", "said_at": None, "source": "", "kind": "review", "staff": "", "polarity": -1}  # fmt: skip
    quotes(pd.DataFrame([row]), "whole")
    quotes(pd.DataFrame([row]), "short", around=3)
    whole, short = (each["data"]["quotes"][0] for each in shown)
    assert whole["before"] + whole["sentence"] + whole["after"] == voice
    assert (short["before"], short["after"]) == ("…八九十", "一二三…")
