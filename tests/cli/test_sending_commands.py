"""``fanops webhook`` and ``fanops message`` as a person types them, against a real receiver."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from fanops.cli import cli
from fanops.settings import settings
from tests.sending.conftest import Receiver


def run(*arguments: str, stdin: str | None = None, fails: bool = False) -> str:
    result = CliRunner().invoke(cli, list(arguments), input=stdin)
    assert (result.exit_code != 0) is fails, result.output + repr(result.exception)
    return result.output


@pytest.fixture
def receiver(chain, monkeypatch):
    monkeypatch.setenv("FANOPS_PRIVATE_RECEIVERS", "true")
    settings.cache_clear()
    it = Receiver()
    it.start()
    yield it
    it.stop()
    monkeypatch.undo()
    settings.cache_clear()


def test_an_address_and_its_messages(receiver) -> None:
    brand = ("--brand", "山茶")
    assert "还没有接收地址" in run("webhook", "list", *brand)
    added = json.loads(run("webhook", "add", "看板", "--json", *brand, stdin=receiver.url + "\n"))
    number = str(added["webhook_id"])
    assert added["secret"].startswith("whsec_") and "a-path" not in added["address"]
    assert "内网" not in run(
        "webhook", "add", "群", "--kind", "wecom", "--address", receiver.robot_url, "--store", "S1", *brand
    )
    assert "没有这家门店" in run("webhook", "add", "群", "--address", receiver.url, "--store", "S9", *brand, fails=True)
    assert "已送到" in run("webhook", "test", number, *brand)
    receiver.answers = [(503, {}, b"")]
    tested = json.loads(run("webhook", "test", number, "--json", *brand))
    assert (tested["state"], tested["attempts"][0]["status"]) == ("waiting", 503)
    receiver.answers = [(200, {}, b"")]
    assert json.loads(run("message", "send", "--json", *brand)) == {"attempts": 0, "waiting": 1, "sent": 1, "failed": 0}
    assert "已送到" in run("message", "retry", str(tested["message_id"]), *brand)
    listed = json.loads(run("message", "list", "--json", "--state", "sent", *brand))
    assert [len(row["attempts"]) for row in listed] == [2, 1]
    assert "试过 2 次" in run("message", "list", *brand)
    assert [row["sent"] for row in json.loads(run("webhook", "list", "--json", *brand))] == [2, 0]
    assert "暂停" in run("webhook", "pause", number, *brand) and "暂停" in run("webhook", "list", *brand)
    assert "暂停着" in run("webhook", "test", number, *brand, fails=True)
    assert "恢复" in run("webhook", "pause", number, "--resume", *brand)
    run("webhook", "remove", number, *brand)
    assert "没有消息" in run("message", "list", *brand)
    assert "没有这条消息" in run("message", "retry", "99", *brand, fails=True)
