"""Files on their way from the page to the worker: kept sealed, for their owner only, and not longer than needed."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from pathlib import Path

from fanops.access import Actor, vault
from fanops.errors import InvalidInput, NotFound
from fanops.settings import settings

_KEPT_S = 24 * 3600
_NAME = re.compile(r"(\d{1,19})-[0-9a-f]{64}-[0-9a-f]{16}")


def _folder() -> Path:
    folder = settings().data / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def keep_upload(content: bytes, actor: Actor) -> str:
    """Keep a file for the worker; those left over from an earlier day are removed.

    Returns:
        The name by which ``read_upload`` finds it.

    Raises:
        InvalidInput: Larger than this installation takes through the page.
    """
    largest = settings().upload_mb * 1_000_000
    if len(content) > largest:
        raise InvalidInput(
            f"文件太大：{len(content) / 1e6:.0f} MB，页面上最大 {settings().upload_mb} MB。",
            "请拆成几个文件，或在服务器上用命令行导入：fanops import",
        )
    folder = _folder()
    for old in folder.iterdir():
        if old.stat().st_mtime < time.time() - _KEPT_S:
            old.unlink(missing_ok=True)
    name = f"{actor.account_id or 0}-{hashlib.sha256(content).hexdigest()}-{secrets.token_hex(8)}"
    handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(vault().seal_bytes(content))
    return name


def _path(name: str, actor: Actor) -> Path:
    match = _NAME.fullmatch(name)
    if match is None or int(match[1]) != (actor.account_id or 0):
        raise NotFound("找不到上传的文件。", "请重新上传。")
    return _folder() / name


def read_upload(name: str, actor: Actor) -> bytes:
    """Read a kept file of this actor's own.

    Raises:
        NotFound: Another's, or it was imported, or removed after a day.
    """
    path = _path(name, actor)
    if not path.is_file():
        raise NotFound("上传的文件已经不在了。", "请重新上传。")
    return vault().unseal_bytes(path.read_bytes())


def forget_upload(name: str, actor: Actor) -> None:
    """Remove a kept file."""
    _path(name, actor).unlink(missing_ok=True)
