"""Mail over a real SMTP server: sent, refused for good, refused for now, and nothing of it kept in clear."""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import update
from sqlmodel import select

from fanops.errors import Conflict
from fanops.fans.erase import CONFIRMATION, erase_fan
from fanops.sending import records as sending
from fanops.sending.mail import MailServer, compose, send_mail
from fanops.sending.outcome import Outcome
from fanops.sending.send_messages import send_due
from fanops.settings import settings
from fanops.tables import Fan, Message, now

TO = "xiaoming@example.com"
LINK = "http://127.0.0.1:8501/s/secret-code-of-one-fan"


class Post:
    """A handler that keeps what came and answers what it is told."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []
        self.recipient_answer = "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(self, server, session, envelope) -> str:
        self.got.append(envelope)
        return "250 OK"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def post() -> Post:
    """What the server does with mail."""
    return Post()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate of this machine's own, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now() - timedelta(days=1)).not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


@pytest.fixture
def tls(certificate, monkeypatch) -> ssl.SSLContext:
    """The server's side of TLS; the client trusts it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    return context


def _who(server, session, envelope, mechanism, given) -> AuthResult:
    return AuthResult(success=(given.login, given.password) == (b"me", b"geheim"), handled=False)


@pytest.fixture
def post_office(post: Post, tls) -> Iterator[Controller]:
    """A running SMTP server that wants STARTTLS, a user and a password."""
    office = Controller(
        post, hostname="127.0.0.1", port=_free_port(), tls_context=tls, require_starttls=True, authenticator=_who,
        auth_required=True,
    )  # fmt: skip
    office.start()
    yield office
    office.stop(no_assert=True)


@pytest.fixture
def clear_office(post: Post) -> Iterator[Controller]:
    """A running SMTP server that knows no TLS and asks nobody who they are."""
    office = Controller(post, hostname="127.0.0.1", port=_free_port())
    office.start()
    yield office
    office.stop(no_assert=True)


@pytest.fixture
def mail_is_set(db, post_office, monkeypatch) -> Iterator[None]:
    monkeypatch.setenv("FANOPS_SMTP_URL", f"starttls://me:geheim@127.0.0.1:{post_office.port}")
    monkeypatch.setenv("FANOPS_MAIL_FROM", "山茶 <hello@shancha.example>")
    settings.cache_clear()
    yield
    monkeypatch.delenv("FANOPS_SMTP_URL")
    monkeypatch.delenv("FANOPS_MAIL_FROM")
    settings.cache_clear()


def _write(chain) -> tuple[int, int]:
    with chain.db.write() as session:
        fan = Fan(brand_id=chain.brand_id, name_masked="王**", home_store_id=chain.stores["S1"])
        session.add(fan)
        session.flush()
        row = sending.write_mail(session, chain.actors["product"], fan.id, TO, "请您来试：预点单", f"您好：\n{LINK}\n",
                                 "raisers.invited", {"item_id": 1})  # fmt: skip
        return fan.id, row.id


def _message(chain) -> Message:
    with chain.db.read() as session:
        return session.exec(select(Message)).one()


def test_a_mail_arrives_once_and_its_address_is_let_go(chain, post, mail_is_set, caplog) -> None:
    _, number = _write(chain)
    with chain.db.read() as session:
        kept = str(session.exec(select(Message)).one())
    assert TO not in kept and "secret-code" not in kept
    with caplog.at_level(logging.DEBUG, "fanops"):
        assert send_due(chain.db) == 1 and send_due(chain.db) == 0
    [envelope] = post.got
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert (envelope.rcpt_tos, mail["Subject"]) == ([TO], "请您来试：预点单")
    assert LINK in mail.get_content() and mail["From"] == "山茶 <hello@shancha.example>"
    message = _message(chain)
    assert message.message_key in mail["Message-ID"]
    assert (message.state, message.to_sealed, message.attempts[0]["status"]) == ("sent", None, 250)
    assert "fanops" in caplog.text and not [s for s in (TO, "secret-code", "geheim") if s in caplog.text]
    with chain.db.write() as session, pytest.raises(Conflict, match="第二次"):
        sending.send_again(session, chain.actors["product"], number)


def test_an_unknown_addressee_is_final_and_a_full_box_is_not(chain, post, mail_is_set) -> None:
    _write(chain)
    post.recipient_answer = "452 full"
    send_due(chain.db)
    assert (_message(chain).state, _message(chain).attempts[0]["status"]) == ("waiting", 452)
    post.recipient_answer = "550 no such user"
    with chain.db.write() as session:
        session.exec(update(Message).values(next_try_at=now()))
    send_due(chain.db)
    assert (_message(chain).state, _message(chain).attempts[1]["status"]) == ("failed", 550)


def test_a_server_that_is_away_is_asked_again(chain, mail_is_set, monkeypatch) -> None:
    _write(chain)
    monkeypatch.setenv("FANOPS_SMTP_URL", f"smtp://127.0.0.1:{_free_port()}")
    settings.cache_clear()
    send_due(chain.db)
    assert _message(chain).state == "waiting" and "连不上" in _message(chain).attempts[0]["why"]


def test_without_a_server_it_says_so(chain) -> None:
    _write(chain)
    send_due(chain.db)
    assert _message(chain).state == "waiting" and "没有设置发信服务器" in _message(chain).attempts[0]["why"]


def test_who_opts_out_meanwhile_gets_nothing(chain, post, mail_is_set) -> None:
    fan_id, _ = _write(chain)
    with chain.db.write() as session:
        session.get_one(Fan, fan_id).opted_out_at = now()
    send_due(chain.db)
    assert post.got == [] and (_message(chain).state, _message(chain).attempts[0]["why"]) == ("failed", "已退订")


def test_who_is_erased_takes_their_mail_with_them(chain) -> None:
    fan_id, _ = _write(chain)
    with chain.db.write() as session:
        erase_fan(session, chain.actors["admin"], fan_id, CONFIRMATION)
    with chain.db.read() as session:
        assert session.exec(select(Message)).all() == []


def _send(server: MailServer) -> Outcome:
    return send_mail(server, compose(server, TO, "请来试", "您好", "msg_1"))


def test_a_wrong_password_is_told(post_office) -> None:
    outcome = _send(MailServer("starttls", "127.0.0.1", post_office.port, "a@b.example", "me", "falsch"))
    assert (outcome.sent, outcome.status, outcome.is_final) == (False, 535, False)


def test_clear_and_tls_from_the_start(post, clear_office, tls) -> None:
    assert _send(MailServer("smtp", "127.0.0.1", clear_office.port, "a@b.example")).sent
    office = Controller(post, hostname="127.0.0.1", port=_free_port(), ssl_context=tls)
    office.start()
    try:
        assert _send(MailServer("smtps", "127.0.0.1", office.port, "a@b.example")).sent
    finally:
        office.stop(no_assert=True)
    assert len(post.got) == 2


def test_starttls_never_goes_on_in_clear(post, clear_office) -> None:
    """The server offers no TLS: nothing is sent, not even the password."""
    outcome = _send(MailServer("starttls", "127.0.0.1", clear_office.port, "a@b.example", "me", "geheim"))
    assert not outcome.sent and post.got == []


def test_a_foreign_certificate_is_not_trusted(post, post_office, monkeypatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    outcome = _send(MailServer("starttls", "127.0.0.1", post_office.port, "a@b.example", "me", "geheim"))
    assert (outcome.sent, outcome.why) == (False, "发信服务器的证书不可信") and post.got == []
