"""Sign-in and sign-out as a browser sees them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fanops.access.accounts import FAILURES_ALLOWED
from fanops.settings import settings
from fanops.tables import Account, Brand
from fanops.web import sign_in
from fanops.web.sign_in import local_path

HTML = {"accept": "text/html"}
ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def test_the_way_in_and_out(browser, chain) -> None:
    client = browser()
    assert client.get("/themes?id=3", headers=HTML).headers["location"] == "/login?next=/themes%3Fid%3D3"
    page = client.get("/login?next=/themes%3Fid%3D3")
    assert 'value="/themes?id=3"' in page.text
    answer = client.post("/login", data={"login": "ceo", "password": chain.password, "next": "/themes?id=3"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/themes?id=3")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    account = str(chain.accounts["ceo"])
    assert ["x-fanops-uid", account] in client.get("/themes", headers=HTML).json()["claims"]

    stolen = client.cookies["fanops_session"]
    assert client.post("/logout").headers["location"] == "/login"
    assert "fanops_session" not in client.cookies
    client.cookies["fanops_session"] = stolen
    assert client.get("/themes", headers=HTML).status_code == 303
    assert client.get("/media/some.csv").status_code == 401


@ONE
def test_signing_out_needs_a_post(signed_in) -> None:
    client = signed_in("ceo")
    assert 'method="post" action="/logout"' in client.get("/logout").text
    assert client.get("/themes").status_code == 200


@ONE
def test_each_sign_in_is_a_new_session(browser, chain) -> None:
    client = browser()
    planted = {"cookie": "fanops_session=chosen-by-the-attacker"}
    client.post("/login", data={"login": "ceo", "password": chain.password}, headers=planted)
    first = client.cookies["fanops_session"]
    assert first != "chosen-by-the-attacker"
    client.post("/login", data={"login": "ceo", "password": chain.password})
    assert client.cookies["fanops_session"] != first


@ONE
def test_over_https_the_cookie_is_bound_to_the_host(browser, chain, monkeypatch) -> None:
    monkeypatch.setenv("FANOPS_SECURE_COOKIE", "1")
    settings.cache_clear()
    answer = browser().post("/login", data={"login": "ceo", "password": chain.password})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-fanops=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "max-age" in answer.headers["strict-transport-security"]


def test_wrong_and_unknown_look_the_same(browser, chain) -> None:
    client = browser()
    pages = [
        client.post("/login", data={"login": login, "password": "wrong-password"}) for login in ("clerk", "nobody")
    ]
    assert {page.status_code for page in pages} == {401}
    first, second = (page.text.replace(login, "…") for page, login in zip(pages, ("clerk", "nobody"), strict=True))
    assert first == second
    assert "登录名或密码不对" in first
    assert all("set-cookie" not in page.headers for page in pages)


def test_slowed_after_ten_failures(browser, chain) -> None:
    client = browser("10.1.1.1")
    codes = [
        client.post("/login", data={"login": "ceo", "password": "wrong-password"}).status_code
        for _ in range(FAILURES_ALLOWED + 1)
    ]
    assert codes == [401] * FAILURES_ALLOWED + [429]
    right = client.post("/login", data={"login": "ceo", "password": chain.password})
    assert (right.status_code, right.headers["retry-after"]) == (429, "900")
    assert browser("10.2.2.2").post("/login", data={"login": "ceo", "password": chain.password}).status_code == 303


@ONE
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9999", "http://localhost"])
def test_a_foreign_page_can_not_sign_in_or_out(browser, signed_in, chain, origin: str) -> None:
    headers = {"origin": origin}
    data = {"login": "ceo", "password": chain.password}
    assert browser().post("/login", data=data, headers=headers).status_code == 403
    client = signed_in("ceo")
    assert client.post("/logout", headers=headers).status_code == 403
    assert client.post("/logout", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.get("/themes").status_code == 200


@ONE
def test_our_own_page_can(browser, chain) -> None:
    headers = {"origin": "http://localhost:8501", "sec-fetch-site": "same-origin"}
    data = {"login": "ceo", "password": chain.password}
    assert browser().post("/login", data=data, headers=headers).status_code == 303


@ONE
def test_no_accounts_yet(browser, installation, chain) -> None:
    assert "fanops account add" not in browser().get("/login").text
    with chain.db.write() as session:
        for login in chain.accounts.values():
            session.delete(session.get_one(Account, login))
    assert "fanops account add" in browser().get("/login").text


@ONE
def test_sample_accounts_are_offered_only_with_sample_data(browser, chain, monkeypatch) -> None:
    import fanops.sample

    monkeypatch.setattr(fanops.sample, "SAMPLE_PASSWORD", "shili-mima-2026", raising=False)
    assert "示例账号" not in browser().get("/login").text
    with chain.db.write() as session:
        for table, row_id in ((Brand, chain.brand_id), (Account, chain.accounts["ceo"])):
            row = session.get_one(table, row_id)
            row.is_sample = True
            session.add(row)
    page = browser().get("/login").text
    assert "示例账号" in page
    assert "shili-mima-2026" in page
    assert "store_manager" not in page


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("/themes?id=3&store=S1", "/themes?id=3&store=S1"),
        ("/", "/"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/themes\r\nSet-Cookie: a=b", "/"),
        ("/" + "a" * 600, "/"),
        ("/a b", "/"),
    ],
)
def test_only_our_own_addresses_are_gone_to(given: str, wanted: str) -> None:
    assert local_path(given) == wanted


HOSTILE = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        [
            "' OR 1=1 --",
            "admin'/*",
            "\x00",
            "../../etc/passwd",
            "<script>alert(1)</script>",
            "{{7*7}}",
            "${jndi:ldap://x}",
            "\u202eecila",
            "%00",
            "a" * 5_000,
            "＝cmd",
            "ｃｅｏ",
        ]
    ),
)


@ONE
@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(login=HOSTILE, password=HOSTILE, next_path=HOSTILE)
def test_nothing_typed_breaks_the_form(browser, chain, monkeypatch, login: str, password: str, next_path: str) -> None:
    monkeypatch.setattr("fanops.access.accounts.ADDRESS_FAILURES_ALLOWED", 10_000)
    answer = browser().post("/login", data={"login": login, "password": password, "next": next_path})
    assert answer.status_code in (401, 413, 429)
    assert "<script>alert" not in answer.text


@ONE
@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(body=st.binary(max_size=400), kind=st.sampled_from(["application/x-www-form-urlencoded", "text/plain", "a/b"]))
def test_no_body_breaks_the_form(browser, chain, monkeypatch, body: bytes, kind: str) -> None:
    monkeypatch.setattr("fanops.access.accounts.ADDRESS_FAILURES_ALLOWED", 10_000)
    answer = browser().post("/login", content=body, headers={"content-type": kind})
    assert answer.status_code in (401, 413, 429)


@ONE
def test_a_huge_body_is_refused_early(browser) -> None:
    answer = browser().post("/login", content=b"login=" + b"a" * (sign_in._LONGEST_FORM + 1))
    assert answer.status_code == 413
