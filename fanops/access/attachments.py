"""Attachments (附件): rows in the database, content sealed in the data folder's ``files`` under its SHA-256.

A file is written before the row that names it is committed, and removed only after its last row is gone, so a row always
has its content. What a crash leaves behind is a sealed file that no row names; ``sweep_attachments`` takes it away at night.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlmodel import Session, func, select

from fanops.access.actor import Actor
from fanops.access.audit import record_audit
from fanops.access.media import Media
from fanops.access.scope import in_scope
from fanops.access.vault import vault
from fanops.database import Database, take_turn
from fanops.errors import Conflict, InvalidInput, NotFound, NotReady
from fanops.settings import settings
from fanops.tables import Attachment, Fix, FixStore, Interview, now

MOST_PER_OWNER = 20
RESTORABLE = timedelta(minutes=10)
_KEPT_AFTER_REMOVAL = timedelta(hours=1)
_UNFINISHED_S = 24 * 3600
_log = logging.getLogger("fanops.access.attachments")


def folder() -> Path:
    """Where the sealed content lies."""
    return settings().data / "files"


def path_of(sha256: str) -> Path:
    """Where the content with this SHA-256 lies."""
    return folder() / sha256[:2] / sha256


def _store_of(
    session: Session, actor: Actor, *, interview_id: int | None, fix_store_id: int | None
) -> tuple[str, int | None]:
    """Give the owner's name for the audit log and its store, or refuse as if it did not exist."""
    if (interview_id is None) == (fix_store_id is None):
        raise ValueError("an attachment has exactly one owner")
    if interview_id is not None:
        statement = select(Interview.store_id).where(Interview.id == interview_id)
        statement = in_scope(statement, actor, brand=Interview.brand_id, store=Interview.store_id)
        subject = f"interview:{interview_id}"
    else:
        statement = select(FixStore.store_id).join(Fix, Fix.id == FixStore.fix_id).where(FixStore.id == fix_store_id)
        statement = in_scope(statement, actor, brand=Fix.brand_id, store=FixStore.store_id)
        subject = f"fix_store:{fix_store_id}"
    found = session.exec(statement).all()
    if not found:
        raise NotFound("没有要附上文件的这一项，或您看不到它。", "请从列表里重新进入。")
    return subject, found[0]


def _of_owner(interview_id: int | None, fix_store_id: int | None) -> Any:
    if interview_id is not None:
        return Attachment.interview_id == interview_id
    return Attachment.fix_store_id == fix_store_id


