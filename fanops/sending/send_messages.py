"""Send what waits: claim, send, write down; one after another, so that a worker that dies loses nothing."""

from __future__ import annotations

import json
import logging
import threading
import time

from fanops.database import Database
from fanops.errors import FanopsError
from fanops.sending import mail, post, signature
from fanops.sending.addresses import read_address
from fanops.sending.outcome import Outcome
from fanops.sending.records_claims import Claim, claim_message, end_attempt, something_is_due
from fanops.settings import settings

_log = logging.getLogger("fanops.sending")


def send_due(db: Database, stop: threading.Event | None = None) -> int:
    """Send everything that is due now.

    Args:
        db: The database.
        stop: Set to end after the message in hand.

    Returns:
        How many attempts were made.
    """
    with db.read() as session:
        if not something_is_due(session):
            return 0
    attempts = 0
    while not (stop is not None and stop.is_set()) and _send_one(db) is not None:
        attempts += 1
    return attempts


def send_now(db: Database, message_id: int) -> str:
    """Send one message that is due, for a person who waits for the answer.

    Returns:
        Its state afterwards; "" when it is not due (the worker has it in hand, or its receiver is paused).
    """
    return _send_one(db, message_id) or ""


def _send_one(db: Database, message_id: int | None = None) -> str | None:
    with db.write() as session:
        claim = claim_message(session, message_id)
    if claim is None:
        return None
    outcome = attempt(claim)
    with db.write() as session:
        state = end_attempt(session, claim.message_id, outcome)
    _log.info("message %d by %s: %s, status %s, %d ms", claim.message_id, claim.channel, state or "gone",
              outcome.status, outcome.ms)  # fmt: skip
    return state


def attempt(claim: Claim) -> Outcome:
    """Send one message and say what came of it."""
    if claim.refused:
        return Outcome(False, claim.refused, is_final=True)
    try:
        return _mail(claim) if claim.channel == "mail" else _post(claim)
    except FanopsError as refusal:  # a setting is missing or an address can't be read: a person must mend it
        return Outcome(False, refusal.message[:100])
    except Exception:
        # The message stays and is tried again; without this, one bad message would stop all that wait behind it.
        _log.exception("message %d could not be sent", claim.message_id)
        return Outcome(False, "程序出错，见日志")


def _post(claim: Claim) -> Outcome:
    body = json.dumps(claim.body, ensure_ascii=False, separators=(",", ":")).encode()
    signed = signature.headers(claim.secret, claim.key, int(time.time()), body) if claim.secret else {}
    outcome, answer = post.post_json(
        read_address(claim.channel, claim.address), body, signed, allow_private=settings().private_receivers
    )
    return post.judge_robot(outcome, answer) if claim.channel == "wecom" else outcome


def _mail(claim: Claim) -> Outcome:
    server = mail.read_server(settings().smtp_url, settings().mail_from)
    return mail.send_mail(server, mail.compose(server, claim.address, claim.subject, claim.text, claim.key))
