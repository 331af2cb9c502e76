"""The sample chain (示例连锁): an invented tea brand to look around in, with truths planted for the tests.

``load_sample(db, progress)``, ``clear_sample(db)``, ``is_loaded(db)``, ``SAMPLE_PASSWORD``; what was planted is written
down in ``fanops.sample.truth``.
"""

from __future__ import annotations

from typing import Any

from fanops.sample.chain import SAMPLE_PASSWORD

_PLACES = {
    "SampleSummary": "fanops.sample.load",
    "load_sample": "fanops.sample.load",
    "clear_sample": "fanops.sample.clear",
    "is_loaded": "fanops.sample.clear",
}


def __getattr__(name: str) -> Any:
    # Imported when used: the sign-in page asks only for the password.
    if name in _PLACES:
        import importlib

        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(name)


__all__ = ["SAMPLE_PASSWORD", "SampleSummary", "clear_sample", "is_loaded", "load_sample"]
