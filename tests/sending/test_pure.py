"""Addresses, signatures and pauses on tables checked by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest

from fanops.errors import InvalidInput, NotReady
from fanops.sending import signature
from fanops.sending.addresses import Address, Refused, is_public, mask_address, read_address, resolve
from fanops.sending.events import EVENTS, sentence
from fanops.sending.mail import compose, read_server
from fanops.sending.outcome import MOST_ATTEMPTS, Outcome, pause_after
from fanops.sending.post import judge_robot


def test_a_signature_is_that_of_the_standard() -> None:
    # The example of the Standard Webhooks specification.
    secret, message_id, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    body = b'{"test": 2432232314}'
    assert signature.sign(secret, message_id, at, body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    given = signature.headers(secret, message_id, at, body)
    assert signature.verify(secret, given, body, at + 300)
    assert not signature.verify(secret, given, body, at + 301)
    assert not signature.verify(secret, given, body + b" ", at)
    assert not signature.verify(secret, {**given, "webhook-id": "msg_other"}, body, at)
    assert not signature.verify(signature.new_secret(), given, body, at)
    assert not signature.verify(secret, {}, body, at)
    both = {**given, "webhook-signature": f"v1,AAAA {given['webhook-signature']}"}  # a secret being changed
    assert signature.verify(secret, both, body, at)
    key = base64.b64decode(signature.new_secret().removeprefix("whsec_"))
    assert len(key) == 32
    with pytest.raises(InvalidInput):
        signature.sign("whsec_不是", "m", 1, b"")


def test_the_signature_can_be_computed_without_us() -> None:
    secret = signature.new_secret()
    key = base64.b64decode(secret.split("_", 1)[1])
    mac = hmac.new(key, b"msg_1.17." + b"{}", hashlib.sha256).digest()
    assert signature.sign(secret, "msg_1", 17, b"{}") == "v1," + base64.b64encode(mac).decode()


@pytest.mark.parametrize(
    "text",
    ["", "ftp://a.com/x", "https://", "javascript:alert(1)", "http://a.com:99999/", "http://a b.com/", "http://u:p@a.com/",
     "http://例子.com/", "http://[::1/", "file:///etc/passwd", "http://a.com/\r\nX: y", "http://a.com:0/", "x" * 2000],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_address("webhook", text)


def test_an_address_is_read_and_masked() -> None:
    assert read_address("webhook", " https://a.com:8443/x?y=1 ") == Address("https", "a.com", 8443, "/x?y=1")
    assert read_address("webhook", "http://a.com").host_header == "a.com"
    assert read_address("webhook", "http://[2001:db8::1]:81/").host_header == "[2001:db8::1]:81"
    robot = read_address("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a-secret")
    assert mask_address(robot) == "https://qyapi.weixin.qq.com/…et"
    assert mask_address(read_address("webhook", "https://a.com/12")) == "https://a.com/…"
    with pytest.raises(InvalidInput, match="key"):
        read_address("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send")
    with pytest.raises(InvalidInput):
        read_address("sms", "https://a.com")


@pytest.mark.parametrize(
    ("ip", "public"),
    [("8.8.8.8", True), ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False),
     ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False),
     ("fe80::1%eth0", False), ("fc00::1", False), ("::ffff:127.0.0.1", False), ("64:ff9b::7f00:1", False),
     ("2002:7f00:1::", False), ("2606:4700::1111", True), ("255.255.255.255", False)],
)  # fmt: skip
def test_inside_is_told_from_outside(ip: str, public: bool) -> None:
    assert is_public(ip) is public


def test_a_name_that_leads_inside_is_refused() -> None:
    with pytest.raises(Refused, match="内网"):
        resolve(Address("http", "localhost", 80, "/"), allow_private=False)
    with pytest.raises(Refused, match="内网"):
        resolve(Address("http", "127.1", 80, "/"), allow_private=False)  # an old way to write 127.0.0.1
    with pytest.raises(Refused, match="内网"):
        resolve(Address("http", "2130706433", 80, "/"), allow_private=False)  # and another
    assert resolve(Address("http", "127.0.0.1", 80, "/"), allow_private=True) == "127.0.0.1"
    with pytest.raises(Refused, match="找不到"):
        resolve(Address("http", "no-such-host.invalid", 80, "/"), allow_private=True)


def test_pauses_grow_and_end() -> None:
    failed = Outcome(False, "x", 500)
    pauses = [pause_after(n, failed) for n in range(1, MOST_ATTEMPTS + 2)]
    assert pauses[:5] == sorted(pauses[:5]) and pauses[0] == timedelta(minutes=1) and pauses[4] == timedelta(hours=12)
    assert pauses[5:] == [None, None]
    assert pause_after(1, Outcome(False, "x", 410, is_final=True)) is None
    assert pause_after(1, Outcome(False, "x", 429, wait_s=900)) == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("answer", "sent", "final", "down"),
    [(b'{"errcode":0,"errmsg":"ok"}', True, False, False), (b'{"errcode":45009}', False, False, True),
     (b'{"errcode":93000}', False, True, False), (b'{"errcode":40058}', False, False, False), (b"<html>", False, False, False),
     (b"[]", False, False, False), (b'{"errcode":"<b>"}', False, False, False)],
)  # fmt: skip
def test_what_a_robot_answers(answer: bytes, sent: bool, final: bool, down: bool) -> None:
    found = judge_robot(Outcome(True, status=200), answer)
    assert (found.sent, found.is_final, found.is_down) == (sent, final, down)
    assert "<" not in found.why


def test_every_event_has_a_sentence() -> None:
    data = {"title": "预点单", "to_label": "试点门店", "into_title": "小程序", "due_on": None, "verdict": "有效", "people": 6,
            "count": 3, "stores": [{"id": 1, "name": "静安店"}], "since": "2026-11-16", "until": "2026-11-22",
            "wants_of": "core", "wants": [{"theme_id": 1, "title": "排队太久", "people": 23, "base": 128}],
            "verdicts": [{"title": "预点单", "verdict": "有效"}], "silent_stores": 2}  # fmt: skip
    assert sentence("brief.weekly", data) == (
        "2026-11-16 到 2026-11-22，核心粉丝最想要：“排队太久”（23 / 128 人）。效果：“预点单”有效。2 家门店没有声音。"
    )
    for event in (*EVENTS, "test", "raisers.invited"):
        assert sentence(event, data).endswith("。"), event


def test_the_mail_server_is_read() -> None:
    server = read_server("smtps://me%40a.com:p%3Aw@mail.a.com", "山茶 <hi@a.com>")
    assert (server.kind, server.host, server.port, server.user, server.password) == (
        "smtps", "mail.a.com", 465, "me@a.com", "p:w",
    )  # fmt: skip
    assert "p:w" not in repr(server)
    assert read_server("smtp+starttls://h:2525", "a@b.c").kind == "starttls"
    for url, sender in (
        ("", "a@b.c"),
        ("smtp://h", ""),
        ("http://h", "a@b.c"),
        ("smtp://", "a@b.c"),
        ("smtp://h:x", "a@b.c"),
    ):
        with pytest.raises(NotReady):
            read_server(url, sender)
    mail = compose(server, "fan@x.com", "请来试\r\nBcc: all@x.com", "您好", "msg_1")
    assert mail["Bcc"] is None and mail["Message-ID"] == "<msg_1@a.com>"
