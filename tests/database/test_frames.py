"""Rows as a frame: a missing text is false, numbers and moments stay what they are."""

from __future__ import annotations

import pandas as pd

from fanops.database.frames import frame_of
from fanops.tables import now


def test_a_missing_text_stays_none_beside_texts() -> None:
    moment = now()
    frame = frame_of([(1, "王**", moment, 2), (2, None, None, None)], ["id", "fan", "at", "n"])
    assert frame["fan"].tolist() == ["王**", None]
    assert [row.fan or "未留姓名" for row in frame.itertuples()] == ["王**", "未留姓名"]
    assert pd.isna(frame["at"][1]) and frame["at"][0] == moment and pd.isna(frame["n"][1])
    assert frame["id"].dtype.kind == "i" and frame["n"].dtype.kind == "f"


def test_nothing_and_only_missing() -> None:
    assert list(frame_of([], ["id", "fan"]).columns) == ["id", "fan"]
    assert frame_of([(1, None)], ["id", "fan"])["fan"].tolist() == [None]
