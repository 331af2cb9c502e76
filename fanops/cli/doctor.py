"""What ``fanops doctor`` looks at: each check is one function that gives what is wrong, and how to mend it."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import inspect, text
from sqlmodel import select

from fanops.access import Role, verify_audit
from fanops.access.attachments import missing_content
from fanops.access.vault import vault
from fanops.cli.run import KEY_LOST, KEY_LOST_HINT, holds_sealed
from fanops.content import content_path
from fanops.database import Database, pending_migrations
from fanops.errors import FanopsError
from fanops.settings import settings
from fanops.tables import Account, Brand, Job, Store
from fanops.web.health import models_state

_LEAST_DISK_MB = 500


@dataclass(frozen=True)
class Ill:
    """One thing that is wrong: what, and the way out (Chinese)."""

    what: str
    way_out: str


Check = Callable[[Database], Iterator[Ill]]


def check_settings(_db: Database) -> Iterator[Ill]:
    """Settings that can be read but don't fit together."""
    try:
        settings().zone  # noqa: B018
    except (KeyError, ValueError):
        yield Ill(f"时区 {settings().timezone} 不存在。", "请把 FANOPS_TIMEZONE 设为例如 Asia/Shanghai。")
    outside = settings().host not in {"127.0.0.1", "localhost", "::1"}
    if outside and not settings().secure_cookie:
        yield Ill("对外提供服务，但没有启用安全 Cookie。", "请放在 HTTPS 之后，并设 FANOPS_SECURE_COOKIE=1。")
    if settings().encoder and not Path(settings().encoder).exists():
        yield Ill(f"找不到模型 {settings().encoder}。", "请检查 FANOPS_ENCODER，或留空使用自带的模型。")


def check_key_file(db: Database) -> Iterator[Ill]:
    """The key file: whole, readable by its owner only, apart from the data."""
    path = settings().secret_file
    if not path.exists():
        if holds_sealed(db):  # a new installation has none yet, and nothing that would need one
            yield Ill(KEY_LOST.format(path), KEY_LOST_HINT)
        return
    try:
        vault()
    except FanopsError as refusal:
        yield Ill(refusal.message, refusal.hint)
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Ill(f"密钥文件 {path} 别人也能读。", f"请运行：chmod 600 {path}")
    if path.resolve().is_relative_to(settings().data.resolve()):
        yield Ill("密钥文件放在数据文件夹里，备份会把两者一起带走。", "请用 FANOPS_KEY_FILE 把它放到别处。")


def check_disk(_db: Database) -> Iterator[Ill]:
    """Room for the database and a backup of it, in a folder that can be written."""
    folder = settings().data
    if not folder.exists():
        yield Ill(f"还没有数据文件夹 {folder}。", "第一次启动时会自动建立。")
        return
    if not os.access(folder, os.W_OK):
        yield Ill(f"数据文件夹 {folder} 不能写入。", "请检查文件夹的权限。")
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    if free_mb < _LEAST_DISK_MB:
        yield Ill(f"磁盘只剩 {free_mb} MB。", "请清理磁盘，或把 FANOPS_DATA 换到大的磁盘。")


def check_models(_db: Database) -> Iterator[Ill]:
    """The shipped models: there, and byte for byte what was shipped (``SHA256SUMS`` beside them)."""
    if models_state() != "ok":
        yield Ill("没有找到句子模型。", "请重新安装，或用 FANOPS_ENCODER 指定模型。")
    for sums in sorted(content_path("models").rglob("SHA256SUMS")):
        for line in sums.read_text("utf-8").splitlines():
            wanted, _, name = line.partition("  ")
            path = sums.parent / name
            if not path.is_file():
                yield Ill(f"缺少模型文件 {name}。", "请重新安装。")
            elif _sha256(path) != wanted:
                yield Ill(f"模型文件 {name} 与发布的不一致。", "请重新安装；如果是您训练的，请更新 SHA256SUMS。")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_migrations(db: Database) -> Iterator[Ill]:
    """The database has today's shape."""
    if pending_migrations(db):
        yield Ill("数据库还没有更新到当前版本。", "请运行：fanops migrate")


