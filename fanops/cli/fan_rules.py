"""``fanops fans rule``: the automatic rules; whom each would reach, run, undo, what each makes, and the brand's own."""

from __future__ import annotations

import json

import click


def _brand(command):
    return click.option("--brand", help="品牌名称，有几个品牌时要写。")(command)


@click.group()
def rule() -> None:
    """自动规则：粉丝出现某种情况，就生成卡片、邀请或标签。"""


@rule.command("list")
@_brand
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def list_rules(brand: str | None, as_json: bool) -> None:
    """列出规则：什么情况、生成什么、每晚是否执行、上次执行。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions.run_rules import last_run, outcome_words
    from fanops.database import ready_database
    from fanops.fans.records_rules import known_rules

    with ready_database().read() as session:
        actor = owner_actor(session, brand)
        found = []
        for known in known_rules(session, actor):
            last = last_run(session, actor, known.code)
            found.append(
                {"code": known.code, "title": known.title, "when": known.when, "outcome": known.outcome.kind,
                 "makes": outcome_words(session, actor, known), "nightly": known.nightly,
                 "last_run": last and {"ran_at": last.ran_at.isoformat(), "made": last.made, "standing": last.standing}}
            )  # fmt: skip
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for each in found:
        last = each["last_run"]
        past = f"  上一批 {last['ran_at'][:10]} {last['made']} 位，可撤回 {last['standing']}" if last else ""
        night = "  每晚执行" if each["nightly"] else ""
        click.echo(f"{each['code']}  {each['title']}：{each['when']} → {each['makes']}{night}{past}")


@rule.command("try")
@click.argument("code")
@_brand
@click.option("--json", "as_json", is_flag=True, help="输出 JSON：会找谁、为什么，不找谁、为什么。")
def try_rule(code: str, brand: str | None, as_json: bool) -> None:
    """试算规则 CODE：会找谁、不找谁；什么都不保存。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions.run_rules import dry_run
    from fanops.database import ready_database

    with ready_database().read() as session:
        found = dry_run(session, owner_actor(session, brand), code)
    if as_json:
        shown = {"fans": found.reached.to_dict("records"), "left_out": found.left_out.to_dict("records")}
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    without = "".join(f"不含 {count} 位：{reason}。" for reason, count in found.reasons().items())
    click.echo(f"会做 {len(found.reached)} 位。{without}")


@rule.command("run")
@click.argument("code")
@_brand
def run(code: str, brand: str | None) -> None:
    """执行规则 CODE，对象正是试算（try）列出的人。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions.run_rules import outcome_words, run_rule
    from fanops.database import ready_database
    from fanops.fans.records_rules import find_rule

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        count = run_rule(session, actor, code)
        makes = outcome_words(session, actor, find_rule(session, actor, code))
    click.echo(f"做了 {count} 位。{makes}。")


@rule.command("undo")
@click.argument("code")
@_brand
def undo(code: str, brand: str | None) -> None:
    """撤回 CODE 上次执行生成的。

    没处理过的卡片、没打开过的链接、还在的标签会收回。
    """
    from fanops.access.accounts import owner_actor
    from fanops.actions.run_rules import undo_rule
    from fanops.database import ready_database
    from fanops.errors import NotFound
    from fanops.fans.records_rules import rule_titles

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        known = rule_titles(session, actor)  # removed rules too: what they made can still be taken back
        if code not in known:
            raise NotFound("没有这条规则。", f"可用：{'、'.join(known)}。")
        click.echo(f"撤回了 {undo_rule(session, actor, code)} 位。")


@rule.command("set")
@click.argument("code")
@click.option("--card", is_flag=True, help="生成服务卡。")
@click.option("--wave", help="邀请填这一期问卷（标题）。")
@click.option("--tag", "tag_id", type=int, help="贴这个标签（fanops tag list 里的编号）。")
@click.option("--nightly/--not-nightly", default=None, help="每晚是否执行。")
@_brand
def set_rule(
    code: str, card: bool, wave: str | None, tag_id: int | None, nightly: bool | None, brand: str | None
) -> None:
    """设定规则 CODE 生成什么、每晚是否执行。

    生成什么用 --card、--wave 或 --tag 说明。
    """
    from fanops.access.accounts import owner_actor
    from fanops.actions.run_rules import outcome_words, set_outcome
    from fanops.cli.survey_quota import find_wave
    from fanops.database import ready_database
    from fanops.errors import InvalidInput
    from fanops.fans.records_rules import choose_nightly, find_rule
    from fanops.fans.rules import CARD, INVITATION, TAG, Outcome

    made = card + (wave is not None) + (tag_id is not None)
    if made > 1 or (not made and nightly is None):
        raise InvalidInput("要说明改什么，做法只能选一种。", "--card、--wave 一期的标题、--tag 标签号，或 --nightly。")
    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        if wave is not None:
            set_outcome(session, actor, code, Outcome(INVITATION, find_wave(session, actor, wave)))
        elif made:
            set_outcome(session, actor, code, Outcome(CARD) if card else Outcome(TAG, tag_id))
        if nightly is not None:
            choose_nightly(session, actor, code, nightly)
        known = find_rule(session, actor, code)
        click.echo(f"{known.title} → {outcome_words(session, actor, known)}{'，每晚执行' if known.nightly else ''}")


@rule.command("add")
@click.argument("name")
@click.option("--segment", required=True, help="给哪个人群（名称）。")
@click.option("--deed", required=True, help="生成服务卡时，员工要做什么。")
@_brand
def add(name: str, segment: str, deed: str, brand: str | None) -> None:
    """为一个人群建一条品牌自己的规则，叫 NAME。

    先生成服务卡，用 set 可以改。
    """
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.errors import NotFound
    from fanops.fans.records_rules import add_own_rule
    from fanops.fans.records_segments import segments

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        known = {each.name: each.id for each in segments(session, actor)}
        if segment not in known:
            raise NotFound(
                f"没有叫“{segment}”的人群。", f"现有：{'、'.join(known) or '还没有，先在网页的“人群”里存一个'}。"
            )
        click.echo(f"已建规则 {add_own_rule(session, actor, name, known[segment], deed)}。")


@rule.command("remove")
@click.argument("code")
@click.option("--undo", "back", is_flag=True, help="把去掉的放回来。")
@_brand
def remove(code: str, back: bool, brand: str | None) -> None:
    """去掉品牌自己的规则 CODE；它生成的都还在。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.records_rules import remove_own_rule

    with ready_database().write() as session:
        remove_own_rule(session, owner_actor(session, brand), code, removed=not back)
    click.echo("已恢复。" if back else "已删除。")
