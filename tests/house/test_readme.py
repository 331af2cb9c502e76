"""The generated parts of the READMEs are up to date, and both stay short."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from fanops.cli import cli
from fanops.cli.readme import filled

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_generated_parts_are_current(name):
    text = (ROOT / name).read_text("utf-8")
    assert text == filled(text)
    assert len(text.splitlines()) < 200


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_an_installation_without_sample_data_begins_as_written(name, installation):
    commands = re.findall(r"^\.venv/bin/fanops (.+?)(?: +#.*)?$", (ROOT / name).read_text("utf-8"), re.M)
    assert len(commands) == 5 and commands[-1] == "run --no-sample"
    for command in commands[:-1]:
        done = CliRunner().invoke(cli, shlex.split(command), input="shan-cha-2026-hao\n")
        assert done.exit_code == 0, (command, done.output)
    listed = CliRunner().invoke(cli, ["account", "list"]).output
    assert "boss" in listed and "管理员" in listed