def check_integrity(db: Database) -> Iterator[Ill]:
    """The database file is whole, and no row points to nothing."""
    if not db.is_sqlite:
        return
    with db.read() as session:
        answer = session.execute(text("PRAGMA integrity_check")).scalar_one()
        if answer != "ok":
            yield Ill("数据库文件已损坏。", "请停止 fanops，用最近的备份替换数据库文件。")
        broken = session.execute(text("PRAGMA foreign_key_check")).fetchall()
        for table, count in _counted(row[0] for row in broken):
            yield Ill(f"表 {table} 有 {count} 行指向不存在的行。", "请从备份恢复，并把这条信息告诉开发者。")


def _counted(names: Iterator[str]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts.items())


def check_audit(db: Database) -> Iterator[Ill]:
    """The audit log was not changed behind fanops' back."""
    with db.read() as session:
        broken = verify_audit(session)
    if broken is not None:
        yield Ill(f"审计记录从第 {broken} 条起对不上。", "有人直接改过数据库；请用备份核对。")


def check_accounts(db: Database) -> Iterator[Ill]:
    """Every brand has an administrator, every account a role and a place that fit."""
    with db.read() as session:
        for brand in session.exec(select(Brand)):
            admins = select(Account.id).where(
                Account.brand_id == brand.id, Account.role == Role.ADMIN, Account.disabled_at.is_(None)
            )
            if session.exec(admins.limit(1)).first() is None:
                yield Ill(f"品牌“{brand.name}”没有能登录的管理员。", "请运行：fanops account add")
        for account in session.exec(select(Account)):
            if account.role not in set(Role):
                yield Ill(f"账号 {account.login} 的角色 {account.role} 不存在。", "请运行：fanops account roles")
            store = session.get(Store, account.store_id) if account.store_id else None
            if account.role in (Role.CLERK, Role.STORE_MANAGER) and store is None:
                yield Ill(f"账号 {account.login} 没有门店。", f"请运行：fanops account roles {account.login} …")
            if store is not None and store.brand_id != account.brand_id:
                yield Ill(f"账号 {account.login} 的门店属于别的品牌。", "请停用这个账号并重新添加。")


def check_jobs(db: Database) -> Iterator[Ill]:
    """Jobs are in a known state."""
    from fanops.jobs.records import STATE_WORDS

    with db.read() as session:
        for job_id, state in session.exec(select(Job.id, Job.state).where(Job.state.not_in(STATE_WORDS))):
            yield Ill(f"后台任务 {job_id} 的状态 {state} 不存在。", "请把这条信息告诉开发者。")


def check_attachments(db: Database) -> Iterator[Ill]:
    """Every photo and recording that a row names is there."""
    with db.read() as session:
        lacking = missing_content(session)
    if lacking:
        yield Ill(f"有 {lacking} 个附件的内容不在数据文件夹里。", "请从备份恢复数据文件夹里的 files。")


# A stage with rules of its own for stored rows adds its check here.
CHECKS: dict[str, Check] = {
    "设置": check_settings,
    "密钥": check_key_file,
    "磁盘": check_disk,
    "模型": check_models,
    "数据库版本": check_migrations,
    "数据库完整性": check_integrity,
    "审计记录": check_audit,
    "账号": check_accounts,
    "后台任务": check_jobs,
    "附件": check_attachments,
}
_NEED_TABLES = {"审计记录", "账号", "后台任务", "附件"}


def examine(db: Database) -> dict[str, list[Ill]]:
    """Run every check; what needs today's tables is left out while there are none."""
    has_tables = inspect(db.engine).has_table("brand")
    return {name: list(check(db)) for name, check in CHECKS.items() if has_tables or name not in _NEED_TABLES}
