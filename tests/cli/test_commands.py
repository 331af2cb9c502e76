"""The operating commands as a person types them, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text
from sqlmodel import select

from fanops.access import Role
from fanops.access.accounts import change_account, owner_actor, sign_in
from fanops.access.audit import audit_entries
from fanops.cli import COMMANDS, cli
from fanops.cli.doctor import CHECKS
from fanops.database import database
from fanops.errors import NotAllowed
from fanops.jobs import records
from fanops.settings import settings
from fanops.tables import Account, AuditEntry, Brand, now

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
PASSWORD = "mingtian-hecha-2026"


@pytest.fixture(autouse=True)
def logging_as_before():
    """Commands set up logging for their process; here the process goes on."""
    ours = logging.getLogger("fanops")
    level, handlers = ours.level, list(ours.handlers)
    yield
    for handler in ours.handlers:
        if handler not in handlers:
            handler.close()
    ours.handlers[:], ours.level = handlers, level


def run(*arguments: str, stdin: str | None = None, fails: bool = False) -> Result:
    """Run a command in this process."""
    result = CliRunner().invoke(cli, list(arguments), input=stdin)
    assert (result.exit_code != 0) is fails, result.output + repr(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_a_chain_by_commands(db) -> None:
    run("org", "add-brand", "山茶")
    run("org", "add-region", "华东")
    run("org", "add-store", "S1", "静安店", "--region", "华东", "--kind", "franchise", "--city", "上海")
    run("org", "add-staff", "E1", "王小明", "--store", "S1")
    tree = json.loads(run("org", "show", "--json").output)
    assert tree["regions"][0]["stores"][0]["staff"] == [{"code": "E1", "name": "王小明", "title": "店员"}]
    assert "加盟" in run("org", "show").output
    assert "管理员" in run("account", "add", "boss", stdin=f"{PASSWORD}\n").output
    run("account", "add", "xm", "--role", "clerk", "--store", "S1", "--staff", "E1", "--password", PASSWORD)
    listed = {row["login"]: row for row in json.loads(run("account", "list", "--json").output)}
    assert (listed["boss"]["role"], listed["xm"]["role"]) == ("admin", "clerk")
    assert PASSWORD not in run("account", "list").output
    _, actor = sign_in(db, "xm", PASSWORD, "here", hours=1)
    assert actor.store_id == listed["xm"]["store_id"]


def test_changing_accounts(chain) -> None:
    brand = ("--brand", "山茶")
    run("account", "password", "clerk", *brand, stdin="xin-de-mi-ma-2026\n")
    sign_in(chain.db, "clerk", "xin-de-mi-ma-2026", "here", hours=1)
    run("account", "roles", "clerk", "region_manager", "--region", "华南", *brand)
    run("account", "disable", "ceo", *brand)
    with chain.db.read() as session:
        changed = session.get_one(Account, chain.accounts["clerk"])
        assert (changed.role, changed.region_id, changed.store_id) == ("region_manager", chain.regions["华南"], None)
        assert session.get_one(Account, chain.accounts["ceo"]).disabled_at is not None
    run("account", "enable", "ceo", *brand)
    with chain.db.read() as session:
        assert session.get_one(Account, chain.accounts["ceo"]).disabled_at is None
    run("account", "disable", "ceo", "--enable", *brand)
    assert set(run("account", "roles").output.split()) >= {str(role) for role in Role}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("account", "add", "clerk", "--role", "ceo", "--password", PASSWORD), "已经有人用了"),
        (("account", "add", "x1", "--role", "clerk", "--password", PASSWORD), "指定门店"),
        (("account", "add", "x1", "--role", "clerk", "--store", "X1", "--password", PASSWORD), "没有编号为"),
        (("account", "add", "x1", "--role", "ceo", "--staff", "E9", "--password", PASSWORD), "没有编号为"),
        (("account", "add", "x1", "--role", "ceo", "--password", "short"), "密码至少"),
        (("account", "disable", "stranger"), "没有登录名为"),
        (("account", "disable", "admin"), "没有能登录的管理员"),
        (("org", "add-region", "华东"), "已经有大区"),
        (("org", "add-store", "S9", "新店", "--region", "没有"), "没有名为"),
        (("fix", "checklist", "--title", "检查", "--line", "看", "--area", "味道"), "service（服务）"),
        (("fix", "move", "1", "S1", "done"), "accepted（已验收）"),
        (("fix", "move", "1", "S1", "closed"), "下一步可以是：已指派、整改中"),
        (("backlog", "invite", "1", "--channel", "鸽子"), "mail（邮件）"),
        (("backlog", "invite", "1", "--most", "-3", "--dry-run"), "--most"),
        (("backlog", "live", "1", "--store", "S1", "--wave", "0"), "--wave"),
        (("effect", "power", "--treated", "S1", "--metric", "foo"), "orders（订单数）"),
    ],
)
@ONE
def test_refusals_say_why_and_how(chain, arguments: tuple[str, ...], said: str) -> None:
    run("fix", "checklist", "--title", "检查", "--line", "看", "--area", "服务", "--brand", "山茶")
    result = run(*arguments, "--brand", "山茶", fails=True)
    assert said in result.output
    assert "Traceback" not in result.output


@ONE
def test_several_brands_must_be_told_apart(chain) -> None:
    assert "--brand" in run("account", "list", fails=True).output


@ONE
def test_nothing_there_yet(db) -> None:
    assert "fanops org add-brand" in run("account", "add", "boss", "--password", PASSWORD, fails=True).output
    assert "已添加品牌 山茶" in run("account", "add", "boss", "--brand", "山茶", "--password", PASSWORD).output
    assert [row["role"] for row in json.loads(run("account", "list", "--json").output)] == ["admin"]


@pytest.mark.parametrize("empty_database_url", ["sqlite", "postgresql"], indirect=True)
def test_migrate_says_what_it_does(empty_database_url: str, monkeypatch) -> None:
    monkeypatch.setenv("FANOPS_DATABASE", empty_database_url)
    settings.cache_clear()
    assert "待更新" in run("migrate", "--dry-run").output
    assert "数据库已更新" in run("migrate").output
    assert "已经是最新" in run("migrate").output
    assert settings().secret_file.exists()
    database().dispose()


@ONE
def test_a_backup_is_whole_and_can_be_opened(chain, tmp_path: Path) -> None:
    from fanops.database import open_database

    run("backup", "--to", str(tmp_path / "copies"))
    [copy] = (tmp_path / "copies").iterdir()
    assert copy.stat().st_mode & 0o777 == 0o600
    restored = open_database(f"sqlite:///{copy}")
    with restored.read() as session:
        assert {brand.name for brand in session.exec(select(Brand))} == {"山茶", "别家"}
    restored.dispose()


@pytest.mark.parametrize("db", ["postgresql"], indirect=True)
def test_postgresql_is_backed_up_by_its_own_tool(db) -> None:
    assert "pg_dump" in run("backup", fails=True).output


def test_the_doctor_finds_nothing_wrong_with_a_healthy_chain(chain, monkeypatch) -> None:
    from fanops.access import vault

    vault()
    monkeypatch.setattr("fanops.cli.doctor.models_state", lambda: "ok")
    report = json.loads(run("doctor", "--json").output)
    assert report == {"is_well": True, "checks": {name: [] for name in CHECKS}}


@ONE
def test_the_doctor_names_what_is_ill(chain, installation: Path, monkeypatch) -> None:
    from fanops.access import record_audit, vault

    vault()
    settings().secret_file.chmod(0o644)
    with chain.db.write() as session:
        record_audit(session, None, "a")
        record_audit(session, None, "b")
    with chain.db.write() as session:
        session.execute(text("UPDATE audit_entry SET deed = 'c' WHERE id = 1"))
        account = session.get_one(Account, chain.accounts["clerk"])
        account.store_id = None
        records.enqueue(session, chain.actors["ceo"], "import_file").state = "lost"
    with chain.db.engine.connect() as connection:
        raw = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("UPDATE staff SET store_id = 999999 WHERE code = 'E1'")
        raw.execute("PRAGMA foreign_keys=ON")
    monkeypatch.setenv("FANOPS_HOST", "0.0.0.0")
    monkeypatch.setenv("FANOPS_TIMEZONE", "Asia/Nowhere")
    settings.cache_clear()
    result = run("doctor", fails=True)
    for said in (
        "别人也能读",
        "审计记录从第 1 条起对不上",
        "账号 clerk 没有门店",
        "状态 lost 不存在",
        "表 staff 有 1 行指向不存在的行",
        "没有启用安全 Cookie",
        "时区 Asia/Nowhere 不存在",
    ):
        assert said in result.output, said


def test_a_taken_port_is_said_before_anything_else(installation: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = run("run", "--port", str(port), "--no-sample", fails=True)
    assert f"不能使用端口 {port}" in result.output
    assert f"--port {port + 1}" in result.output
    assert not (installation / "fanops.sqlite").exists()


@ONE
def test_the_worker_does_what_waits(chain, monkeypatch) -> None:
    from fanops.cli import worker

    monkeypatch.setitem(worker.HANDLERS, "count", "fanops.terms:chinese")
    with chain.db.write() as session:
        job_id = records.enqueue(session, chain.actors["ceo"], "count").id
    monkeypatch.setattr("os.nice", lambda _: None)
    run("worker", "--once")
    with chain.db.read() as session:
        job = records.find_job(session, chain.actors["ceo"], job_id)
    assert (job.state, bool(job.error_id)) == (records.FAILED, True)


def test_help_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'streamlit', 'sentence_transformers', 'sklearn', 'hdbscan', 'pandas', 'sqlmodel', 'starlette'}"
    code = (
        "import sys; from click.testing import CliRunner; from fanops.cli import cli;"
        "r = CliRunner().invoke(cli, ['--help']); assert r.exit_code == 0, r.output;"
        f"print(sorted(set(sys.modules) & {heavy}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_every_command_of_ours_has_help() -> None:
    for name in ("run", "worker", "account", "org", "migrate", "backup", "doctor"):
        assert name in COMMANDS
        assert "用法：" in run(name, "--help").output


@ONE
def test_the_owner_acts_for_the_installation(chain) -> None:
    with chain.db.read() as session:
        assert owner_actor(session, "别家").brand_id == chain.other_brand_id


@ONE
def test_the_log_is_read_by_command(chain) -> None:
    brand = ("--brand", "山茶")
    run("account", "disable", "ceo", *brand)
    with chain.db.write() as session:
        change_account(session, chain.actors["admin"], "ceo", disabled=False)
    rows = json.loads(run("audit", "list", "--json", *brand).output)
    assert [(row["deed"], row["who"]) for row in rows[:2]] == [
        ("enable_account", "admin"),
        ("disable_account", "命令行"),
    ]
    assert rows[0]["subject"] == f"account:{chain.accounts['ceo']}"
    assert len(json.loads(run("audit", "list", "--json", "--login", "admin", *brand).output)) == 1
    shown = run("audit", "list", "--days", "1", "--deed", "disable_account", *brand).output
    assert "disable_account" in shown and "enable_account" not in shown
    assert "没有这样的记录" in run("audit", "list", "--deed", "nothing", *brand).output
    with chain.db.read() as session:
        elsewhere = replace(chain.actors["stranger"], role=Role.ADMIN)
        assert audit_entries(session, elsewhere, now() - timedelta(days=1)) == []
        with pytest.raises(NotAllowed):
            audit_entries(session, chain.actors["ceo"], now() - timedelta(days=1))
    assert "完整" in run("audit", "check").output
    with chain.db.write() as session:
        session.get_one(AuditEntry, rows[0]["id"]).deed = "nothing"
    assert "对不上" in run("audit", "check", fails=True).output
