"""The fan's page under load: visitors who answer whole surveys, as fast as they are served.

    python tests/bench/load_forms.py OUT_FOLDER [SECONDS] [CONNECTIONS] [PROCESSES]

Starts ``fanops run --forms-only`` on an installation of its own. Writes ``forms.json``: answered screens a minute, p50 and p95 of a
screen in milliseconds, and whether every survey that was thanked for is in the database.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import numpy as np


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prepare() -> str:
    """A store with an open wave; gives the code of its QR."""
    from fanops.access.accounts import owner_actor
    from fanops.access.organisation import add_brand, add_region, add_store
    from fanops.collect import records_surveys as records
    from fanops.collect.surveys.definition import read_definition
    from fanops.content import content_path
    from fanops.database import ready_database

    db = ready_database()
    survey = read_definition(content_path("surveys/store_visit.yaml").read_text("utf-8"))
    with db.write() as session:
        add_brand(session, "山茶")
        actor = owner_actor(session)
        add_region(session, actor, "华东")
        store = add_store(session, actor, code="S1", name="静安店", region="华东")
        version = records.publish(session, actor, survey)
        wave = records.open_wave(session, actor, version.id, "压测")
        code = records.place_code(session, actor, wave.id, store.id)
    db.dispose()
    return code


class Visitor:
    """One kept-alive connection of a phone: as little work as possible on this side, which shares the machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self.reader, self.writer, self.host, self.cookie = reader, writer, host, ""

    async def ask(self, method: str, path: str, body: bytes = b"") -> str:
        """Send one request and follow redirects; give the page."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n"
        if self.cookie:
            head += f"Cookie: {self.cookie}\r\n"
        if body:
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        elif method == "POST":
            head += "Content-Length: 0\r\n"
        self.writer.write(head.encode() + b"\r\n" + body)
        answer = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in answer[1:]) if name}
        page = (await self.reader.readexactly(int(headers.get("content-length", 0)))).decode("utf-8")
        if "set-cookie" in headers:
            self.cookie = headers["set-cookie"].split(";")[0]
        status = int(answer[0].split()[1])
        assert status < 400, (status, page[:300])
        return await self.ask("GET", headers["location"]) if status == 303 else page


_FIELDS = re.compile(r'name="([a-z_0-9.]+)"[^>]*value="([^"]*)"|<textarea[^>]*name="([a-z_0-9.]+)"')


def filled(page: str, words: str = "排队太久，珍珠很软") -> bytes:
    """Fill a screen in: the first choice of everything, and a sentence."""
    form: dict[str, str] = {}
    for name, value, area in _FIELDS.findall(page):
        if area:
            form[area] = words
        elif name and not name.endswith(".consent") and name not in form:
            form[name] = value
    return urlencode(form).encode()


async def visit(host: str, port: int, code: str, until: float, took: list[float], whole: list[int]) -> None:
    """One visitor after another on one connection."""
    visitor = Visitor(*await asyncio.open_connection(host, port), f"{host}:{port}")
    while time.perf_counter() < until:
        visitor.cookie = ""
        page = await visitor.ask("POST", f"/s/{code}/start")
        while time.perf_counter() < until:
            body = filled(page)
            began = time.perf_counter()
            page = await visitor.ask("POST", f"/s/{code}", body)
            took.append(time.perf_counter() - began)
            if 'name="at"' not in page:
                whole.append(1)
                break
    visitor.writer.close()


async def load(host: str, port: int, code: str, seconds: float, connections: int) -> tuple[list[float], int]:
    took: list[float] = []
    whole: list[int] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(visit(host, port, code, until, took, whole) for _ in range(connections)))
    return took, len(whole)


def main() -> None:
    out = Path(sys.argv[1])
    given = [int(value) for value in sys.argv[2:5]]
    seconds, connections, processes = given + [60, 64, 1][len(given) :]
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="fanops-load-"))
    port = free_port()
    os.environ |= {
        "FANOPS_DATA": str(folder / "data"),
        "FANOPS_KEY_FILE": str(folder / "key"),
        "FANOPS_PORT": str(port),
    }
    code = prepare()
    command = [sys.executable, "-m", "fanops.cli", "run", "--forms-only", "--processes", str(processes)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                urlopen(f"{url}/s/{code}", timeout=2).close()
                break
            except OSError:
                time.sleep(0.2)
        took, whole = asyncio.run(load("127.0.0.1", port, code, seconds, connections))
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
    from sqlmodel import func, select

    from fanops.database import ready_database
    from fanops.tables import Response

    with ready_database().read() as session:
        stored = session.exec(select(func.count(Response.id)).where(Response.state == "submitted")).one()
    result = {
        "seconds": seconds, "connections": connections, "processes": processes,
        "answers_a_minute": round(len(took) * 60 / seconds), "surveys_a_minute": round(whole * 60 / seconds),
        "p50_ms": round(float(np.percentile(took, 50)) * 1000), "p95_ms": round(float(np.percentile(took, 95)) * 1000),
        "thanked": whole, "stored": stored, "lost": max(0, whole - stored),
    }  # fmt: skip
    (out / "forms.json").write_text(json.dumps(result, indent=1), "utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
