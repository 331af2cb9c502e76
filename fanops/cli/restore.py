"""``fanops restore``: an older copy becomes the database again, without what was asked to be forgotten since."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy.exc import DatabaseError
from sqlmodel import delete, update

from fanops.access.attachments import put_files_back
from fanops.access.audit import record_audit
from fanops.cli.run import bring_up_to_date
from fanops.database import Database, back_up, database, put_back, ready_database
from fanops.errors import NotReady
from fanops.fans.erase import erase_again, erased_fans
from fanops.sending.records import FAILED, WAITING
from fanops.settings import settings
from fanops.tables import Message, SignInSession


@click.command()
@click.argument("copy", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(copy: Path) -> None:
    """用备份 COPY 换回自带的数据库；请先停下产品。

    换之前先备份现在的。备份以后删除过的粉丝照样删除；大家要重新登录；等着发的消息不会再发一次。
    """
    db = database()
    kept, forgotten = None, []
    if db.is_sqlite and Path(db.url.database).exists():
        kept, forgotten = _keep_today(db)
    put_back(db, copy)
    bring_up_to_date(db, click.echo)
    files = put_files_back(copy.with_suffix(".files"))
    again = _bring_to_now(db, forgotten, copy.name)
    click.echo(f"已恢复 {copy.name}。" + (f"恢复前的样子在 {kept}。" if kept else ""))
    if files:
        click.echo(f"放回附件 {files} 个。")
    if again:
        click.echo(f"备份之后要求删除的 {again} 位粉丝，在恢复的数据里也已删除。")
    click.echo("每个人都要重新登录；没有发出的消息已停下，不会再发一遍。")


def _keep_today(db: Database) -> tuple[Path, list[int]]:
    """Back up what is there now; gives the copy, and who was erased."""
    try:
        with ready_database().read() as session:
            forgotten = erased_fans(session)
        return back_up(db, settings().data / "backups"), forgotten
    except DatabaseError as error:
        raise NotReady(
            f"现在的数据库 {db.url.database} 打不开。",
            "请先把它移到别处，再恢复；备份以后要求删除的粉丝，恢复后要再删除一次。",
        ) from error


def _bring_to_now(db: Database, forgotten: list[int], name: str) -> int:
    """Do to an older copy what must hold today; gives how many fans were erased again."""
    with db.write() as session:
        again = erase_again(session, forgotten)
        session.exec(delete(SignInSession))
        session.exec(update(Message).where(Message.state == WAITING).values(state=FAILED, next_try_at=None))
        record_audit(session, None, "restore_backup", file=name, erased_again=again)
    return again
