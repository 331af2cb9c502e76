"""Every refusal fanops can make, as one tree.

FanopsError
├── InvalidInput        what a person gave can't be used (carries the rows that are wrong)
├── NotAllowed          the actor may not do this
├── NotFound            no such thing, or not one this actor may see (deliberately the same)
├── Conflict            the state of the thing forbids the deed (a gate, a stale revision, a duplicate)
├── TooLittleData       the numbers don't carry an answer
└── NotReady            the installation lacks something (a model, a migration, an optional package)

Messages are whole Chinese sentences for the person at the screen; ``hint`` names the way out. Anything that is not a
FanopsError is a bug: it is logged with an id, and only the id is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file a person gave, placed so that it can be found and mended.

    Attributes:
        why: Chinese sentence.
        row: Row number as the person's spreadsheet shows it (the header is row 1), None for the whole file.
        column: Column heading, None for the whole row.
        value: The offending value, shortened, never a whole verbatim.
        sheet: Sheet name, None for CSV.
    """

    why: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    sheet: str | None = None

    def __str__(self) -> str:
        place = "".join(
            part
            for part in (
                f"工作表“{self.sheet}” " if self.sheet else "",
                f"第 {self.row} 行 " if self.row else "",
                f"“{self.column}”列 " if self.column else "",
            )
        ).strip()
        shown = f"（{self.value}）" if self.value else ""
        return f"{place}：{self.why}{shown}" if place else f"{self.why}{shown}"


class FanopsError(Exception):
    """A refusal with a whole Chinese sentence and the way out."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidInput(FanopsError):
    """What a person gave can't be used; ``problems`` says where."""

    def __init__(self, message: str, hint: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(message, hint)
        self.problems = tuple(problems)


class NotAllowed(FanopsError):
    """The actor may not do this."""


class NotFound(FanopsError):
    """No such thing, or none that this actor may see."""


class Conflict(FanopsError):
    """The state of the thing forbids the deed."""


class TooLittleData(FanopsError):
    """The numbers don't carry an answer."""


class NotReady(FanopsError):
    """The installation lacks something that this needs."""
