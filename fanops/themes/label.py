"""Themes without a database: a table in, one row per input row (or unit) out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fanops.errors import InvalidInput, TooLittleData
from fanops.text.no_content import no_content
from fanops.text.polarity import Polarity, polarity
from fanops.text.table_file import free_suffix
from fanops.text.tokens import tokenizer
from fanops.text.units import split_many
from fanops.themes.discovery import Discovery, Progress, discover
from fanops.themes.parameters import Parameters
from fanops.themes.spread import beside, bounds, encoder, in_chunks

if TYPE_CHECKING:
    import pandas as pd

LEVELS = ("row", "unit")
NO_THEME, NO_CONTENT_NAME = "未归类", "无内容"
_UNIT_COLUMNS = ("start", "end", "text")
_OWN_COLUMNS = (
    "row", "theme_id", "strength", "theme_name", "subtheme_name", "polarity", "polarity_probability", "aspect",
)  # fmt: skip
_UNREAD = 1 / 3  # what ``polarity`` gives a text in which there is nothing to read
_BESIDE_LEAST = 3_000  # texts from which it is worth a process to judge them while their themes are looked for

Columns = dict[str, Sequence[Any]]


@dataclass(frozen=True)
class LabelledColumns:
    """What ``label_texts`` gives: ``Labelled`` with columns in the place of frames.

    ``no_content`` counts the units that say nothing; they have theme −1 like those that no theme was found for.
    """

    columns: Columns
    themes: list[dict[str, Any]]
    fingerprint: str
    note: str = ""
    no_content: int = 0


@dataclass(frozen=True)
class Labelled:
    """What ``label_table`` gives.

    Attributes:
        table: ``row`` (1-based data row), the id column if given (as ``carried_as`` names it), ``start``/``end``/``text`` for
            units, ``theme_id`` (0 the largest, −1 none), ``theme_name``, ``subtheme_name``, ``strength``, ``polarity`` with
            ``polarity_probability`` (0 and 1/3 where nothing is said), ``aspect``.
        themes: One row per theme: ``theme_id, name, keywords, size, general``, those of general remarks (笼统评价) last.
        fingerprint: Hash of input, parameters, encoder and result; empty when there was too little.
        note: A Chinese sentence where there was too little data, else empty.
    """

    table: pd.DataFrame
    themes: pd.DataFrame
    fingerprint: str
    note: str = ""


def label_table(
    frame: pd.DataFrame,
    text_column: str,
    id_column: str | None = None,
    *,
    level: str = "row",
    granularity: str = "normal",
    method: str = "graph",
    encoder_name: str | None = None,
    words: frozenset[str] = frozenset(),
    pack: str | None = None,
    progress: Progress = lambda share, doing: None,
    cluster: str = "",
) -> Labelled:
    """Label a table of texts with themes, polarity and aspect.

    Args:
        frame: One text per row; missing and empty texts get theme −1.
        text_column: Where the text stands.
        id_column: Carried into the result; rows of the same id are one person's (a theme needs three people), a row without
            an id is a person of its own.
        level: ``row``: each row is one unit; ``unit``: rows are cut into units first.
        granularity: ``coarse``, ``normal`` or ``fine``.
        method: ``graph`` or ``hdbscan``.
        encoder_name: Another sentence-transformers model, None for the shipped encoder.
        words: The brand's own words.
        pack: Industry pack for aspects, None for the general one.
        progress: Called with share done and what is being done.
        cluster: Address of a Dask scheduler that long files are worked on, empty: here. The result is the same.

    Raises:
        InvalidInput: A column is missing, or an unknown level.
    """
    import pandas as pd

    from fanops.text.frames import column_of, texts_of

    texts = texts_of(frame, text_column)
    people = column_of(frame, id_column) if id_column else None
    carried = {id_column: frame[id_column].tolist()} if id_column else {}
    found = label_texts(
        texts, carried, people=people, level=level, granularity=granularity, method=method,
        encoder_name=encoder_name, words=words, pack=pack, progress=progress, cluster=cluster,
    )  # fmt: skip
    # a lone surrogate has no place in an Arrow string
    columns = {
        name: pd.Series(values, dtype=object) if name == "text" else values for name, values in found.columns.items()
    }
    themes = pd.DataFrame(found.themes, columns=["theme_id", "name", "keywords", "size", "general"])
    return Labelled(pd.DataFrame(columns), themes, found.fingerprint, found.note)


def carried_as(names: Iterable[str], level: str = "row") -> dict[str, str]:
    """Give the name under which each carried column stands in the result: its own, or ``row_原`` where the result has a ``row``.

    Args:
        names: Of the columns to carry.
        level: As in ``label_table``.
    """
    names = list(names)
    taken = {*_OWN_COLUMNS, *(_UNIT_COLUMNS if level == "unit" else ())}
    found: dict[str, str] = {}
    for name in names:
        others = {*found.values(), *names} - {name}
        suffix = free_suffix([name], taken | others, "_原")
        found[name] = f"{name}{suffix}" if suffix else name
    return found


def label_texts(
    texts: Sequence[str],
    carried: Columns | None = None,
    *,
    people: Sequence[Any] | None = None,
    level: str = "row",
    granularity: str = "normal",
    method: str = "graph",
    encoder_name: str | None = None,
    words: frozenset[str] = frozenset(),
    pack: str | None = None,
    progress: Progress = lambda share, doing: None,
    cluster: str = "",
) -> LabelledColumns:
    """Label texts as ``label_table`` does, without frames.

    Args:
        texts: One per row.
        carried: Columns to carry into the result, each as long as ``texts``, under the names that ``carried_as`` gives.
        people: Who wrote each text (a theme needs three people), None: every text another person. Where one of them is None,
            NaN or blank, nobody is named: a person of its own.
        level: As ``label_table``, also the following.
        granularity: See there.
        method: See there.
        encoder_name: See there.
        words: See there.
        pack: See there.
        progress: See there.
        cluster: See there.

    Raises:
        InvalidInput: An unknown level.
    """
    if level not in LEVELS:
        raise InvalidInput(f"没有“{level}”这个层级。", f"可用：{'、'.join(LEVELS)}。")
    parameters = Parameters(granularity=granularity, method=method)
    carried = carried or {}
    names = carried_as(carried, level)
    rows, columns, units = _units(texts, {names[name]: values for name, values in carried.items()}, level, cluster)
    judging = (beside if len(units) >= _BESIDE_LEAST else partial)(_judged, units, pack, cluster)
    cut = [units[begin:end] for begin, end in bounds(len(units))]
    empty = np.concatenate([np.zeros(0, dtype=bool), *in_chunks(no_content, cut, cluster)])
    useful = np.flatnonzero(~empty)
    found: Discovery | None = None
    note = ""
    try:
        people_of = _numbered(people, len(texts))[rows - 1]
        found = discover(
            [units[i] for i in useful], people_of[useful], encoder(encoder_name, cluster), tokenizer(words),
            parameters, progress, cluster=cluster, voices=rows[useful] if level == "unit" else None,
        )  # fmt: skip
    except TooLittleData as refusal:
        note = f"{refusal.message}{refusal.hint}"
    columns |= _theme_columns(found, useful, empty)
    judged, about = judging()
    columns |= {
        "polarity": np.where(empty, 0, judged.values).tolist(),
        "polarity_probability": _rounded(np.where(empty, _UNREAD, judged.probability)),
        "aspect": about,
    }
    return LabelledColumns(columns, _listed(found), found.fingerprint if found else "", note, int(empty.sum()))


def _numbered(people: Sequence[Any] | None, count: int) -> NDArray[np.int64]:
    """Give each text the number of who wrote it."""
    if people is None:
        return np.arange(count)
    known: dict[Any, int] = {}
    # a fresh object is equal to nothing else
    keys = (object() if _unnamed(each) else each for each in people)
    return np.fromiter((known.setdefault(key, len(known)) for key in keys), dtype=np.int64, count=count)


def _unnamed(person: Any) -> bool:
    if isinstance(person, str):
        return not person.strip()
    return person is None or (isinstance(person, float) and person != person)


def _judged(units: Sequence[str], pack: str | None, cluster: str) -> tuple[Polarity, list[str]]:
    """Give polarity and aspect of all units; the polarity of a file's texts may depend on each other: it is not cut into chunks."""
    from fanops.text.aspects import aspects

    cut = [units[begin:end] for begin, end in bounds(len(units))]
    return polarity(units), list(chain.from_iterable(in_chunks(partial(aspects, pack=pack), cut, cluster)))


