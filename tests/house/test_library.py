"""The library's document is true: its lines run, and give what it says they give."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_librarys_document_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "library.md").read_text(encoding="utf-8"), re.DOTALL)
    lines = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "library.md", None, 0)
    done = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(lines)
    assert done.attempted > 15 and not done.failed
