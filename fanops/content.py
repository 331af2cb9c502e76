"""Where the content folders (pages, surveys, models) are, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def content_path(*parts: str) -> Path:
    """Give the path of a shipped content file or folder.

    Args:
        *parts: First ``pages``, ``surveys`` or ``models``, then the path below it.

    Returns:
        The path in the wheel (``fanops/content_files/…``) where that exists, else beside the package in the checkout.
    """
    packed = _PACKAGE / "content_files"
    root = packed if packed.is_dir() else _PACKAGE.parent
    return root.joinpath(*parts)
