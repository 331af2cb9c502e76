"""kill −9 under load: what a fan was told is kept must be there after the server was killed in the middle.

    python tests/bench/kill_forms.py OUT_FOLDER [ROUNDS] [PROCESSES] [CONNECTIONS]

Each round starts ``fanops run --forms-only``, lets visitors answer surveys, kills the whole process group with SIGKILL at a
random moment, and looks into the database before the next start. The visitors write down what was acknowledged: a screen that was
followed by the next one, a survey that was thanked for. Writes ``kill.json``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl
from urllib.request import urlopen

from tests.bench.load_forms import Visitor, filled, free_port, prepare

_DRAFT = re.compile(r'name="draft" value="([^"]+)"')
_RECEIPT = re.compile(r'class="receipt">([^<]+)<')
_STARTS_S = 60
_SCREENS = 40  # more than any survey has


@dataclass
class Told:
    """What one visitor was told is kept.

    Attributes:
        secret: Of the draft.
        answers: Text by field, of the screens that were acknowledged.
        receipt: Shown at the end; "" when the survey was not finished.
        screens: How many screens were acknowledged.
    """

    secret: str
    answers: dict[str, str] = field(default_factory=dict)
    receipt: str = ""
    screens: int = 0

    def note(self, body: bytes, page: str) -> bool:
        """Take down an acknowledged screen; True when it was the last."""
        given = {name: value for name, value in parse_qsl(body.decode()) if "." not in name}
        self.answers |= {name: value for name, value in given.items() if name not in ("at", "draft", "go")}
        self.screens += 1
        receipt = _RECEIPT.search(page)
        self.receipt = receipt[1].strip() if receipt else ""
        return bool(self.receipt)


@contextlib.asynccontextmanager
async def _phone(port: int) -> AsyncIterator[Visitor]:
    """One phone's connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Visitor(reader, writer, f"127.0.0.1:{port}")
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _visit(port: int, code: str, number: int, told: list[Told], stop: asyncio.Event) -> None:
    """Answer one survey after another until the connection breaks."""
    # The server is killed in the middle: what was not acknowledged may be gone.
    with contextlib.suppress(OSError, EOFError):
        async with _phone(port) as visitor:
            turn = 0
            while not stop.is_set():
                visitor.cookie = ""
                page = await visitor.ask("POST", f"/s/{code}/start")
                mine = Told(_DRAFT.search(page)[1])
                told.append(mine)
                turn += 1
                is_over = False
                while not is_over and not stop.is_set():
                    body = filled(page, f"第 {number} 位第 {turn} 次说：排队太久，珍珠很软")
                    page = await visitor.ask("POST", f"/s/{code}", body)
                    is_over = mine.note(body, page)


async def _load(port: int, code: str, connections: int, seconds: float, server: subprocess.Popen) -> list[Told]:
    told: list[Told] = []
    stop = asyncio.Event()
    visitors = [asyncio.create_task(_visit(port, code, n, told, stop)) for n in range(connections)]
    deadline = time.monotonic() + _STARTS_S
    while sum(each.screens for each in told) < connections and time.monotonic() < deadline:
        await asyncio.sleep(0.02)  # in full swing, however busy the machine is
    await asyncio.sleep(seconds)
    os.killpg(server.pid, signal.SIGKILL)  # the group is this server and its workers, nothing else
    stop.set()
    await asyncio.gather(*visitors)
    return told