def add_attachment(
    session: Session, actor: Actor, media: Media, *, interview_id: int | None = None, fix_store_id: int | None = None
) -> Attachment:
    """Keep a photo or sound beside an interview or a store's fix; the same content again changes nothing.

    Args:
        session: In a write transaction.
        actor: Who adds it.
        media: From ``prepare_media``.
        interview_id: The interview; exactly one of the two owners is given.
        fix_store_id: The store's fix, which takes photos only.

    Raises:
        NotFound: No such owner for this actor.
        InvalidInput: Sound beside a fix, or too many files.
    """
    take_turn(session, "attachments")
    subject, store_id = _store_of(session, actor, interview_id=interview_id, fix_store_id=fix_store_id)
    if fix_store_id is not None and not media.is_photo:
        raise InvalidInput("服务改进只收照片。", "请选一张照片。")
    digest = hashlib.sha256(media.content).hexdigest()
    live = select(Attachment).where(_of_owner(interview_id, fix_store_id), Attachment.removed_at.is_(None))
    rows = session.exec(live).all()
    again = next((row for row in rows if row.sha256 == digest), None)
    if again is not None:
        return again
    if len(rows) >= MOST_PER_OWNER:
        raise InvalidInput(f"这里最多放 {MOST_PER_OWNER} 个文件。", "请先移除不需要的。")
    _keep(digest, media.content)
    row = Attachment(
        brand_id=actor.brand_id, store_id=store_id, interview_id=interview_id, fix_store_id=fix_store_id, name=media.name,
        media_type=media.media_type, size_bytes=len(media.content), sha256=digest, account_id=actor.account_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record_audit(session, actor, "add_attachment", f"attachment:{row.id}", to=subject, bytes=row.size_bytes)
    return row


def _keep(digest: str, content: bytes) -> None:
    """Write sealed content whole: beside, to the disk, then renamed, so that a half file never has a whole one's name."""
    path = path_of(digest)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_name(f"{digest}.{secrets.token_hex(8)}.part")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(vault().seal_file(content, digest))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    if os.name == "posix":  # the name itself must survive a power cut, as the row will
        for parent in (path.parent, path.parent.parent):
            handle = os.open(parent, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def attachments(
    session: Session, actor: Actor, *, interview_id: int | None = None, fix_store_id: int | None = None
) -> list[Attachment]:
    """List what is kept beside an interview or a store's fix, oldest first."""
    statement = select(Attachment).where(_of_owner(interview_id, fix_store_id), Attachment.removed_at.is_(None))
    statement = in_scope(statement, actor, brand=Attachment.brand_id, store=Attachment.store_id)
    return list(session.exec(statement.order_by(Attachment.id)))


def _get(session: Session, actor: Actor, attachment_id: int) -> Attachment:
    statement = select(Attachment).where(Attachment.id == attachment_id)
    row = session.exec(in_scope(statement, actor, brand=Attachment.brand_id, store=Attachment.store_id)).first()
    if row is None:
        raise NotFound("没有这个附件，或您看不到它。", "请回到访谈或改进里查看。")
    return row


def read_attachment(session: Session, actor: Actor, attachment_id: int) -> tuple[Attachment, bytes]:
    """Give an attachment with its content in clear.

    Raises:
        NotFound: None such for this actor, or it was removed.
        NotReady: The content is not there, or can't be opened with this key.
    """
    row = _get(session, actor, attachment_id)
    if row.removed_at is not None:
        raise NotFound("这个附件已经移除。", "刚移除的可以在原处恢复。")
    try:
        sealed = path_of(row.sha256).read_bytes()
    except FileNotFoundError as error:
        raise NotReady("附件的内容不在数据文件夹里。", "请管理员从备份恢复数据文件夹里的 files。") from error
    return row, vault().unseal_file(sealed, row.sha256)


def remove_attachment(session: Session, actor: Actor, attachment_id: int) -> None:
    """Take an attachment away; for a short while ``restore_attachment`` brings it back, then it is swept."""
    row = _get(session, actor, attachment_id)
    if row.removed_at is None:
        row.removed_at = now()
        session.add(row)
        record_audit(session, actor, "remove_attachment", f"attachment:{row.id}")


def restore_attachment(session: Session, actor: Actor, attachment_id: int) -> None:
    """Bring back what was just removed.

    Raises:
        Conflict: Removed too long ago.
    """
    row = _get(session, actor, attachment_id)
    if row.removed_at is None:
        return
    if row.removed_at < now() - RESTORABLE:
        raise Conflict("移除得太久了，不能恢复。", "请重新添加这个文件。")
    row.removed_at = None
    session.add(row)
    record_audit(session, actor, "restore_attachment", f"attachment:{row.id}")


def erase_attachments(session: Session, interview_ids: Sequence[int]) -> int:
    """Erase what is kept beside interviews, rows now and content once the deed is committed; give how many."""
    take_turn(session, "attachments")
    rows = session.exec(select(Attachment).where(Attachment.interview_id.in_(interview_ids))).all()
    _erase(session, rows)
    return len(rows)


def _erase(session: Session, rows: Sequence[Attachment]) -> None:
    """Delete rows; content that no other row names goes after the commit, so that a rollback loses nothing."""
    if not rows:
        return
    digests = {row.sha256 for row in rows}
    for row in rows:
        session.delete(row)
    session.flush()
    needed = set(session.exec(select(Attachment.sha256).where(Attachment.sha256.in_(digests))))
    gone = [path_of(digest) for digest in digests - needed]

    def unlink(_session: Session) -> None:
        for path in gone:
            path.unlink(missing_ok=True)

    event.listen(session, "after_commit", unlink, once=True)


def sweep_attachments(
    db: Database, actor: Actor, _parameters: Mapping[str, Any], progress: Callable[[float, str], None]
) -> dict[str, int]:
    """Erase for good what was removed earlier, and files that no row names (left by a crash); the worker's nightly job.

    Files are left alone when the database knows no attachment at all: that is more likely another database than a folder
    full of leftovers.
    """
    progress(0.0, "清理附件")
    with db.write() as session:
        take_turn(session, "attachments")
        old = select(Attachment).where(
            Attachment.brand_id == actor.brand_id, Attachment.removed_at < now() - _KEPT_AFTER_REMOVAL
        )
        rows = session.exec(old).all()
        known = set(session.exec(select(Attachment.sha256)))
        _erase(session, rows)
        files = 0
        for path in folder().glob("*/*") if known else ():
            is_old_part = path.suffix == ".part" and path.stat().st_mtime < time.time() - _UNFINISHED_S
            if is_old_part or (path.suffix != ".part" and path.name not in known):
                path.unlink(missing_ok=True)
                files += 1
    if files:
        _log.info("swept %s files without a row", files)
    return {"removed": len(rows), "files": files}


def missing_content(session: Session) -> int:
    """Count the attachments whose content is not in the data folder (all brands)."""
    return sum(not path_of(digest).is_file() for digest in set(session.exec(select(Attachment.sha256))))


def copy_files(target: Path) -> int:
    """Copy all sealed content for a backup; files never change once written, so a link on the same disk is a copy.

    Returns:
        How many files the backup holds.
    """
    count = 0
    for path in folder().glob("*/*"):
        if path.suffix == ".part":
            continue
        copy = target / path.parent.name / path.name
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            os.link(path, copy)
        except OSError:  # another disk, or one without links
            copy.write_bytes(path.read_bytes())
            copy.chmod(0o600)
        count += 1
    return count


def put_files_back(source: Path) -> int:
    """Put the sealed content of a backup back; what is there already is the same and stays.

    Returns:
        How many files came back.
    """
    count = 0
    for copy in source.glob("*/*"):
        path = folder() / copy.parent.name / copy.name
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        half = path.with_suffix(".part")
        half.write_bytes(copy.read_bytes())
        half.chmod(0o600)
        half.replace(path)
        count += 1
    return count


def attachment_counts(session: Session, actor: Actor, fix_store_ids: Sequence[int]) -> dict[int, int]:
    """Count the photos of several stores' fixes at once, by ``fix_store_id``; those without any are left out."""
    statement = (
        select(Attachment.fix_store_id, func.count())
        .where(Attachment.fix_store_id.in_(fix_store_ids), Attachment.removed_at.is_(None))
        .group_by(Attachment.fix_store_id)
    )
    return dict(session.exec(in_scope(statement, actor, brand=Attachment.brand_id, store=Attachment.store_id)).all())
