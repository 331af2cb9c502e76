"""The generated parts of the READMEs are up to date, and both stay short."""

from __future__ import annotations

from pathlib import Path

import pytest

from fanops.cli.readme import filled

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_generated_parts_are_current(name):
    text = (ROOT / name).read_text("utf-8")
    assert text == filled(text)
    assert len(text.splitlines()) < 200
