"""The product as it is started by a person, and a real browser in front of it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# What a phone says of itself: by it tables become cards, and by its finger targets grow.
FINGER = {
    "has_touch": True, "is_mobile": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 14; V2301) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
}  # fmt: skip
PASSWORD = "mingtian-hecha-2026"
SHOTS = Path(__file__).parent.parent / "shots"
_STARTS_S = 90


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.journey)


@dataclass(frozen=True)
class Server:
    """A running product.

    Attributes:
        url: Its address, without a slash at the end.
        data: Its data folder.
        environment: Variables under which ``fanops`` commands speak to the same installation.
        log: File with everything it printed.
    """

    url: str
    data: Path
    environment: dict[str, str]
    log: Path

    def fanops(self, *arguments: str, stdin: str | None = None, may_fail: bool = False) -> str:
        """Run a fanops command on this installation and give what it printed; it must succeed unless it may fail."""
        done = subprocess.run(
            [sys.executable, "-m", "fanops.cli", *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert may_fail or done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def free_port() -> int:
    """Give a port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_server(folder: Path, *, chain: bool = True, port: int = 0) -> tuple[subprocess.Popen[bytes], Server]:
    """Start ``fanops run`` on an installation of its own and wait until it answers (on ``port``, 0: a free one)."""
    port = port or free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FANOPS_")}
    environment |= {
        "FANOPS_DATA": str(folder / "data"),
        "FANOPS_KEY_FILE": str(folder / "keys" / "fanops.key"),
        "FANOPS_PORT": str(port),
        "OMP_NUM_THREADS": "1",
    }
    server = Server(f"http://localhost:{port}", folder / "data", environment, folder / "server.log")
    if chain and not (folder / "data").exists():
        _found_chain(server)
    with server.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "fanops.cli", "run", "--no-sample"], env=environment, stdout=log, stderr=log
        )
    deadline = time.monotonic() + _STARTS_S
    while True:
        try:
            urlopen(f"{server.url}/_stcore/health", timeout=5).close()
            return process, server
        except (URLError, OSError):
            assert process.poll() is None, server.log.read_text()
            assert time.monotonic() < deadline, server.log.read_text()
            time.sleep(0.2)


_FOUND = """
from fanops.cli import cli
for words in (
    "migrate", "org add-brand 山茶", "org add-region 华东", "org add-store S1 静安店 --region 华东",
    "account add admin --password {0}", "account add ceo --role ceo --password {0}",
    "account add clerk --role clerk --store S1 --password {0}",
):
    cli(words.format(PASSWORD).split(), standalone_mode=False)
"""


def _found_chain(server: Server) -> None:
    """A small chain with three accounts, by the commands a person would use (in one process, for speed)."""
    code = f"PASSWORD = {PASSWORD!r}\n{_FOUND}"
    subprocess.run([sys.executable, "-c", code], env=server.environment, check=True, stdout=subprocess.DEVNULL)


def stop_server(process: subprocess.Popen[bytes]) -> int:
    """Stop it as Ctrl-C would, and give its exit code."""
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running product with a small chain (accounts ``admin``, ``ceo``, ``clerk``), shared by the journeys."""
    process, running = start_server(tmp_path_factory.mktemp("server"))
    yield running
    stop_server(process)


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[subprocess.Popen[bytes], Server]]]:
    """Start a product of the test's own; what still runs at the end is stopped."""
    started: list[subprocess.Popen[bytes]] = []

    def make(folder: Path, **options: Any) -> tuple[subprocess.Popen[bytes], Server]:
        process, running = start_server(folder, **options)
        started.append(process)
        return process, running

    yield make
    for process in started:
        if process.poll() is None:
            stop_server(process)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium; without one the journeys are skipped (``.ci/run`` installs it where it may)."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A browser window on the product; everything odd that happened in it is kept.

    Attributes:
        page: Playwright's page.
        foreign: Addresses of other hosts that were asked for.
        violations: Messages of the content security policy.
    """

    page: Any
    server: Server
    foreign: list[str]
    violations: list[str]

    def sign_in(self, login: str, password: str = PASSWORD, path: str = "/") -> None:
        """Sign in through the form and wait for the page."""
        self.page.goto(f"{self.server.url}{path}")
        self.page.get_by_label("登录名").fill(login)
        self.page.get_by_label("密码").fill(password)
        self.page.get_by_role("button", name="登录", exact=True).click()

    def open(self, path: str) -> None:
        """Open a page of the product and wait until its title is there and nothing runs any more."""
        self.page.goto(f"{self.server.url}{path}")
        self.settle()

    def settle(self) -> None:
        """Wait for the title, and until Streamlit runs no script."""
        self.page.locator("[data-testid=stMain] h1").first.wait_for(timeout=30_000)
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=30_000)
        for shape in self.page.get_by_test_id("stSkeleton").all():
            shape.wait_for(state="detached", timeout=30_000)

    def shot(self, name: str) -> Path:
        """Keep a screenshot in tests/shots (not in the repository)."""
        SHOTS.mkdir(exist_ok=True)
        path = SHOTS / f"{name}.png"
        self.page.screenshot(path=path, full_page=False)
        return path

    def width_overflow(self) -> int:
        """Give by how many pixels the page scrolls sideways."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.fixture
def visit(chromium: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visit]]:
    """Open a new window with its own cookies: ``visit()`` at a desk, ``visit(PHONE)`` on a phone; ``on`` another server."""
    contexts = []

    def make(viewport: dict[str, int] | None = None, on: Server | None = None, **options: Any) -> Visit:
        server = on or request.getfixturevalue("server")
        options = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", **options}
        context = chromium.new_context(viewport=viewport or DESK, **options)
        contexts.append(context)
        seen = Visit(context.new_page(), server, [], [])

        def note_request(request: Any) -> None:
            if not request.url.startswith((server.url, server.url.replace("http", "ws"), "data:", "blob:")):
                seen.foreign.append(request.url)

        def note_message(message: Any) -> None:
            if "Content Security Policy" in message.text:
                seen.violations.append(message.text)

        seen.page.on("request", note_request)
        seen.page.on("console", note_message)
        return seen

    yield make
    for context in contexts:
        context.close()
