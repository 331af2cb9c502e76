"""The flow of themes over runs: which part of each theme went where, as nodes and links of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

RUNS_SHOWN = 5
THEMES_SHOWN = 14


@dataclass(frozen=True)
class Node:
    """A theme as one run left it.

    Attributes:
        run: Column of the picture, 0 the oldest shown.
        theme_id: The theme.
        name: Its name today.
        kind: What the run did: continued, split, merged, born, revived; died: it ends here.
        units: What it held.
    """

    run: int
    theme_id: int
    name: str
    kind: str
    units: int


@dataclass(frozen=True)
class Link:
    """What went from a theme of one column (``run``, ``theme_id``) into ``into`` of the next; ``units`` is at least 1."""

    run: int
    theme_id: int
    into: int
    units: int


def flow(
    lineage: pd.DataFrame, runs: int = RUNS_SHOWN, themes: int = THEMES_SHOWN
) -> tuple[list[Node], list[Link], list[pd.Timestamp]]:
    """Lay the lineage out as a flow.

    Args:
        lineage: Rows of ``records.lineage``.
        runs: The last so many are columns.
        themes: The largest so many of each column, and all that they came from, are shown.

    Returns:
        Nodes, links between neighbouring columns, and when each column's run was.
    """
    order = lineage.drop_duplicates("run_id").sort_values("run_id").tail(runs)
    nodes: dict[tuple[int, int], Node] = {}
    links: dict[tuple[int, int, int], int] = {}
    for column, run_id in enumerate(order["run_id"].tolist()):
        rows = lineage[lineage["run_id"] == run_id]
        kept = (
            rows[rows["kind"] != "died"]
            .drop_duplicates("theme_id")
            .sort_values(["units", "theme_id"], ascending=[False, True])
        )
        for row in kept.head(themes).itertuples():
            nodes[column, row.theme_id] = Node(column, row.theme_id, row.name, row.kind, int(row.units))
        for row in rows.itertuples():
            if (column, row.theme_id) not in nodes:
                continue
            shared = max(1, int(row.shared_units))
            if row.kind in ("continued", "merged", "revived"):
                _link(links, nodes, column, row.theme_id, row.theme_id, shared)
            if row.from_theme_id == row.from_theme_id and row.from_theme_id is not None:
                source = int(row.from_theme_id)
                before = nodes.get((column - 1, source))
                # of a theme that was merged away the lineage keeps no share: it went in whole
                _link(
                    links,
                    nodes,
                    column,
                    source,
                    row.theme_id,
                    shared if row.kind == "split" else before.units if before else 0,
                )
    ended = set(lineage[lineage["kind"] == "died"][["run_id", "theme_id"]].itertuples(index=False, name=None))
    following = dict(zip(range(len(order) - 1), order["run_id"].tolist()[1:], strict=True))
    shown = [
        Node(node.run, node.theme_id, node.name, "died", node.units)
        if (following.get(node.run), node.theme_id) in ended
        else node
        for node in nodes.values()
    ]
    return shown, [Link(*key, units) for key, units in links.items()], order["run_at"].tolist()


def _link(links: dict, nodes: dict, column: int, source: int, into: int, units: int) -> None:
    if units and (column - 1, source) in nodes:
        links[column - 1, source, into] = max(units, links.get((column - 1, source, into), 0))
