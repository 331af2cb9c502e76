"""The outbox over real servers: written with the deed, signed, retried with the same id, given up, held, refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import select

from fanops.actions import merge_items, records_fixes
from fanops.actions import records_backlog as backlog
from fanops.actions import records_rollout as rollouts
from fanops.actions.undo_open_item import undo_open_item
from fanops.effect.records import save_measurement
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.sending import records as sending
from fanops.sending.outcome import MOST_ATTEMPTS
from fanops.sending.records_claims import LEASE, claim_message
from fanops.sending.send_messages import send_due, send_now
from fanops.tables import Message, Theme, Webhook, now

pytestmark = pytest.mark.usefixtures("inside_allowed")


def _add(chain, kind: str, address: str, *events: str, store: str | None = None) -> tuple[int, str]:
    with chain.db.write() as session:
        store_id = chain.stores[store] if store else None
        row, secret = sending.add_webhook(
            session, chain.actors["product"], kind, "看板", address, events, store_id=store_id
        )
        return row.id, secret


def _record(chain, title: str = "预点单") -> int:
    with chain.db.write() as session:
        data = {"item_id": 7, "title": title, "theme_id": None, "from": "trial", "to": "pilot", "to_label": "试点门店"}
        return sending.record_event(session, chain.actors["product"], "item.stage_moved", data)


def _messages(chain) -> list[Message]:
    with chain.db.read() as session:
        return list(session.exec(select(Message).order_by(Message.id)))


def _let_time_pass(chain) -> None:
    with chain.db.write() as session:
        session.exec(update(Message).where(Message.next_try_at.is_not(None)).values(next_try_at=now()))


def test_a_message_is_signed_and_sent_once(chain, receiver) -> None:
    _, secret = _add(chain, "webhook", receiver.url, "item.stage_moved")
    assert _record(chain) == 1
    assert send_due(chain.db) == 1
    assert send_due(chain.db) == 0
    [(path, headers, body)] = receiver.got
    assert path == "/hook/a-path-that-is-a-password"
    # Computed here from the published convention, without our own code.
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(base64.b64decode(secret[len("whsec_") :]), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    sent = json.loads(body)
    assert (sent["type"], sent["data"]["title"], sent["data"]["to"]) == ("item.stage_moved", "预点单", "pilot")
    [message] = _messages(chain)
    assert (message.state, message.message_key, message.next_try_at) == ("sent", headers["webhook-id"], None)
    assert [(each["status"], each["why"]) for each in message.attempts] == [(200, "")]
    assert message.sent_at is not None and message.attempts[0]["ms"] >= 0


def test_a_deed_that_fails_sends_nothing(chain, receiver) -> None:
    _add(chain, "webhook", receiver.url, "item.stage_moved")
    with pytest.raises(RuntimeError), chain.db.write() as session:
        sending.record_event(session, chain.actors["product"], "item.stage_moved",
                             {"title": "x", "to_label": "定义"})  # fmt: skip
        raise RuntimeError
    assert _messages(chain) == [] and send_due(chain.db) == 0


def test_five_hundred_then_fine_is_one_message_with_one_id(chain, receiver) -> None:
    _add(chain, "webhook", receiver.url, "item.stage_moved")
    receiver.answers = [(500, {}, b"oops"), "hang up", (302, {"Location": receiver.url}, b""), (200, {}, b"")]
    _record(chain)
    pauses = []
    for _ in range(4):
        send_due(chain.db)
        [message] = _messages(chain)
        pauses.append(
            None if message.next_try_at is None else round((message.next_try_at - now()).total_seconds() / 60)
        )
        _let_time_pass(chain)
    assert pauses == [1, 5, 30, None]
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
    assert len(receiver.got) == 4  # the redirect was not followed
    assert message.state == "sent"
    assert [each["status"] for each in message.attempts] == [500, None, 302, 200]
    assert "不跟随" in message.attempts[2]["why"]


def test_a_receiver_killed_in_the_middle_gets_it_when_it_is_back(chain, receiver) -> None:
    _add(chain, "webhook", receiver.url, "item.stage_moved")
    _record(chain, "第一条")
    send_due(chain.db)
    receiver.stop()
    for title in ("第二条", "第三条", "第四条"):
        _record(chain, title)
    assert send_due(chain.db) == 1  # one attempt says that it is down; the others wait a minute
    states = [message.state for message in _messages(chain)]
    assert states == ["sent", "waiting", "waiting", "waiting"]
    assert [len(message.attempts) for message in _messages(chain)] == [1, 1, 0, 0]
    receiver.start()
    _let_time_pass(chain)
    assert send_due(chain.db) == 3
    assert {message.state for message in _messages(chain)} == {"sent"}
    assert sorted(body["data"]["title"] for body in receiver.bodies()) == ["第一条", "第三条", "第二条", "第四条"]


def test_it_is_given_up_after_the_last_pause_and_sent_again_by_hand(chain, receiver) -> None:
    _add(chain, "webhook", receiver.url, "item.stage_moved")
    receiver.answers = [(400, {}, b"no")]
    _record(chain)
    for _ in range(MOST_ATTEMPTS + 2):
        send_due(chain.db)
        _let_time_pass(chain)
    [message] = _messages(chain)
    assert (message.state, len(message.attempts), len(receiver.got)) == ("failed", MOST_ATTEMPTS, MOST_ATTEMPTS)
    receiver.answers = [(204, {}, b"")]
    with chain.db.write() as session:
        sending.send_again(session, chain.actors["product"], message.id)
    assert send_now(chain.db, message.id) == "sent"
    assert {headers["webhook-id"] for _, headers, _ in receiver.got} == {message.message_key}


def test_gone_pauses_the_receiver_and_too_fast_waits_as_asked(chain, receiver) -> None:
    number, _ = _add(chain, "webhook", receiver.url, "item.stage_moved")
    receiver.answers = [(429, {"Retry-After": "600"}, b""), (410, {}, b"")]
    _record(chain)
    send_due(chain.db)
    [message] = _messages(chain)
    assert timedelta(minutes=9) < message.next_try_at - now() <= timedelta(minutes=10)
    _let_time_pass(chain)
    send_due(chain.db)
    assert _messages(chain)[0].state == "failed"
    with chain.db.read() as session:
        assert session.get_one(Webhook, number).paused_at is not None
    assert _record(chain) == 0


def test_a_robot_is_told_in_words_and_its_errcode_counts(chain, receiver) -> None:
    _add(chain, "wecom", receiver.robot_url, "item.stage_moved")
    receiver.answers = [(200, {}, b'{"errcode":45009,"errmsg":"too fast"}'), (200, {}, b'{"errcode":0}')]
    _record(chain)
    send_due(chain.db)
    assert _messages(chain)[0].state == "waiting" and "45009" in _messages(chain)[0].attempts[0]["why"]
    _let_time_pass(chain)
    send_due(chain.db)
    assert _messages(chain)[0].state == "sent"
    assert receiver.bodies()[1] == {"msgtype": "text", "text": {"content": "需求条目“预点单”进入“试点门店”。"}}
    assert "webhook-signature" not in receiver.got[0][1] and receiver.got[0][0].endswith("sifa5aaa")


def test_a_paused_receiver_gets_nothing_new_and_what_waits_is_held(chain, receiver) -> None:
    number, _ = _add(chain, "webhook", receiver.url, "item.stage_moved")
    product = chain.actors["product"]
    _record(chain)
    with chain.db.write() as session:
        sending.pause_webhook(session, product, number)
        with pytest.raises(Conflict):
            sending.write_test(session, product, number)
    assert _record(chain) == 0 and send_due(chain.db) == 0
    with chain.db.write() as session:
        sending.pause_webhook(session, product, number, paused=False)
    assert send_due(chain.db) == 1
    with chain.db.write() as session:
        sending.give_up(session, product, sending.write_test(session, product, number).id)
        with pytest.raises(Conflict):
            sending.give_up(session, product, _messages(chain)[0].id)
    assert send_due(chain.db) == 0
    with chain.db.write() as session:
        sending.remove_webhook(session, product, number)
    assert _messages(chain) == []


def test_each_hears_what_concerns_it(chain, receiver) -> None:
    a, stores = chain.actors, chain.stores
    _add(chain, "webhook", receiver.url, "fix.opened", "fix.moved", "fix.withdrawn")
    _add(chain, "wecom", receiver.robot_url, "fix.opened", "fix.moved", store="S1")
    _add(chain, "wecom", receiver.robot_url, "fix.opened", store="S3")
    receiver.answers = [(200, {}, b'{"errcode":0}')]
    with chain.db.write() as session:
        theme = Theme(brand_id=chain.brand_id, name="排队太久")
        session.add(theme)
        session.flush()
        fix = records_fixes.open_fix(session, a["product"], theme.id, [stores["S1"], stores["S2"]], "加人")
        rows = records_fixes.fix_stores(session, a["product"], fix.id).set_index("store_id")["fix_store_id"]
        records_fixes.move_fix(session, a["clerk"], int(rows[stores["S1"]]), "fixing", "顾客王小明说的")
        item = backlog.open_item(session, a["product"], theme.id, "预点单")
    assert [(m.channel, m.event) for m in _messages(chain)] == [
        ("webhook", "fix.opened"), ("wecom", "fix.opened"), ("webhook", "fix.moved"), ("wecom", "fix.moved"),
    ]  # fmt: skip
    send_due(chain.db)
    opened, robot, moved, _ = receiver.bodies()
    assert [store["name"] for store in opened["data"]["stores"]] == ["静安店", "西湖店"]
    assert robot["text"]["content"] == "静安店：新的服务改进“加人”。"
    assert (moved["data"]["from"], moved["data"]["to"]) == ("found", "fixing")
    assert "王小明" not in json.dumps(receiver.bodies(), ensure_ascii=False)  # notes of people stay inside
    assert item.id


def test_the_other_events_are_written_with_their_deeds(chain, receiver) -> None:
    product, stores = chain.actors["product"], chain.stores
    _add(chain, "webhook", receiver.url, *sending.EVENTS)
    with chain.db.write() as session:
        theme = Theme(brand_id=chain.brand_id, name="排队太久")
        session.add(theme)
        session.flush()
        one = backlog.open_item(session, product, theme.id, "预点单")
        two = backlog.open_item(session, product, theme.id, "小程序点单")
        rollouts.plan_stores(session, product, one.id, [stores["S1"]])
        backlog.get_item(session, product, one.id).stage = "pilot"
        rollouts.set_rollout(session, product, one.id, stores["S1"], "live")
        merge_items.merge_items(session, product, two.id, one.id)
        merge_items.unmerge_item(session, product, two.id)
        save_measurement(session, product, "did", "有效", {"estimate_share": 0.05}, baseline_id=None, item_id=one.id)
        fix = records_fixes.open_fix(session, product, theme.id, [stores["S1"]], "加人")
        records_fixes.undo_open_fix(session, product, fix.id)
        undo_open_item(session, product, two.id)
    send_due(chain.db)
    told = [(body["type"], body["data"].get("to") or body["data"].get("verdict")) for body in receiver.bodies()]
    assert told == [
        ("item.stage_moved", "listen"), ("item.stage_moved", "listen"), ("rollout.changed", "live"), ("item.merged", None),
        ("item.unmerged", None), ("effect.computed", "有效"), ("fix.opened", None), ("fix.withdrawn", None),
        ("item.withdrawn", None),
    ]  # fmt: skip


def test_inside_addresses_are_refused_unless_the_machine_allows(chain, receiver, monkeypatch) -> None:
    from fanops.settings import settings

    number, _ = _add(chain, "webhook", f"http://localhost:{receiver.port}/", "item.stage_moved")
    monkeypatch.delenv("FANOPS_PRIVATE_RECEIVERS")
    settings.cache_clear()
    try:
        for address in (receiver.url, "http://169.254.169.254/latest/meta-data", "http://localhost/", "http://[::1]/"):
            with pytest.raises(InvalidInput, match="内网"):
                _add(chain, "webhook", address, "item.stage_moved")
        with chain.db.write() as session:  # one added before, whose name leads inside
            sending.write_test(session, chain.actors["product"], number)
        send_due(chain.db)
        assert receiver.got == [] and "内网" in _messages(chain)[0].attempts[0]["why"]
    finally:
        monkeypatch.setenv("FANOPS_PRIVATE_RECEIVERS", "true")
        settings.cache_clear()


def test_only_head_office_and_only_its_own(chain, receiver) -> None:
    number, _ = _add(chain, "webhook", receiver.url, "item.stage_moved")
    _record(chain)
    [message] = _messages(chain)
    with chain.db.write() as session:
        for login in ("clerk", "store_manager", "region_manager"):
            actor = chain.actors[login]
            with pytest.raises(NotAllowed):
                sending.add_webhook(session, actor, "webhook", "x", receiver.url, ["fix.opened"])
            for read in (sending.webhook_table, sending.message_table, sending.message_counts):
                with pytest.raises(NotAllowed):
                    read(session, actor)
        stranger = chain.actors["stranger"]
        for deed in (sending.get_webhook, sending.write_test, sending.remove_webhook, sending.pause_webhook):
            with pytest.raises(NotFound):
                deed(session, stranger, number)
        for deed in (sending.send_again, sending.give_up):
            with pytest.raises(NotFound):
                deed(session, stranger, message.id)
        assert sending.webhook_table(session, stranger).empty and sending.message_table(session, stranger).empty
        product = chain.actors["product"]
        assert sending.message_table(session, product).iloc[0]["to"] == "看板"
        assert sending.message_counts(session, product) == {"waiting": 1, "sent": 0, "failed": 0}
        row = sending.webhook_table(session, product).iloc[0]
        assert (row["waiting"], row["sent"], row["failed"]) == (1, 0, 0)
        for wrong in ({"events": ["no.such"]}, {"events": []}, {"name": " "}, {"store_id": chain.stores["X1"]}):
            given = {"kind": "webhook", "name": "x", "address": receiver.url, "events": ["fix.opened"], **wrong}
            with pytest.raises((InvalidInput, NotFound)):
                sending.add_webhook(session, product, **given)


def test_a_worker_killed_while_sending_repeats_with_the_same_id(chain, receiver) -> None:
    """kill -9 between sending and writing it down: after the lease the message goes again, under the same id."""
    _add(chain, "webhook", receiver.url, "item.stage_moved")
    _record(chain)
    code = """
        import os, signal
        from fanops.database import database
        from fanops.sending import send_messages
        whole = send_messages.attempt
        def attempt(claim):
            whole(claim)
            os.kill(os.getpid(), signal.SIGKILL)
        send_messages.attempt = attempt
        send_messages.send_due(database())
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=dict(os.environ), timeout=60)
    assert done.returncode == -signal.SIGKILL and len(receiver.got) == 1
    [message] = _messages(chain)
    assert message.state == "waiting" and "中断" in message.attempts[0]["why"]
    assert send_due(chain.db) == 0  # another worker may still have it in hand
    assert now() < message.next_try_at <= now() + LEASE
    _let_time_pass(chain)
    assert send_due(chain.db) == 1
    [message] = _messages(chain)
    assert message.state == "sent" and len(message.attempts) == 2
    assert receiver.got[0][1]["webhook-id"] == receiver.got[1][1]["webhook-id"]