def _kill(server: subprocess.Popen) -> None:
    """SIGKILL to the group of this server and its workers, nothing else."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait(30)


def _start(port: int, processes: int, log: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "fanops.cli", "run", "--forms-only", "--processes", str(processes)]
    with log.open("ab") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    deadline = time.monotonic() + _STARTS_S
    try:
        while True:
            try:
                urlopen(f"http://127.0.0.1:{port}/s/receipt", timeout=2).close()
                return server
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(log.read_text("utf-8", "replace")[-2_000:]) from None
                time.sleep(0.1)
    except BaseException:
        _kill(server)
        raise


def _look(path: Path, told: list[Told]) -> dict[str, int]:
    """Look into the database as the kill left it: what is lost, what is half there, whether the file is whole."""
    from fanops.collect.records_surveys import digest

    with contextlib.closing(sqlite3.connect(path)) as raw:
        whole = raw.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        dangling = len(raw.execute("PRAGMA foreign_key_check").fetchall())
        rows = {key: (row, state, receipt) for row, key, state, receipt in raw.execute(
            "SELECT id, submit_key, state, receipt_sha256 FROM response")}  # fmt: skip
        answers: dict[int, dict[str, str]] = {}
        for response, question, value in raw.execute("SELECT response_id, question_code, value FROM answer"):
            answers.setdefault(response, {})[question] = value
        # A survey handed in has its receipt, its required answer, and its sentence as a voice that is cut into units.
        half = raw.execute(
            "SELECT count(*) FROM response r WHERE state = 'submitted' AND (receipt_sha256 IS NULL OR submitted_at IS NULL"
            " OR NOT EXISTS (SELECT 1 FROM answer a WHERE a.response_id = r.id AND a.question_code = 'overall')"
            " OR EXISTS (SELECT 1 FROM answer a WHERE a.response_id = r.id AND a.question_code = 'say' AND NOT EXISTS"
            " (SELECT 1 FROM voice v JOIN unit u ON u.voice_id = v.id WHERE v.answer_id = a.id)))"
        ).fetchone()[0]
        half += raw.execute("SELECT count(*) FROM response r JOIN answer a ON a.response_id = r.id JOIN voice v"
                            " ON v.answer_id = a.id WHERE r.state = 'draft'").fetchone()[0]  # fmt: skip
    lost = 0
    for each in told:
        row, state, receipt = rows.get(digest(each.secret), (None, "", None))
        kept = answers.get(row, {}) if row is not None else {}
        lost += row is None
        lost += sum(not _holds(kept.get(name), value) for name, value in each.answers.items())
        if each.receipt:
            lost += state != "submitted" or receipt is None
    return {"lost": lost, "half": half, "dangling": dangling, "broken": int(not whole)}


def _holds(stored: str | float | None, told: str) -> bool:
    """Say whether a stored JSON value is, or has, what was acknowledged."""
    value = json.loads(stored) if isinstance(stored, str) else stored  # SQLite gives bare numbers as numbers
    return told in [str(each) for each in (value if isinstance(value, list) else [value])]


def run_rounds(
    folder: Path, rounds: int, *, processes: int = 2, connections: int = 24, seed: int = 0
) -> dict[str, int]:
    """Kill the server ``rounds`` times on one installation.

    The settings of this process must point at an installation of its own (FANOPS_DATA, FANOPS_KEY_FILE, FANOPS_PORT).

    Returns:
        Sums over the rounds: ``screens`` and ``surveys`` acknowledged, ``lost``, ``half``, ``dangling``, ``broken``,
        ``resumed`` (begun before a kill and finished after it).
    """
    chance = random.Random(seed)
    code, port = prepare(), int(os.environ["FANOPS_PORT"])
    path, log = Path(os.environ["FANOPS_DATA"]) / "fanops.sqlite", folder / "server.log"
    sums = dict.fromkeys(("screens", "surveys", "lost", "half", "dangling", "broken", "resumed"), 0)
    everything: list[Told] = []
    for number in range(1, rounds + 1):
        server = _start(port, processes, log)
        try:
            sums["resumed"] += asyncio.run(_resume(port, code, everything))
            told = asyncio.run(_load(port, code, connections, chance.uniform(0.0, 1.5), server))
        finally:
            _kill(server)
        everything += told
        found = _look(path, everything)
        for name, count in found.items():
            sums[name] += count
        print(f"round {number}: {sum(each.screens for each in everything)} screens so far, {found}", file=sys.stderr)
    sums["screens"] = sum(each.screens for each in everything)
    sums["surveys"] = sum(bool(each.receipt) for each in everything)
    return {"rounds": rounds, "processes": processes, "connections": connections, **sums}


async def _resume(port: int, code: str, told: list[Told]) -> int:
    """Go on with a draft from before the last kill, as a fan does who opens the page again; give how many were finished."""
    from fanops.collect.records_surveys import digest

    open_ones = [each for each in told if each.answers and not each.receipt][-1:]
    for each in open_ones:
        async with _phone(port) as visitor:
            visitor.cookie = f"f_{digest(code)[:16]}={each.secret}"
            page = await visitor.ask("GET", f"/s/{code}")
            handed_in = _RECEIPT.search(page)
            if handed_in:  # it was kept, but the kill came before the thanks: the page says them now
                each.receipt = handed_in[1].strip()
                continue
            for _ in range(_SCREENS):
                body = filled(page, "杀不死的一句话")
                page = await visitor.ask("POST", f"/s/{code}", body)
                if each.note(body, page):
                    break
            else:
                raise AssertionError(f"a draft from before the kill does not come to its end: {page[-500:]}")
    return len(open_ones)


def main() -> None:
    out = Path(sys.argv[1])
    given = [int(value) for value in sys.argv[2:5]]
    rounds, processes, connections = given + [20, 2, 24][len(given) :]
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="fanops-kill-"))
    os.environ |= {
        "FANOPS_DATA": str(folder / "data"), "FANOPS_KEY_FILE": str(folder / "key"), "FANOPS_PORT": str(free_port()),
    }  # fmt: skip
    # Ended from outside, the server that runs at that moment is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    result = run_rounds(folder, rounds, processes=processes, connections=connections)
    (out / "kill.json").write_text(json.dumps(result, indent=1), "utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
