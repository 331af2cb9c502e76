"""邮件 by SMTP: the server read from the settings, one message composed and handed over."""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from fanops.errors import NotReady
from fanops.sending.outcome import Outcome

TIMEOUT_S = 20.0
_PORTS = {"smtp": 25, "smtps": 465, "starttls": 587}
_BREAKS = re.compile(r"[\r\n\x00-\x1f]+")
_HOW = "写成 smtp://、smtps:// 或 starttls://，例如 smtps://用户:密码@smtp.example.com:465。"


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over; ``kind`` is smtp (clear), smtps (TLS from the start) or starttls."""

    kind: str
    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


def read_server(url: str, sender: str) -> MailServer:
    """Read FANOPS_SMTP_URL and FANOPS_MAIL_FROM.

    Raises:
        NotReady: Not set, or not readable; the hint says how.
    """
    if not url or not sender:
        raise NotReady("还没有设置发信服务器。", f"请设置 FANOPS_SMTP_URL 和 FANOPS_MAIL_FROM：{_HOW}")
    try:
        parts = urlsplit(url)
        kind = parts.scheme.removeprefix("smtp+")
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise NotReady("FANOPS_SMTP_URL 读不懂。", _HOW) from error
    if kind not in _PORTS or not host:
        raise NotReady("FANOPS_SMTP_URL 读不懂。", _HOW)
    return MailServer(
        kind, host, port or _PORTS[kind], sender, unquote(parts.username or ""), unquote(parts.password or "")
    )


def compose(server: MailServer, to: str, subject: str, text: str, message_id: str) -> EmailMessage:
    """Write a plain mail; ``message_id`` stays the same at every attempt, so that a repeat can be told."""
    mail = EmailMessage()
    mail["From"], mail["To"] = server.sender, to
    mail["Subject"] = _BREAKS.sub(" ", subject)
    mail["Date"] = formatdate(localtime=False)
    mail["Message-ID"] = f"<{message_id}@{server.sender.rpartition('@')[2].strip('<> ') or 'fanops'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    return mail


def send_mail(server: MailServer, mail: EmailMessage, *, timeout_s: float = TIMEOUT_S) -> Outcome:
    """Hand a mail over to the server; a refusal for good (5xx of the addressee) is final."""
    started = time.monotonic()

    def ended(why: str, **more) -> Outcome:
        return Outcome(not why, why, ms=round(1_000 * (time.monotonic() - started)), **more)

    try:
        with _connect(server, timeout_s) as smtp:
            if server.user:
                smtp.login(server.user, server.password)
            smtp.send_message(mail)
    except smtplib.SMTPRecipientsRefused as refusal:
        status = next(iter(refusal.recipients.values()))[0]
        return ended("收信地址被拒绝", status=status, is_final=status >= 500)
    except smtplib.SMTPAuthenticationError as refusal:
        return ended("发信服务器不认账号或密码", status=refusal.smtp_code, is_down=True)
    except smtplib.SMTPResponseException as refusal:
        return ended("发信服务器拒绝", status=refusal.smtp_code, is_down=refusal.smtp_code < 500)
    except ssl.SSLError:
        return ended("发信服务器的证书不可信", is_down=True)
    except (smtplib.SMTPException, OSError):
        return ended("连不上发信服务器，或连接中断", is_down=True)
    return ended("", status=250)


def _connect(server: MailServer, timeout_s: float) -> smtplib.SMTP:
    trusted = ssl.create_default_context()
    if server.kind == "smtps":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=timeout_s, context=trusted)
    smtp = smtplib.SMTP(server.host, server.port, timeout=timeout_s)
    if server.kind == "starttls":
        try:
            smtp.starttls(context=trusted)
        except BaseException:
            smtp.close()
            raise
    return smtp
