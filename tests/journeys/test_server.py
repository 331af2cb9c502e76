"""The running product from outside: identity on real websockets, starting again, stopping whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from urllib.error import HTTPError
from urllib.request import urlopen

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

PASSWORD = "mingtian-hecha-2026"


def _cookie(server, login: str) -> str:
    answer = httpx.post(f"{server.url}/login", data={"login": login, "password": PASSWORD})
    assert answer.status_code == 303
    return f"fanops_session={answer.cookies['fanops_session']}"


def _words(server, headers: dict[str, str], page_name: str = "", resume: str = "") -> tuple[str, str]:
    """Run a page over the websocket; give everything it put on the screen, and the session's id."""
    protocols = ["streamlit", "x", resume] if resume else ["streamlit"]
    url = server.url.replace("http", "ws") + "/_stcore/stream"
    with connect(url, additional_headers=headers, subprotocols=protocols, max_size=None, origin=server.url) as socket:
        message = BackMsg()
        message.rerun_script.page_name = page_name
        socket.send(message.SerializeToString())
        words, session_id, deadline = [], "", time.monotonic() + 30
        while time.monotonic() < deadline:
            answer = ForwardMsg()
            payload = socket.recv(timeout=30)
            answer.ParseFromString(payload)
            if answer.WhichOneof("type") == "new_session":
                session_id = answer.new_session.initialize.session_id
            if answer.WhichOneof("type") == "delta":
                words.append(payload.decode("utf-8", "ignore"))
            if answer.WhichOneof("type") == "script_finished":
                break
    return "".join(words), session_id


def test_each_sees_what_the_cookie_says(server) -> None:
    words, _ = _words(server, {"Cookie": _cookie(server, "admin")}, "accounts")
    assert "谁能登录" in words
    words, _ = _words(server, {"Cookie": _cookie(server, "clerk")}, "accounts")
    assert "谁能登录" not in words
    assert "看不了这个页面" in words


@pytest.mark.parametrize("claim", [{"x-fanops-uid": "1", "x-fanops-sid": "1"}, {"X-FANOPS-UID": "1"}, {}])
def test_without_a_session_no_page_runs(server, claim: dict[str, str]) -> None:
    for page in ("", "accounts", "work"):
        words, _ = _words(server, claim, page)
        assert "请登录" in words
        assert "谁能登录" not in words


def test_nobody_resumes_anothers_session(server) -> None:
    words, session_id = _words(server, {"Cookie": _cookie(server, "admin")}, "accounts")
    assert "谁能登录" in words
    for headers in ({}, {"Cookie": _cookie(server, "clerk")}):
        words, other = _words(server, headers, "accounts", resume=session_id)
        assert other != session_id
        assert "谁能登录" not in words


def test_a_foreign_page_opens_no_websocket(server) -> None:
    url = server.url.replace("http", "ws") + "/_stcore/stream"
    for origin in ("https://evil.example", "null"):
        with pytest.raises(InvalidStatus) as refused, connect(url, origin=origin):
            pass
        assert refused.value.response.status_code == 403


def test_a_session_ends_when_the_account_does(server) -> None:
    server.fanops("account", "add", "gast", "--role", "product", stdin=f"{PASSWORD}\n")
    cookie = _cookie(server, "gast")
    assert "请登录" not in _words(server, {"Cookie": cookie})[0]
    server.fanops("account", "disable", "gast")
    assert "请登录" in _words(server, {"Cookie": cookie})[0]


def test_media_and_uploads_need_a_session(server) -> None:
    for path in ("/media/a.csv", "/_stcore/upload_file/a/b", "/_stcore/metrics", "/_stcore/agent/openapi.json"):
        assert httpx.get(server.url + path).status_code in (401, 404), path
    assert httpx.get(server.url + "/_stcore/health").status_code == 200


def _health(server) -> dict[str, str]:
    try:
        with urlopen(f"{server.url}/healthz") as answer:
            return json.load(answer)
    except HTTPError as error:
        return json.load(error)


def test_the_worker_runs_beside_and_is_started_again(server) -> None:
    deadline = time.monotonic() + 60
    while _health(server)["worker"] != "ok":
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert _health(server)["database"] == "ok"


def test_a_second_start_says_the_port_is_taken(server) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fanops.cli", "run", "--no-sample"],
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "不能使用端口" in done.stderr
    assert "fanops run --port" in done.stderr


def test_it_stops_whole_and_keeps_everything(tmp_path, start) -> None:
    process, running = start(tmp_path)
    assert len(json.loads(running.fanops("account", "list", "--json"))) == 3
    children = _children(process.pid)
    assert children
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert "已停止" in running.log.read_text()
    assert not any(_alive(child) for child in children)
    assert len(json.loads(running.fanops("account", "list", "--json"))) == 3
    checks = json.loads(running.fanops("doctor", "--json", may_fail=True))["checks"]
    assert checks["数据库完整性"] == checks["审计记录"] == checks["密钥"] == []


def _children(process_id: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process_id)], capture_output=True, text=True)
    return [int(line) for line in listed.stdout.split()]


def _alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True
