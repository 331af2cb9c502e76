"""Receivers that really run: an HTTP server and an SMTP server of the test's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from fanops.settings import settings


@dataclass
class Receiver:
    """A receiver on loopback: ``got`` keeps what came, ``answers`` says what it answers next (the last one stays).

    An answer is (status, headers, body), or "hang up" to close the connection without a word.
    """

    answers: list[Any] = field(default_factory=lambda: [(200, {}, b"")])
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/a-path-that-is-a-password"

    @property
    def robot_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/cgi-bin/webhook/send?key=693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa"

    def start(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                answer = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                if answer == "hang up":
                    self.connection.close()
                    return
                status, headers, text = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Die: the port answers no more."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A running receiver."""
    it = Receiver()
    it.start()
    yield it
    it.stop()


@pytest.fixture
def inside_allowed(db, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Addresses of this machine may be sent to."""
    monkeypatch.setenv("FANOPS_PRIVATE_RECEIVERS", "true")
    settings.cache_clear()
    yield
    monkeypatch.delenv("FANOPS_PRIVATE_RECEIVERS")
    settings.cache_clear()
