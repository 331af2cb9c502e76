"""The gate in front of everything: hosts, origins, headers, who it is; for http and websockets."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers
from starlette.websockets import WebSocketDisconnect

from fanops.web.gate import host_is_ours, is_open, origin_is_ours, page_exists

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
HTML = {"accept": "text/html"}
STREAM = "ws://localhost:8501/_stcore/stream"
SPOOFED = {"x-fanops-uid": "1", "X-Fanops-Sid": "1", "x_fanops_uid": "1", "x-fanops_sid": "1", "X-FANOPS-ROLE": "ceo"}


@ONE
def test_what_the_client_claims_is_stripped(browser, signed_in, chain) -> None:
    client = signed_in("clerk")
    claims = dict(client.get("/themes", headers=SPOOFED).json()["claims"])
    assert set(claims) == {"x-fanops-uid", "x-fanops-sid"}
    assert claims["x-fanops-uid"] == str(chain.accounts["clerk"])
    assert browser().get("/static/some.js", headers=SPOOFED).json()["claims"] == []


@ONE
def test_a_websocket_says_who_it_is_only_by_its_cookie(browser, signed_in, chain) -> None:
    with browser().websocket_connect(STREAM, headers=SPOOFED) as socket:
        assert socket.receive_json() == {"claims": []}
    with signed_in("clerk").websocket_connect(STREAM, headers=SPOOFED) as socket:
        claims = dict(socket.receive_json()["claims"])
    assert claims["x-fanops-uid"] == str(chain.accounts["clerk"])
    assert set(claims) == {"x-fanops-uid", "x-fanops-sid"}


@ONE
@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"origin": "null"}])
def test_a_foreign_websocket_is_refused(signed_in, headers: dict) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        signed_in("clerk").websocket_connect(STREAM, headers=headers),
    ):
        pass
    assert closed.value.code == 1008


@ONE
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/themes",
        "/accounts",
        "/media/a.csv",
        "/export/accounts",
        "/_stcore/upload_file/a/b",
        "/anything",
        "/api/x",
    ],
)
def test_nothing_behind_the_gate_without_a_session(browser, path: str) -> None:
    page = browser().get(path, headers=HTML)
    assert page.status_code == 303
    assert page.headers["location"].startswith("/login")
    other = browser().get(path, headers={"accept": "*/*"})
    assert (other.status_code, other.text) == (401, "请先登录。")
    assert browser().post(path).status_code == 401


@ONE
@pytest.mark.parametrize(
    "path", ["/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/agent/run", "/auth/login"]
)
def test_what_nobody_may_reach(browser, signed_in, path: str) -> None:
    assert browser().get(path).status_code == 404
    assert signed_in("admin").get(path).status_code == 404


@ONE
@pytest.mark.parametrize(
    "path", ["/login", "/themes", "/healthz", "/_stcore/metrics", "/nothing-here", "/s/x", "/static/x"]
)
def test_everything_carries_the_headers(signed_in, path: str) -> None:
    headers = signed_in("ceo").get(path, headers=HTML).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    scripts = next(part for part in policy.split(";") if "script-src" in part)
    assert "unsafe" not in scripts
    assert "http" not in scripts
    assert "ws://localhost:8501" in policy
    for directive in ("object-src 'none'", "base-uri 'self'", "form-action 'self'", "frame-ancestors 'none'"):
        assert directive in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


@ONE
def test_a_foreign_host_gets_nothing(signed_in) -> None:
    client = signed_in("ceo")
    for host in (
        "evil.example",
        "localhost.evil.example",
        "localhost:8501@evil.example",
        "",
        "a b",
        "[",
        "localhost/x",
    ):
        answer = client.get("/login", headers={"host": host})
        assert answer.status_code == 400, host
        assert "evil" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost", True),
        ("LOCALHOST:8501", True),
        ("127.0.0.1:8501", True),
        ("192.168.1.20:8501", True),
        ("[::1]:8501", True),
        ("localhost:notaport", False),
        ("127.0.0.1.evil.example", False),
        ("user@localhost", False),
        ("localhost?x", False),
        ("localhost#x", False),
    ],
)
def test_which_hosts_are_ours(host: str, ours: bool, installation) -> None:
    assert host_is_ours(host) is ours


def test_which_origins_are_ours() -> None:
    def is_ours(**headers: str) -> bool:
        return origin_is_ours(Headers({name.replace("_", "-"): value for name, value in headers.items()}))

    assert is_ours(host="localhost:8501", origin="http://localhost:8501")
    assert is_ours(host="localhost:8501")
    assert is_ours(host="localhost:8501", sec_fetch_site="same-origin")
    assert not is_ours(host="localhost:8501", origin="http://localhost:8502")
    assert not is_ours(host="localhost:8501", origin="")
    assert not is_ours(host="localhost:8501", sec_fetch_site="cross-site")
    assert not is_ours(host="localhost:8501", sec_fetch_site="same-site")


def test_which_addresses_are_pages() -> None:
    assert page_exists("/")
    assert page_exists("/accounts")
    for path in ("/nothing", "/../fanops/settings", "/accounts.py", "/a/b", "/.streamlit", "/accounts%00"):
        assert not page_exists(path), path
    for path in ("/accounts", "/", "/loginx", "/media/", "/static"):
        assert not is_open(path), path


@ONE
def test_an_address_that_is_no_page_says_so(signed_in) -> None:
    answer = signed_in("ceo").get("/nothing-here", headers=HTML)
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text
