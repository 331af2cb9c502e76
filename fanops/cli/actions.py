"""``fanops fix`` and ``fanops backlog``: what is done about a theme."""

from __future__ import annotations

import json
from collections.abc import Mapping

import click

from fanops.errors import InvalidInput, NotFound
from fanops.settings import today


def _brand_and_json(command):
    command = click.option("--brand", help="品牌名称，有几个品牌时要写。")(command)
    return click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")(command)


@click.group()
def fix() -> None:
    """服务改进，按门店跟踪（MTQSC）。"""


@click.group()
def backlog() -> None:
    """需求条目，从聆听到铺开（MTPD）。"""


def _store_ids(session, actor, codes: tuple[str, ...]) -> list[int]:
    from fanops.access import visible_stores

    stores = {store.code: store.id for store in visible_stores(session, actor)}
    unknown = [code for code in codes if code not in stores]
    if unknown:
        raise NotFound(f"没有这些门店：{'、'.join(unknown)}。", f"现有：{'、'.join(stores)}")
    return [stores[code] for code in codes] or list(stores.values())


def _key(names: Mapping[str, str], given: str, what: str) -> str:
    """Give the key of a word that is given as it is kept or as the screen says it."""
    for key, label in names.items():
        if given in (key, label):
            return key
    known = "、".join(f"{key}（{label}）" if key != label else key for key, label in names.items())
    raise InvalidInput(f"没有这种{what}：{given}。", f"可用：{known}。")


@fix.command("watch")
@_brand_and_json
def watch(brand, as_json: bool) -> None:
    """主题又冒头的改进和条目重新打开（后台程序每晚会做）。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions.review_returns import reopen_returned
    from fanops.database import ready_database

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
    done = reopen_returned(db, actor)
    click.echo(json.dumps(done) if as_json else f"重新打开：门店改进 {done['fixes']} 项，需求条目 {done['items']} 条。")


@fix.command("open")
@click.argument("theme_id", type=int)
@click.option("--title", required=True, help="要改好什么。")
@click.option("--store", "stores", multiple=True, help="门店编号；几家就写几次，不写是全部门店。")
@click.option("--what", default="", help="怎么改。")
@click.option("--area", default="service", show_default=True, help="品牌的一个类别。")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), metavar="年-月-日", help="到期日。")
@_brand_and_json
def open_fix(
    theme_id: int, title: str, stores: tuple[str, ...], what: str, area: str, due, brand, as_json: bool
) -> None:
    """为主题 THEME_ID 在门店开一项服务改进。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions import records_areas, records_fixes
    from fanops.database import ready_database

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        ids = _store_ids(session, actor, stores)
        area = _key(records_areas.areas(session, actor), area, "类别")
        row = records_fixes.open_fix(session, actor, theme_id, ids, title, what_to_do=what, area=area,
                               due_on=due.date() if due else None)  # fmt: skip
        number = row.id
    click.echo(json.dumps({"fix_id": number}) if as_json else f"已开服务改进 {number}，{len(ids)} 家门店。")


@fix.command("checklist")
@click.option("--title", required=True, help="清单名称。")
@click.option("--line", "lines", multiple=True, required=True, help="要打钩的一行；几行就写几次。")
@click.option("--store", "stores", multiple=True, help="门店编号；几家就写几次，不写是全部门店。")
@click.option("--area", default="service", show_default=True, help="品牌的一个类别。")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), metavar="年-月-日", help="到期日。")
@_brand_and_json
def send_checklist(
    title: str, lines: tuple[str, ...], stores: tuple[str, ...], area: str, due, brand, as_json: bool
) -> None:
    """给门店发一份检查清单。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions import records_areas, records_fixes
    from fanops.database import ready_database

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        ids = _store_ids(session, actor, stores)
        area = _key(records_areas.areas(session, actor), area, "类别")
        row = records_fixes.open_fix(session, actor, None, ids, title, area=area, checklist=lines,
                                     due_on=due.date() if due else None)  # fmt: skip
        number = row.id
    click.echo(json.dumps({"fix_id": number}) if as_json else f"清单 {number} 已发给 {len(ids)} 家门店。")


@fix.command("list")
@_brand_and_json
def list_fixes(brand: str | None, as_json: bool) -> None:
    """列出服务改进：多少家门店已读、已做完。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions import records_fixes
    from fanops.database import ready_database

    with ready_database().read() as session:
        table = records_fixes.fix_table(session, owner_actor(session, brand))
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False, date_format="iso"))
        return
    for row in table.itertuples():
        click.echo(
            f"{row.fix_id:>4}  {row.title}  门店 {row.stores}，已读 {row.read}，已做完 {row.done}，已验收 {row.accepted}，"
            f"过期 {row.overdue}，依据 {row.evidence}"
        )
    if table.empty:
        click.echo("还没有服务改进。用 fanops fix open 主题编号 --title … 开一项。")


