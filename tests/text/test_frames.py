"""Frames in, frames out: nothing of a person's table is lost, and what can't be used is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fanops.errors import InvalidInput
from fanops.text.frames import polarity_table, tokens_table, units_table
from fanops.themes.label import label_table


def test_what_is_missing_counts_as_empty_and_the_index_stays():
    said = pd.DataFrame({"评论": ["太甜了", None, np.nan, pd.NA, 38, ""]}, index=[5, 3, 9, 1, 2, 7])
    found = polarity_table(said, "评论")
    assert found.index.tolist() == said.index.tolist() and found["评论"].equals(said["评论"])
    assert found["polarity"].tolist() == [-1, 0, 0, 0, 0, 0]
    assert tokens_table(said, "评论")["tokens"].tolist() == ["太甜 了", "", "", "", "38", ""]
    assert units_table(said, "评论")["row"].tolist() == [1, 5]


def test_results_never_take_the_place_of_a_column_that_is_there():
    said = pd.DataFrame({"评论": ["好喝"], "polarity": ["手填"]})
    found = polarity_table(said, "评论")
    assert found["polarity"].tolist() == ["手填"] and found["polarity_新"].tolist() == [1]
    assert list(said.columns) == ["评论", "polarity"]


@pytest.mark.parametrize("give", [polarity_table, tokens_table, units_table, label_table])
def test_a_column_that_is_not_there_or_there_twice_is_refused(give):
    said = pd.DataFrame([["好喝", "难喝"]], columns=["评论", "评论"])
    with pytest.raises(InvalidInput, match="两列"):
        give(said, "评论")
    with pytest.raises(InvalidInput, match="没有"):
        give(said, "文本")
