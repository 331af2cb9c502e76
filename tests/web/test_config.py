"""Streamlit runs only with the settings we decided."""

from __future__ import annotations

import pytest
from streamlit import config
from streamlit.web import bootstrap

from fanops.content import content_path
from fanops.errors import NotReady
from fanops.settings import Settings
from fanops.web import asgi


@pytest.fixture
def shipped(monkeypatch):
    """The config file as it ships, read anew; Streamlit's own defaults come back afterwards."""
    monkeypatch.setattr(config, "_main_script_path", str(content_path("pages", "app.py")))
    bootstrap.load_config_options({})
    yield
    monkeypatch.undo()
    bootstrap.load_config_options({})


def test_the_shipped_file_is_right(shipped) -> None:
    asgi.check_config()
    assert config.get_option("server.maxUploadSize") == Settings().upload_mb


@pytest.mark.parametrize("name", sorted(asgi.REQUIRED_CONFIG))
def test_another_value_is_refused(shipped, monkeypatch, name: str) -> None:
    real = config.get_option
    monkeypatch.setattr(config, "get_option", lambda key: "something else" if key == name else real(key))
    with pytest.raises(NotReady, match=name.replace(".", r"\.")):
        asgi.check_config()


def test_a_bug_shows_only_its_id(monkeypatch, caplog) -> None:
    from streamlit.testing.v1 import AppTest

    def script() -> None:
        from fanops.web.asgi import show_error_id

        show_error_id(ValueError("secret /srv/path 13800138000"))

    at = AppTest.from_function(script).run()
    [box] = at.error
    assert "编号" in box.value
    assert "secret" not in str(at)
    error_id = box.value.removeprefix("编号 ")[:8]
    assert error_id in caplog.text


def test_a_refusal_in_a_callback_is_told_as_one() -> None:
    from streamlit.testing.v1 import AppTest

    def script() -> None:
        from fanops.errors import Conflict
        from fanops.web.asgi import show_error_id

        show_error_id(Conflict("已经有人改过。", "请刷新后再改。"))

    at = AppTest.from_function(script).run()
    assert at.text[0].value == "已经有人改过。请刷新后再改。"
    assert "编号" not in at.error[0].value