def _theme_columns(found: Discovery | None, useful: NDArray[np.int64], empty: NDArray[np.bool_]) -> Columns:
    """Give theme, strength and names of all units: those without content have none."""
    theme_id, strength = np.full(len(empty), -1), np.zeros(len(empty))
    name = np.where(empty, NO_CONTENT_NAME, NO_THEME).astype(object)
    subname = np.full(len(empty), "", dtype=object)
    if found is not None:
        theme_id[useful], strength[useful] = found.labels, found.strength
        name[useful] = np.array([group.name for group in found.themes] + [NO_THEME], dtype=object)[found.labels]
        subname[useful] = np.array([group.name for group in found.subthemes] + [""], dtype=object)[found.sublabels]
    return {
        "theme_id": theme_id.tolist(), "strength": _rounded(strength), "theme_name": name.tolist(),
        "subtheme_name": subname.tolist(),
    }  # fmt: skip


def _listed(found: Discovery | None) -> list[dict[str, Any]]:
    if found is None:
        return []
    sizes = np.bincount(found.labels[found.labels >= 0], minlength=len(found.themes)).tolist()
    rows = [
        {
            "theme_id": place, "name": group.name, "keywords": "、".join(word for word, _ in group.keywords[:6]),
            "size": size, "general": group.general,
        }
        for place, (group, size) in enumerate(zip(found.themes, sizes, strict=True))
    ]  # fmt: skip
    return sorted(rows, key=lambda row: row["general"])


def _rounded(values: NDArray[np.floating]) -> list[float]:
    return np.asarray(values, dtype=np.float64).round(4).tolist()


def _units(
    texts: Sequence[str], carried: Columns, level: str, cluster: str
) -> tuple[NDArray[np.int64], Columns, list[str]]:
    """Give the row of each unit, the columns that come before its theme, and the units."""
    if level == "row":
        return np.arange(1, len(texts) + 1), {"row": range(1, len(texts) + 1), **carried}, list(texts)
    parted = [texts[begin:last] for begin, last in bounds(len(texts))]
    voice: list[int] = []
    start: list[int] = []
    end: list[int] = []
    for (begin, _), found in zip(bounds(len(texts)), in_chunks(split_many, parted, cluster), strict=True):
        voice += (found[0] + begin).tolist()
        start += found[1].tolist()
        end += found[2].tolist()
    units = [texts[v][s:e] for v, s, e in zip(voice, start, end, strict=True)]
    columns: Columns = {"row": [at + 1 for at in voice]}
    columns |= {name: [values[at] for at in voice] for name, values in carried.items()}
    return np.asarray(columns["row"], dtype=np.int64), columns | {"start": start, "end": end, "text": units}, units
