"""What customers say of each trade, topic by topic (自写语料): written for this project with a language model's help, line by
line: no templates, nothing copied.

``said/<trade>.txt``, a line ``topic|polarity|text``; polarity 1, 0 or -1. Edit freely, then train anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).with_name("said")


@dataclass(frozen=True)
class Said:
    """One thing a customer would say.

    Attributes:
        trade: Industry.
        topic: What it is about, within the trade.
        polarity: 1 praise, −1 complaint, 0 wish, question or fact.
        text: The words.
    """

    trade: str
    topic: str
    polarity: int
    text: str


def read_said(folder: Path = _FOLDER) -> list[Said]:
    """Read all trades, by name, in the order of their lines."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        for line in path.read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                topic, polarity, text = line.split("|")
                found.append(Said(path.stem, topic, int(polarity), text))
    return found


def said_words(said: list[Said]) -> list[str]:
    """Give every word of the texts, cut by the segmenter, in order."""
    import rjieba

    return list(dict.fromkeys(word for each in said for word in rjieba.cut(each.text.lower(), False)))
