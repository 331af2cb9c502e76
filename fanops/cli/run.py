"""``fanops run``: one command from nothing to a product in the browser."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import click
from sqlalchemy import inspect
from sqlmodel import select

from fanops.access.vault import vault
from fanops.database import Database, database, migrate, ready_database
from fanops.errors import InvalidInput, NotReady
from fanops.settings import settings
from fanops.tables import FanIdentity

KEY_LOST = "密钥文件 {} 不见了，已存的手机号等都打不开。"
KEY_LOST_HINT = "请把另外保管的密钥文件放回去；用新的密钥启动，旧的号码就再也打不开了。"
_WORKER_STOPS_S = 10
_RESTART_PAUSE_S = 2.0
_OPEN_FILES = 65_536


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="端口（默认是 FANOPS_PORT，没有设置就是 8501）。")
@click.option("--host", help="监听地址（默认是 FANOPS_HOST，没有设置就是 127.0.0.1）。")
@click.option("--no-sample", is_flag=True, help="第一次启动不载入示例连锁。")
@click.option("--no-worker", is_flag=True, help="不启动后台程序，另外用 fanops worker 启动。")
@click.option("--forms-only", is_flag=True, help="只开粉丝的问卷页，产品在别处运行着。")
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="进程数，与 --forms-only 一起用。"
)
def run(port: int | None, host: str | None, no_sample: bool, no_worker: bool, forms_only: bool, processes: int) -> None:
    """启动产品：页面和后台程序。"""
    if processes > 1 and not forms_only:
        raise InvalidInput("只有问卷页可以用多个进程。", "请加上 --forms-only；后台页面一个进程就够。")
    for name, value in (("FANOPS_PORT", port), ("FANOPS_HOST", host)):
        if value is not None:
            os.environ[name] = str(value)
    settings.cache_clear()
    require_free_port(settings().host, settings().port)
    set_up_logging()
    allow_many_visitors()
    if forms_only:
        serve_forms(processes, click.echo)
        return
    db = database()
    bring_up_to_date(db, click.echo)
    if not no_sample:
        load_sample_once(db, click.echo)
    click.echo("正在启动……")
    server = build_server(lambda: announce(db, click.echo))
    worker = None if no_worker else WorkerProcess()
    try:
        # uvicorn raises the signal again once it has stopped; it must not end us before the worker has stopped.
        stop_on_signals(threading.Event())
        server.run()
    finally:
        if worker:
            worker.stop()
    click.echo("已停止。")


def bring_up_to_date(db: Database, say: Callable[[str], None]) -> None:
    """Migrate after a backup, and say so."""
    if not settings().secret_file.exists() and holds_sealed(db):
        raise NotReady(KEY_LOST.format(settings().secret_file), KEY_LOST_HINT)
    vault()  # made at the first start, so that nothing is ever stored before there is a key
    folder = settings().data / "backups"
    before = set(folder.glob("*.sqlite"))
    applied = migrate(db, backup_folder=folder)
    for copy in set(folder.glob("*.sqlite")) - before:
        say(f"更新前已备份到 {copy}")
    if applied:
        say(f"数据库已更新（{len(applied)} 步）。")


def holds_sealed(db: Database) -> bool:
    """Say whether there are numbers that only the installation's own key opens."""
    if not inspect(db.engine).has_table(FanIdentity.__tablename__):
        return False
    with db.read() as session:
        return session.exec(select(FanIdentity.id).limit(1)).first() is not None


def require_free_port(host: str, port: int) -> None:
    """Refuse early, with the way out, when something else listens there.

    Raises:
        NotReady: The port is taken, or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise NotReady(
                f"不能使用端口 {port}（{error.strerror or error}）。",
                f"可能已经有一个 fanops 在运行。请先停止它，或换一个端口：fanops run --port {port + 1}",
            ) from error


def allow_many_visitors() -> None:
    """Raise the limit of open files as far as this user may: each visitor holds about four."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def set_up_logging() -> None:
    """Log to the data folder (rotated) and warnings also to the terminal; never the words of a fan."""
    from logging.handlers import RotatingFileHandler

    folder = settings().data / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    form = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    to_file = RotatingFileHandler(folder / "fanops.log", maxBytes=5_000_000, backupCount=5, encoding="utf-8")
    to_file.setFormatter(form)
    to_terminal = logging.StreamHandler()
    to_terminal.setFormatter(form)
    to_terminal.setLevel(logging.WARNING)
    ours = logging.getLogger("fanops")
    ours.setLevel(logging.INFO)
    ours.handlers[:] = [to_file, to_terminal]


