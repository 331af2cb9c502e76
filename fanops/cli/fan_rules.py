"""``fanops fans rule``: the automatic rules; whom each would reach, run, undo, what each makes, and the brand's own."""

from __future__ import annotations

import json

import click


def _brand(command):
    return click.option("--brand", help="Brand, when there are several.")(command)


@click.group()
def rule() -> None:
    """Automatic rules: when a fan is like this, make a card, an invitation or a tag."""


@rule.command("list")
@_brand
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_rules(brand: str | None, as_json: bool) -> None:
    """List the rules: code, when, what each makes, whether it runs every night, and its last run."""
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
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the fans with why, and who is left out, with why.")
def try_rule(code: str, brand: str | None, as_json: bool) -> None:
    """Say whom rule CODE would reach and who is left out; nothing is stored."""
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
    """Run rule CODE for exactly those whom ``try`` names; 0 when it was just run."""
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
    """Take back what the last run of CODE made: cards not handled, links not opened, tags still there."""
    from fanops.access.accounts import owner_actor
    from fanops.actions.run_rules import undo_rule
    from fanops.database import ready_database

    with ready_database().write() as session:
        click.echo(f"撤回了 {undo_rule(session, owner_actor(session, brand), code)} 位。")


@rule.command("set")
@click.argument("code")
@click.option("--card", is_flag=True, help="It makes a service card.")
@click.option("--wave", "wave_id", type=int, help="It invites to this open wave (its number).")
@click.option("--tag", "tag_id", type=int, help="It puts this tag (its number in `fanops tag list`).")
@click.option("--nightly/--not-nightly", default=None, help="Whether it runs every night.")
@_brand
def set_rule(
    code: str, card: bool, wave_id: int | None, tag_id: int | None, nightly: bool | None, brand: str | None
) -> None:
    """Choose what rule CODE makes (--card, --wave or --tag), and whether it runs every night."""
    from fanops.access.accounts import owner_actor
    from fanops.actions.run_rules import outcome_words, set_outcome
    from fanops.database import ready_database
    from fanops.errors import InvalidInput
    from fanops.fans.records_rules import choose_nightly, find_rule
    from fanops.fans.rules import CARD, INVITATION, TAG, Outcome

    wanted = [Outcome(CARD)] * card + [Outcome(kind, about_id) for kind, about_id in ((INVITATION, wave_id), (TAG, tag_id))
                                       if about_id is not None]  # fmt: skip
    if len(wanted) > 1 or (not wanted and nightly is None):
        raise InvalidInput("要说明改什么，做法只能选一种。", "--card、--wave 期号、--tag 标签号，或 --nightly。")
    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        for outcome in wanted:
            set_outcome(session, actor, code, outcome)
        if nightly is not None:
            choose_nightly(session, actor, code, nightly)
        known = find_rule(session, actor, code)
        click.echo(f"{known.title} → {outcome_words(session, actor, known)}{'，每晚执行' if known.nightly else ''}")


@rule.command("add")
@click.argument("name")
@click.option("--segment", required=True, help="Name of the saved segment that it is for.")
@click.option("--deed", required=True, help="What staff do, where it makes a card.")
@_brand
def add(name: str, segment: str, deed: str, brand: str | None) -> None:
    """Make a rule of the brand's own, called NAME, for a saved segment; it makes cards until `set` says otherwise."""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.errors import NotFound
    from fanops.fans.records_rules import add_own_rule
    from fanops.fans.records_segments import segments

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        known = {each.name: each.id for each in segments(session, actor)}
        if segment not in known:
            raise NotFound(f"没有叫“{segment}”的人群。", f"现有：{'、'.join(known) or '还没有，先在“人群”里存一个'}。")
        click.echo(f"已建规则 {add_own_rule(session, actor, name, known[segment], deed)}。")


@rule.command("remove")
@click.argument("code")
@click.option("--undo", "back", is_flag=True, help="Put a removed one back.")
@_brand
def remove(code: str, back: bool, brand: str | None) -> None:
    """Remove the brand's own rule CODE; what it made stays."""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.records_rules import remove_own_rule

    with ready_database().write() as session:
        remove_own_rule(session, owner_actor(session, brand), code, removed=not back)
    click.echo("已恢复。" if back else "已删除。")
