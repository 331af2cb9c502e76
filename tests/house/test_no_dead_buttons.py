"""No button waits for words: what is typed arrives when the field is left, so the first tap on a disabled button would do nothing."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_button_is_disabled_until_something_is_typed():
    code = [path for folder in ("fanops/ui", "pages") for path in (ROOT / folder).rglob("*.py")]
    waiting = [
        f"{path.name}: {found}"
        for path in code
        for found in re.findall(r"disabled=not [\w.]+\.strip\(\)", path.read_text("utf-8"))
    ]
    assert not waiting