@fix.command("move")
@click.argument("fix_id", type=int)
@click.argument("store")
@click.argument("state")
@click.option("--note", default="", help="备注。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def move_fix(fix_id: int, store: str, state: str, note: str, brand: str | None) -> None:
    """把改进 FIX_ID 在门店 STORE（编号）改为状态 STATE。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions import records_fixes
    from fanops.actions.fix_states import LABELS
    from fanops.database import ready_database

    state = _key(LABELS, state, "状态")
    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        wanted = _store_ids(session, actor, (store,))[0]
        rows = records_fixes.fix_stores(session, actor, fix_id)
        rows = rows[rows["store_id"] == wanted]
        if rows.empty:
            raise NotFound("这项改进不在那家门店。", "用 fanops fix list 查看编号。")
        records_fixes.move_fix(session, actor, int(rows.iloc[0]["fix_store_id"]), state, note)
    click.echo(f"已改为{LABELS[state]}。")


@backlog.command("open")
@click.argument("theme_id", type=int)
@click.option("--title", required=True, help="要做什么。")
@click.option("--wanted", default="", help="详细说明。")
@_brand_and_json
def open_item(theme_id: int, title: str, wanted: str, brand: str | None, as_json: bool) -> None:
    """为主题 THEME_ID 开一条需求条目。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions import records_backlog
    from fanops.database import ready_database

    with ready_database().write() as session:
        number = records_backlog.open_item(session, owner_actor(session, brand), theme_id, title, wanted).id
    click.echo(json.dumps({"item_id": number}) if as_json else f"已开需求条目 {number}。")


@backlog.command("list")
@_brand_and_json
def list_items(brand: str | None, as_json: bool) -> None:
    """列出需求条目：到了哪一步，下一步还缺什么。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions import gates, records_backlog
    from fanops.database import ready_database

    with ready_database().read() as session:
        table = records_backlog.item_table(session, owner_actor(session, brand))
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False, date_format="iso"))
        return
    for row in table.itertuples():
        lacking = "".join(row.lacking) or "可以前进"
        counts = f"粉丝 {row.fans}，依据 {row.sentences}，上线 {row.live}/{row.planned}"
        click.echo(f"{row.item_id:>4}  {row.title}  {gates.LABELS[row.stage]}  {counts}  {lacking}")
    if table.empty:
        click.echo("还没有需求条目。用 fanops backlog open 主题编号 --title … 开一条。")


@backlog.command("advance")
@click.argument("item_id", type=int)
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def advance(item_id: int, brand: str | None) -> None:
    """让条目 ITEM_ID 进入下一步；不行时说明还缺什么。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions import gates, records_backlog
    from fanops.database import ready_database

    with ready_database().write() as session:
        item = records_backlog.advance(session, owner_actor(session, brand), item_id)
        stage = item.stage
    click.echo(f"已进入“{gates.LABELS[stage]}”。")


@backlog.command("live")
@click.argument("item_id", type=int)
@click.option("--store", "stores", multiple=True, required=True, help="门店编号；几家就写几次。")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="年-月-日", help="上线的日子，默认今天。")
@click.option("--wave", type=click.IntRange(min=1), default=1, show_default=True, help="这些门店属于第几批。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def live(item_id: int, stores: tuple[str, ...], day, wave: int, brand: str | None) -> None:
    """记下条目 ITEM_ID 在哪些门店上线。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions import records_rollout
    from fanops.database import ready_database

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        ids = _store_ids(session, actor, stores)
        records_rollout.plan_stores(session, actor, item_id, ids, wave)
        for store_id in ids:
            records_rollout.set_rollout(session, actor, item_id, store_id, "live", day.date() if day else today())
    click.echo(f"已在 {len(ids)} 家门店上线。")


@backlog.command("invite")
@click.argument("item_id", type=int)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    help="这次只请这么多位，最在意、最近说过的先请；不写是全部。",
)
@click.option("--channel", default="task", show_default=True, help="邀请方式：task、link、mail 或 wecom。")
@click.option("--wave", help="链接打开的是哪一期问卷（标题）。")
@click.option("--dry-run", is_flag=True, help="只说会请谁、不请谁。")
@_brand_and_json
def invite(
    item_id: int, most: int | None, channel: str, wave: str | None, dry_run: bool, brand: str | None, as_json: bool
) -> None:
    """请提出过条目 ITEM_ID 的粉丝来试。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions.invite_raisers import CHANNELS, Way, invite_raisers, preview_raisers
    from fanops.cli.survey_quota import find_wave
    from fanops.database import ready_database

    channel = _key(CHANNELS, channel, "邀请方式")
    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        way = Way(channel, find_wave(session, actor, wave) if wave else None, most)
        yes, no = preview_raisers(session, actor, item_id, way)
        left_out = {str(why): int(count) for why, count in no["why"].value_counts().items()}
        invited = min(len(yes), most or len(yes)) if dry_run else invite_raisers(session, actor, item_id, way)[0]
    if as_json:
        click.echo(json.dumps({"invited": invited, "may": len(yes), "left_out": left_out}, ensure_ascii=False))
        return
    reasons = "".join(f"，{why} {count} 位" for why, count in left_out.items())
    click.echo(f"{'会邀请' if dry_run else '已邀请'} {invited} 位，共 {len(yes)} 位可以邀请{reasons}。")