def test_two_workers_never_take_the_same(chain, receiver) -> None:
    _add(chain, "webhook", receiver.url, "item.stage_moved")
    _record(chain)
    _record(chain)
    with chain.db.write() as session:
        first = claim_message(session)
    with chain.db.write() as session:
        second = claim_message(session)
        assert claim_message(session) is None
    assert first.message_id != second.message_id


def test_nothing_secret_is_kept_or_logged_in_clear(chain, receiver, caplog) -> None:
    number, secret = _add(chain, "webhook", receiver.url, "item.stage_moved")
    _add(chain, "wecom", receiver.robot_url, "item.stage_moved")
    receiver.answers = ["hang up", (500, {}, b"a-path-that-is-a-password"), (200, {}, b"{}")]
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            _record(chain)
            send_due(chain.db)
            _let_time_pass(chain)
    secrets = [secret, secret.removeprefix("whsec_"), "a-path-that-is-a-password", "693axxx6", "?key="]
    with chain.db.read() as session:
        rows = [str(row) for table in (Webhook, Message) for row in session.exec(select(table))]
    kept = "\n".join(rows)
    if chain.db.is_sqlite:
        chain.db.dispose()
        folder = os.path.dirname(chain.db.url.database)  # noqa: PTH120
        for name in os.listdir(folder):  # noqa: PTH208
            if name.startswith("fanops.sqlite"):
                with open(os.path.join(folder, name), "rb") as file:  # noqa: PTH118, PTH123
                    kept += file.read().decode("latin-1")
    for each in secrets:
        assert each not in kept, each
        assert each not in caplog.text, each
    assert number
