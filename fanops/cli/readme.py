"""Write the generated parts of the README files: settings and glossary, from the code that uses them."""

from __future__ import annotations

import re

from fanops.settings import Settings
from fanops.terms import TERMS


def settings_table() -> str:
    """Give the settings as a Markdown table."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, "") else f"`{field.default}`"
        rows.append(f"| `FANOPS_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def glossary_table() -> str:
    """Give the glossary as a Markdown table."""
    rows = ["| 中文 | code | 定义 |", "|---|---|---|"]
    rows += [f"| {term.chinese} | `{term.english}` | {term.definition} |" for term in TERMS.values()]
    return "\n".join(rows)


def filled(text: str) -> str:
    """Give a README with its generated parts brought up to date."""
    for name, table in (("settings", settings_table()), ("glossary", glossary_table())):
        pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        text = re.sub(pattern, lambda match, table=table: f"{match[1]}{table}\n{match[2]}", text, flags=re.S)
    return text