def load_sample_once(db: Database, say: Callable[[str], None]) -> None:
    """Load the sample chain when there is no brand yet."""
    from sqlmodel import select

    from fanops.tables import Brand

    with db.read() as session:
        if session.exec(select(Brand.id).limit(1)).first() is not None:
            return
    try:
        from fanops.sample import load_sample
    except ImportError:
        say("这个版本没有示例连锁，从空白开始。")
        return
    say("第一次启动：正在载入示例连锁，大约需要一分钟。以后启动只要几秒。")
    with click.progressbar(length=100, label="载入示例连锁", width=30) as bar:
        done = 0

        def progress(share: float, doing: str = "") -> None:
            nonlocal done
            bar.label = f"载入示例连锁：{doing}" if doing else bar.label
            step = int(share * 100) - done
            if step > 0:
                bar.update(step)
                done += step

        load_sample(db, progress)


def build_server(when_ready: Callable[[], None]) -> Any:
    """Give the uvicorn server around the application; ``when_ready`` is called once it listens.

    Behind HTTPS (FANOPS_SECURE_COOKIE) a proxy on this machine is believed about the client's address.
    """
    import uvicorn

    from fanops.web.asgi import build_app

    config = uvicorn.Config(
        build_app(),
        host=settings().host,
        port=settings().port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=settings().secure_cookie,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=5,
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                when_ready()

    return Server(config)


def serve_forms(processes: int, say: Callable[[str], None]) -> None:
    """Serve the fans' pages until stopped; they hold no state, so processes need nothing of each other."""
    import uvicorn

    ready_database().dispose()  # an outdated database is refused here, in words
    say(f"  问卷页：http://{settings().host}:{settings().port}/s/… （{processes} 个进程）\n  按 Ctrl-C 停止。")
    uvicorn.run(
        "fanops.web.forms_app:build_forms_app", factory=True, host=settings().host, port=settings().port, workers=processes,
        log_level="warning", access_log=False, server_header=False, proxy_headers=settings().secure_cookie,
        forwarded_allow_ips="127.0.0.1",
    )  # fmt: skip


def announce(db: Database, say: Callable[[str], None]) -> None:
    """Say where the product is, and with which accounts to look around."""
    from fanops.access.accounts import sample_accounts
    from fanops.access.actor import Role

    host = settings().host
    shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else host  # noqa: S104
    say(f"\n  fanops 已启动：http://{shown}:{settings().port}\n")
    with db.read() as session:
        people = sample_accounts(session)
        from sqlmodel import select

        from fanops.tables import Account, Brand

        anybody = session.exec(select(Account.id).limit(1)).first()
        has_brand = session.exec(select(Brand.id).limit(1)).first() is not None
    if people:
        from fanops.sample import SAMPLE_PASSWORD

        say(f"  示例账号（密码都是 {SAMPLE_PASSWORD}）：")
        for account in people:
            say(f"    {account.login:<14}{Role(account.role).label}　{account.display_name}")
        say("")
    elif anybody is None:
        first = "fanops account add 登录名"
        if not has_brand:
            first = f"fanops org add-brand 品牌名，再运行 {first}（或 fanops sample load 载入示例连锁）"
        say(f"  还没有账号。请另开一个终端运行：{first}\n")
    say("  按 Ctrl-C 停止。")


class WorkerProcess:
    """The worker beside the web application; started again when it falls over."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process = self._start()
        self._keeper = threading.Thread(target=self._keep, name="fanops-worker-keeper", daemon=True)
        self._keeper.start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "fanops.cli", "worker", "--parent", str(os.getpid())]
        # A session of its own: Ctrl-C reaches the parent, which then lets the worker put its job back.
        return subprocess.Popen(command, start_new_session=True)  # noqa: S603

    def _keep(self) -> None:
        while not self._stopping.is_set():
            code = self._process.wait()
            if self._stopping.wait(_RESTART_PAUSE_S):
                return
            logging.getLogger("fanops.cli").warning("worker ended with %s, starting it again", code)
            self._process = self._start()

    def stop(self) -> None:
        """Let the worker put its job back and end; kill it when it does not."""
        self._stopping.set()
        self._process.terminate()
        try:
            self._process.wait(_WORKER_STOPS_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def stop_on_signals(stop: threading.Event) -> None:
    """Set ``stop`` on Ctrl-C and SIGTERM."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
