"""The flow of themes over runs, checked by hand on a small lineage."""

from __future__ import annotations

import pandas as pd

from fanops.themes.flow import Node, flow
from fanops.ui.themes.theme_flow_views import sankey

COLUMNS = ["run_id", "run_at", "theme_id", "name", "from_theme_id", "kind", "shared_units", "units"]
FIRST, SECOND, THIRD = (pd.Timestamp(f"2026-0{month}-01", tz="UTC") for month in (1, 2, 3))
LINEAGE = pd.DataFrame(
    [
        (1, FIRST, 10, "排队太久", None, "born", 0, 100),
        (1, FIRST, 11, "珍珠太硬", None, "born", 0, 40),
        (1, FIRST, 12, "吸管易断", None, "born", 0, 20),
        (2, SECOND, 10, "排队太久", None, "continued", 70, 80),
        (2, SECOND, 13, "叫号听不见", 10, "split", 25, 30),
        (2, SECOND, 11, "珍珠太硬", 12, "merged", 38, 60),
        (3, THIRD, 10, "排队太久", None, "continued", 75, 90),
        (3, THIRD, 14, "杯子漏", None, "born", 0, 10),
        (3, THIRD, 11, "珍珠太硬", None, "died", 0, 0),
    ],
    columns=COLUMNS,
)


def test_what_went_where() -> None:
    nodes, links, runs = flow(LINEAGE)
    assert runs == [FIRST, SECOND, THIRD]
    assert {(link.run, link.theme_id, link.into, link.units) for link in links} == {
        (0, 10, 10, 70), (0, 10, 13, 25), (0, 11, 11, 38), (0, 12, 11, 20), (1, 10, 10, 75),
    }  # fmt: skip
    kinds = {(node.run, node.theme_id): node.kind for node in nodes}
    assert kinds[1, 11] == "died" and kinds[1, 13] == "split" and kinds[2, 14] == "born"
    assert (2, 11) not in kinds


def test_only_the_last_runs_and_the_largest_themes_are_shown() -> None:
    nodes, links, runs = flow(LINEAGE, runs=2, themes=1)
    assert runs == [SECOND, THIRD]
    assert [(node.run, node.theme_id, node.units) for node in nodes] == [(0, 10, 80), (1, 10, 90)]
    assert [(link.run, link.theme_id, link.into) for link in links] == [(0, 10, 10)]


def test_names_in_the_picture_are_written_in_the_ink_of_the_page():
    nodes, links, runs = flow(LINEAGE)
    data = sankey(nodes, links, len(runs), "#ECEAE4")["series"][0]["data"]
    assert {each["label"]["color"] for each in data} == {"#ECEAE4"}


def test_the_first_column_and_what_happened_between_are_named():
    nodes = [Node(0, 1, "能不能出低咖啡因的茶底", "continued", 9), Node(1, 1, "能不能出低咖啡因的茶底", "continued", 9),
             Node(1, 2, "小杯多好", "split", 3), Node(2, 1, "能不能出低咖啡因的茶底", "continued", 9)]  # fmt: skip
    drawn = sankey(nodes, [], 3, "#ECEAE4", 7)["series"][0]["data"]
    shown = [each["label"]["formatter"] if each["label"]["show"] else "" for each in drawn]
    assert shown == ["能不能出低咖…", "", "小杯多好", "能不能出低咖啡因…"]
