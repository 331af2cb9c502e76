"""The first rows of an import as they will be understood (预览前几行), identifiers and names masked."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from fanops.access.vault import mask_identifier, mask_name
from fanops.collect import records_rows
from fanops.collect.fields import fields_of
from fanops.settings import settings
from fanops.text.masking import mask_identifiers

_SHOWN_ROWS = 8


def first_rows(
    kind: str, rows: pd.DataFrame, mapping: Mapping[str, str], stores: Mapping[int, str]
) -> tuple[dict[str, str], ...]:
    """Give the first rows by Chinese heading, personal data masked.

    Args:
        kind: Of import.
        rows: Checked rows.
        mapping: Heading by field name, of the fields that are taken.
        stores: Store name by id.
    """
    zone, shown = settings().zone, []
    for row in rows.head(_SHOWN_ROWS).to_dict("records"):
        words: dict[str, str] = {"行": str(row["row"])}
        for each in fields_of(kind):
            if each.name not in mapping and each.name != "store":
                continue
            value = row.get({"store": "store_id", "amount": "amount_fen"}.get(each.name, each.name), "")
            if each.name in ("time", "joined"):
                words[each.label] = "" if pd.isna(value) else f"{value.tz_convert(zone):%Y-%m-%d %H:%M}"
            elif each.name == "store":
                words[each.label] = stores.get(int(value), "")
            elif each.name == "amount":
                words[each.label] = f"{value / 100:.2f}"
            elif each.name in records_rows.WHO:
                words[each.label] = mask_identifier(each.name, value) if value else ""
            elif each.name == "name":
                words[each.label] = mask_name(value)
            elif each.name == "birthday":
                words[each.label] = "已填" if value else ""
            elif each.name == "text":
                words[each.label] = mask_identifiers(value).text[:80]
            else:
                words[each.label] = "" if value != value else str(value)
        shown.append(words)
    return tuple(shown)
