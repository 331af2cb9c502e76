"""``fanops restore``: the older copy is back, what was erased since stays erased, nothing is sent twice."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import delete, select

from fanops.access.attachments import path_of
from fanops.cli import cli
from fanops.cli.run import bring_up_to_date
from fanops.database import database
from fanops.errors import NotReady
from fanops.fans.erase import CONFIRMATION, erase_fan
from fanops.fans.identity_records import find_or_create_fan
from fanops.settings import settings
from fanops.tables import AuditEntry, Brand, Fan, FanIdentity, Message, SignInSession, now

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def run(*words: str):
    return CliRunner().invoke(cli, list(words))


@pytest.fixture
def two_fans(chain) -> dict[str, int]:
    """Two fans, a message that waits and a sign-in, all in the backup that the test makes next."""
    with chain.db.write() as session:
        fans = {
            phone: find_or_create_fan(
                session, chain.brand_id, {"phone": phone}, store_id=chain.stores["S1"], name="王小明"
            ).id
            for phone in ("13800138000", "13900139000")
        }
        session.add(Message(brand_id=chain.brand_id, channel="mail", event="told", message_key="a", next_try_at=now()))
        account = chain.actors["ceo"].account_id
        session.add(SignInSession(account_id=account, token_sha256="a" * 64, expires_at=now(), seen_at=now()))
    return fans


def test_what_was_erased_since_the_backup_stays_erased(chain, two_fans, tmp_path: Path) -> None:
    assert run("backup", "--to", str(tmp_path)).exit_code == 0
    [copy] = tmp_path.glob("*.sqlite")
    lost = copy.with_suffix(".files") / "ab" / ("ab" + "0" * 62)
    lost.parent.mkdir(parents=True)
    lost.write_bytes(b"sealed")
    with chain.db.write() as session:
        erase_fan(session, chain.actors["ceo"], two_fans["13800138000"], CONFIRMATION)
        session.get_one(Brand, chain.brand_id).name = "改坏了"
    done = run("restore", str(copy))
    assert done.exit_code == 0 and "要求删除的 1 位" in done.output and "附件 1 个" in done.output, done.output
    with database().read() as session:
        assert session.get_one(Brand, chain.brand_id).name == "山茶"
        erased = session.get_one(Fan, two_fans["13800138000"])
        assert erased.erased_at is not None and erased.name_sealed is None
        assert session.exec(select(FanIdentity.fan_id)).all() == [two_fans["13900139000"]]
        assert session.exec(select(Message.state)).all() == ["failed"]
        assert session.exec(select(SignInSession)).all() == []
        assert session.exec(select(AuditEntry.deed).order_by(AuditEntry.id.desc())).first() == "restore_backup"
    assert path_of(lost.name).read_bytes() == b"sealed"
    [before] = (settings().data / "backups").glob("*.sqlite")
    assert run("restore", str(before)).exit_code == 0  # and the way back
    with database().read() as session:
        assert session.get_one(Brand, chain.brand_id).name == "改坏了"


def test_what_is_no_backup_or_in_use_changes_nothing(chain, two_fans, tmp_path: Path) -> None:
    words, empty = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    words.write_text("不是数据库" * 400, "utf-8")
    sqlite3.connect(empty).close()
    for copy in (words, empty):
        refused = run("restore", str(copy))
        assert refused.exit_code == 1 and "不是 fanops 的备份" in refused.output, refused.output
    run("backup", "--to", str(tmp_path / "kept"))
    [copy] = (tmp_path / "kept").glob("*.sqlite")
    other = sqlite3.connect(str(chain.db.url.database))
    other.execute("SELECT 1 FROM brand").fetchone()
    refused = run("restore", str(copy))
    assert refused.exit_code == 1 and "正在使用" in refused.output, refused.output
    other.close()
    with database().read() as session:
        assert len(session.exec(select(SignInSession)).all()) == 1


def test_a_lost_key_is_said_and_never_replaced(chain, two_fans, tmp_path: Path, monkeypatch) -> None:
    assert run("doctor").exit_code == 0
    monkeypatch.setenv("FANOPS_KEY_FILE", str(tmp_path / "lost.key"))
    settings.cache_clear()
    refused = run("doctor")
    assert refused.exit_code == 1 and "不见了" in refused.output, refused.output
    with pytest.raises(NotReady, match="不见了"):
        bring_up_to_date(chain.db, print)
    assert not settings().secret_file.exists()  # a new one would close what the old one sealed for ever
    with chain.db.write() as session:
        session.exec(delete(FanIdentity))
    assert run("doctor").exit_code == 0  # a new installation has no key yet
