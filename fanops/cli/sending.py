"""``fanops webhook`` and ``fanops message``: who is told, what was sent, and whether it arrived."""

from __future__ import annotations

import json
import sys

import click

from fanops.errors import NotFound


def _brand_and_json(command):
    command = click.option("--brand", help="品牌名称，有几个品牌时要写。")(command)
    return click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")(command)


@click.group()
def webhook() -> None:
    """接收地址：事情有进展时要告诉的网址。"""


@click.group()
def message() -> None:
    """发出去的消息，和每次发送的结果。"""


@webhook.command("add")
@click.argument("name")
@click.option("--address", help="网址；不写就会问，或从标准输入读，这样命令历史里不会留下它。")
@click.option("--kind", type=click.Choice(["webhook", "wecom"]), default="webhook", show_default=True,
              help="签名的 JSON，或群机器人。")  # fmt: skip
@click.option("--event", "events", multiple=True, help="事件；几种就写几次，不写是全部。")
@click.option("--store", help="门店编号：只发与这家店有关的。")
@_brand_and_json
def add(
    name: str, address: str | None, kind: str, events: tuple[str, ...], store: str | None, brand: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """添加接收地址，叫 NAME；签名密钥只显示这一次。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.sending import records
    from fanops.sending.events import EVENTS

    if address is None:
        address = click.prompt("网址", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        row, secret = records.add_webhook(
            session, actor, kind, name, address, events or tuple(EVENTS), _store_id(session, actor, store)
        )
        number, shown = row.id, row.address_masked
    if as_json:
        click.echo(json.dumps({"webhook_id": number, "address": shown, "secret": secret}))
        return
    click.echo(f"已添加接收地址 {number}（{shown}）。")
    if secret:
        click.echo(f"签名密钥，只显示这一次：{secret}")


def _store_id(session, actor, code: str | None) -> int | None:
    from fanops.access import visible_stores

    if code is None:
        return None
    stores = {store.code: store.id for store in visible_stores(session, actor)}
    if code not in stores:
        raise NotFound(f"没有这家门店：{code}。", f"现有：{'、'.join(stores)}")
    return stores[code]


@webhook.command("list")
@_brand_and_json
def list_webhooks(brand: str | None, as_json: bool) -> None:
    """列出接收地址和它们的状况。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.sending import records

    with ready_database().read() as session:
        table = records.webhook_table(session, owner_actor(session, brand))
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False, date_format="iso"))
        return
    for row in table.itertuples():
        paused = "　暂停" if row.paused_at is not None and row.paused_at == row.paused_at else ""
        click.echo(
            f"{row.webhook_id:>4}  {row.name}  {row.kind}  {row.address}  {row.store or '全部门店'}  "
            f"送到 {row.sent}，等待 {row.waiting}，没有送到 {row.failed}{paused}"
        )
    if table.empty:
        click.echo("还没有接收地址。用 fanops webhook add 名称 --address 网址 加一个。")


@webhook.command("test")
@click.argument("webhook_id", type=int)
@_brand_and_json
def test(webhook_id: int, brand: str | None, as_json: bool) -> None:
    """现在给接收地址 WEBHOOK_ID 发一条测试消息。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.sending import records

    db = ready_database()
    with db.write() as session:
        number = records.write_test(session, owner_actor(session, brand), webhook_id).id
    _send_and_say(db, number, brand, as_json)


@webhook.command("pause")
@click.argument("webhook_id", type=int)
@click.option("--resume", is_flag=True, help="恢复发送。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def pause(webhook_id: int, resume: bool, brand: str | None) -> None:
    """暂停接收地址 WEBHOOK_ID；没发的先留着。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.sending import records

    with ready_database().write() as session:
        row = records.pause_webhook(session, owner_actor(session, brand), webhook_id, paused=not resume)
        name = row.name
    click.echo(f"“{name}”已{'恢复' if resume else '暂停'}。")


@webhook.command("remove")
@click.argument("webhook_id", type=int)
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def remove(webhook_id: int, brand: str | None) -> None:
    """去掉接收地址 WEBHOOK_ID 和它的消息。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.sending import records

    with ready_database().write() as session:
        records.remove_webhook(session, owner_actor(session, brand), webhook_id)
    click.echo("已删除。")


@message.command("list")
@click.option("--state", type=click.Choice(["waiting", "sent", "failed"]), help="只看这个状态的。")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="最多列出多少。")
@_brand_and_json
def list_messages(state: str | None, limit: int, brand: str | None, as_json: bool) -> None:
    """列出消息和每次发送的结果，最新的在前。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.sending import records

    with ready_database().read() as session:
        table = records.message_table(session, owner_actor(session, brand), state or "", limit=limit)
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False, date_format="iso"))
        return
    for row in table.itertuples():
        why = f"（{row.why}）" if row.why else ""
        click.echo(
            f"{row.message_id:>5}  {records.STATE_LABELS[row.state]}  试过 {len(row.attempts)} 次{why}  "
            f"{records.CHANNEL_LABELS[row.channel]} {row.to}  {row.subject}"
        )
    if table.empty:
        click.echo("没有消息。")


@message.command("send")
@_brand_and_json
def send(brand: str | None, as_json: bool) -> None:
    """发送现在该发的（后台程序每几秒会做）。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.sending import records
    from fanops.sending.send_messages import send_due

    db = ready_database()
    attempts = send_due(db)
    with db.read() as session:
        counts = records.message_counts(session, owner_actor(session, brand))
    if as_json:
        click.echo(json.dumps({"attempts": attempts, **counts}))
        return
    click.echo(
        f"试了 {attempts} 条；现在等待 {counts['waiting']}，已送到 {counts['sent']}，没有送到 {counts['failed']}。"
    )


@message.command("retry")
@click.argument("message_id", type=int)
@_brand_and_json
def retry(message_id: int, brand: str | None, as_json: bool) -> None:
    """现在重发消息 MESSAGE_ID，编号不变。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.sending import records

    db = ready_database()
    with db.write() as session:
        records.send_again(session, owner_actor(session, brand), message_id)
    _send_and_say(db, message_id, brand, as_json)


def _send_and_say(db, message_id: int, brand: str | None, as_json: bool) -> None:
    from fanops.access.accounts import owner_actor
    from fanops.sending import records
    from fanops.sending.send_messages import send_now

    send_now(db, message_id)
    with db.read() as session:
        table = records.message_table(session, owner_actor(session, brand), message_id=message_id)
    row = table.iloc[0]
    if as_json:
        click.echo(json.dumps({"message_id": message_id, "state": row["state"], "attempts": row["attempts"]},
                              ensure_ascii=False))  # fmt: skip
        return
    why = f"（{row['why']}）" if row["why"] else ""
    click.echo(f"消息 {message_id}：{records.STATE_LABELS[row['state']]}{why}。")
