"""Refusals at the command line name a command that helps, not what only a page has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from fanops.actions.records_backlog import open_item
from fanops.cli import cli
from fanops.cli.ways_out import INSTEAD, WAYS_OUT
from fanops.tables import Theme

ROOT = Path(__file__).parent.parent.parent
OF_A_PAGE = re.compile(r"列表里|名单里|刷新|点“|上面的|请选|留空|到“|回到|上传|导入页")
BAD = """
account disable nobody | fanops account list
account roles ceo clerk | --store
account roles ceo region_manager | --region
account roles clerk ceo --store S1 | 去掉 --store
account roles clerk clerk --store NO | fanops org show
account roles admin ceo | fanops account roles 登录名 admin
org add-store S9 新店 --region 没有 | fanops org add-region
org add-staff E9 小周 --store NO | fanops org add-store
backlog advance 999 | fanops backlog list
backlog live 999 --store S1 | fanops backlog list
backlog invite 999 --dry-run | fanops backlog list
backlog invite 999 --channel link --wave 999 | 没有“999”这一期
backlog open 999 --title 杯子 | fanops themes list
fix open 999 --title 排队 | fanops themes list
fix move 999 S1 accepted | fanops fix list
effect item 999 | fanops backlog list
effect item 999 --fix | fanops fix list
effect raisers 999 | fanops backlog list
fans tag 999 --name 嫌等得久 | fanops themes list
fans decide 999 same | fanops fans matches
fans nominate 999 --ground 发烧友 --why 常来 | fanops fans list
fans outlook 999 | fanops fans list
fans optout 999 | fanops fans list
fans allocate NO | S1
fans list --level nosuch | --help
fans rule try nosuch | wake_up
fans rule undo nosuch | wake_up
fans rule set wake_up --tag 999 | fanops tag list
fans rule set wake_up --wave 999 | 没有“999”这一期
fans rule set wake_up | --nightly
fans rule remove wake_up | fanops fans rule list
findings decide 999 | fanops findings list
findings list --state nosuch | --help
import undo 999 | fanops import list
message list --state nosuch | --help
message retry 999 | fanops message list
tag suggested --confirm 999 | fanops tag list
themes rename 999 杯子 | fanops themes list
themes merge 999 998 | fanops themes list
themes move 999 --out | fanops themes sentences
themes undo 999 | fanops themes history
themes sentences 999 | fanops themes list
value alias 芋泥 999 | fanops value products
value alias 芋泥 | fanops value products
value newcomers --months 0 | 至少 1
value net --months -3 | 至少 1
fans list --most 0 | 至少 1
fans tag 1 --name 嫌等得久 --lasts-days 0 | 至少 1
webhook add 群 --address https://example.com/x --kind nosuch | wecom
webhook test 999 | fanops webhook list
webhook pause 999 | fanops webhook list
webhook remove 999 | fanops webhook list
survey results 没有 --out nofolder/a.xlsx | 请先建好
brief --out nofolder/a.html | 请先建好
backup --to /proc/nofolder | fanops backup --to
"""


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_refusal_names_a_command_that_helps(chain) -> None:
    wrong = []
    for line in BAD.strip().splitlines():
        given, helps = line.split(" | ")
        brand = [] if given.startswith("backup") else ["--brand", "山茶"]
        result = CliRunner().invoke(cli, [*given.split(), *brand])
        refused = result.exit_code in (1, 2) and isinstance(result.exception, SystemExit)
        if not refused or helps not in result.output or OF_A_PAGE.search(result.output):
            wrong.append((given, result.output, repr(result.exception)))
    assert wrong == []


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_store_goes_live_only_after_the_gate_before_it(chain) -> None:
    with chain.db.write() as session:
        theme = Theme(brand_id=chain.brand_id, name="排队太久")
        session.add(theme)
        session.flush()
        item_id = open_item(session, chain.actors["product"], theme.id, "预点单").id
    given = ["backlog", "live", str(item_id), "--store", "S1", "--brand", "山茶"]
    result = CliRunner().invoke(cli, given)
    assert result.exit_code == 1
    assert "还在“聆听”，门店不能上线" in result.output and "fanops backlog advance" in result.output


def test_no_way_out_outlives_its_refusal() -> None:
    stages = [path for path in (ROOT / "fanops").rglob("*.py") if path.name != "ways_out.py"]
    said = "\n".join(path.read_text("utf-8") for path in stages)
    assert [part for part in (*WAYS_OUT, *INSTEAD) if part not in said] == []
