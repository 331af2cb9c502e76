"""Settings: an empty variable is as good as none, as the README says."""

from __future__ import annotations

from pathlib import Path

from fanops.settings import Settings


def test_an_empty_variable_means_the_default(monkeypatch) -> None:
    for name in ("KEY_FILE", "PORT", "DATABASE", "SECURE_COOKIE"):
        monkeypatch.setenv(f"FANOPS_{name}", "")
    found = Settings()
    assert found.port == 8501 and not found.secure_cookie
    assert found.secret_file == Path.home() / ".config" / "fanops" / "fanops.key"
