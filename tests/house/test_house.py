"""The habits of the house, held by tests: contracts, lengths, banned names and calls, everything documented."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LONGEST_FILE, LONGEST_PAGE, LONGEST_FUNCTION = 400, 120, 80
BANNED_MODULES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base_manager"}
PLACES = ("fanops", "pages", "tests")


@lru_cache(maxsize=1)
def sources() -> tuple[Path, ...]:
    """List the project's own Python files (not generated migrations)."""
    files = [path for place in PLACES for path in (ROOT / place).rglob("*.py")]
    return tuple(path for path in sorted(files) if "migrations/versions" not in path.as_posix())


@lru_cache(maxsize=512)
def tree(path: Path) -> ast.Module:
    """Parse a file."""
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def product() -> list[Path]:
    """List the files that ship."""
    return [path for path in sources() if not named(path).startswith("tests/")]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-500:]


def test_the_linter_is_content() -> None:
    ruff = Path(sys.executable).with_name("ruff")
    done = subprocess.run(
        [ruff, "check", "--output-format=concise", "--no-cache", "."], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_the_code_is_formatted() -> None:
    ruff = Path(sys.executable).with_name("ruff")
    done = subprocess.run([ruff, "format", "--check", "--no-cache", "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_files_stay_readable() -> None:
    long = {named(path): len(path.read_text("utf-8").splitlines()) for path in sources()}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE} == {}
    pages = {name: lines for name, lines in long.items() if name.startswith("pages/") and lines > LONGEST_PAGE}
    assert pages == {}


def test_functions_stay_readable() -> None:
    long = {
        f"{named(path)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in product()
        for node in functions(path)
        if node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    }
    assert long == {}


def test_names_say_what_a_module_is() -> None:
    assert [named(path) for path in product() if path.stem in BANNED_MODULES] == []


def test_nothing_is_swallowed() -> None:
    swallowed = [
        f"{named(path)}:{node.lineno}"
        for path in product()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and all(isinstance(each, ast.Pass) for each in node.body)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    ]
    assert swallowed == []


def test_nothing_is_left_for_later() -> None:
    mark = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    found = [
        f"{named(path)}:{number}"
        for path in product()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if mark.search(line)
    ]
    assert found == []


BANNED_CALLS = {
    "pickle.load", "pickle.loads", "pickle.dump", "pickle.dumps", "joblib.load", "joblib.dump", "torch.load",
    "eval", "exec", "os.system", "st.download_button", "st.html", "datetime.utcnow", "datetime.datetime.utcnow",
    "print",
}  # fmt: skip


def test_banned_calls() -> None:
    found = [f"{named(path)}:{node.lineno} {name}" for path in product() for name, node in calls(path)
             if name in BANNED_CALLS and not is_our_style(name, node)]  # fmt: skip
    assert found == []


def test_a_table_is_shown_by_the_one_that_knows_phones() -> None:
    found = [f"{named(path)}:{node.lineno}" for path in product() for name, node in calls(path)
             if name in {"st.dataframe", "st.table"} and path.name != "tables.py"]  # fmt: skip
    assert found == []


def is_our_style(name: str, call: ast.Call) -> bool:
    """Tell whether a call of st.html shows a constant of the program: nothing that anybody wrote can be in it."""
    return name == "st.html" and all(isinstance(each, ast.Name) and each.id.isupper() for each in call.args)


def test_empty_boxes_speak_chinese() -> None:
    """A box without a choice says in Chinese what to choose: Streamlit's own word is English."""
    mute = []
    for path in product():
        for name, call in calls(path):
            box, given = name.rpartition(".")[2], {each.arg: each.value for each in call.keywords}
            index = given.get("index", ast.Constant(0))
            starts_empty = box == "multiselect" or not isinstance(index, ast.Constant) or index.value is None
            if box in ("selectbox", "multiselect") and starts_empty and not {"placeholder", None} & given.keys():
                mute.append(f"{named(path)}:{call.lineno}")
    assert mute == []


def test_no_unsafe_html() -> None:
    found = [
        f"{named(path)}:{node.lineno}"
        for path in product()
        for _, node in calls(path)
        for keyword in node.keywords
        if keyword.arg in {"unsafe_allow_html", "unsafe_allow_javascript"}
    ]
    assert found == []


def test_only_the_screens_know_streamlit() -> None:
    for path in product():
        if named(path).startswith(("pages/", "fanops/ui/", "fanops/web/asgi.py")):
            continue
        for node in ast.walk(tree(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "streamlit" for name in names), named(path)


# Use cases are named by their verb: load, compute, save.
VERBS = {
    "answer", "assign", "close", "discover", "edit", "erase", "import", "invite", "load", "measure", "merge", "open",
    "promote", "record", "review", "run", "send", "submit", "tag", "tell", "train", "undo",
}  # fmt: skip


def test_only_records_and_use_cases_take_a_session() -> None:
    stages = ("collect", "themes", "findings", "actions", "effect", "summary", "fans", "sending")
    wrong = [
        f"{named(path)}:{node.name}"
        for path in product()
        if (parts := path.relative_to(ROOT).parts)[0] == "fanops" and parts[1] in stages
        and "records" not in named(path) and path.stem.split("_")[0] not in VERBS
        for node in functions(path)
        for argument in (*node.args.args, *node.args.kwonlyargs)
        if argument.annotation is not None and ast.unparse(argument.annotation) == "Session"
    ]  # fmt: skip
    assert wrong == []


def test_public_functions_are_documented() -> None:
    silent = [
        f"{named(path)}:{node.name}"
        for path in product()
        if named(path).startswith("fanops/") and "migrations" not in named(path)
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]  # fmt: skip
    assert silent == []


def test_modules_are_documented() -> None:
    silent = [
        named(path) for path in sources() if path.read_text("utf-8").strip() and not ast.get_docstring(tree(path))
    ]
    assert silent == []


HEAVY = ("torch", "sentence_transformers", "hdbscan", "sklearn", "streamlit", "umap", "transformers")


@pytest.mark.parametrize(
    "module",
    ["fanops", "fanops.cli", "fanops.themes", "fanops.collect", "fanops.fans", "fanops.actions", "fanops.effect",
     "fanops.summary", "fanops.findings", "fanops.text", "fanops.jobs.worker", "fanops.cli.worker", "fanops.cli.run"],
)  # fmt: skip
def test_importing_is_light(module: str) -> None:
    code = f"import sys, {module}; print(sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_settings_are_documented() -> None:
    from fanops.settings import Settings

    readme = (ROOT / "README.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"FANOPS_{name.upper()}" in readme, f"README.md does not name FANOPS_{name.upper()}"


def test_every_deed_of_the_log_and_its_details_have_a_word() -> None:
    from fanops.access.deed_words import DEED_WORDS
    from fanops.ui.audit_words import NAMES

    written, details = set(), set()
    for path in product():
        for name, call in calls(path):
            if name == "record_audit" and len(call.args) > 2:
                written |= {each.value for each in ast.walk(call.args[2]) if isinstance(each, ast.Constant)}
                details |= {each.arg for each in call.keywords if each.arg is not None}
    assert written <= set(DEED_WORDS), sorted(written - set(DEED_WORDS))
    assert details <= set(NAMES), sorted(details - set(NAMES))


def test_terms_are_whole() -> None:
    from fanops.terms import TERMS

    words = [term.chinese for term in TERMS.values()]
    assert len(words) == len(set(words)), "two terms with one word on the screen"
    for name, term in TERMS.items():
        assert name == term.english
        assert term.definition.endswith("。"), name


def test_the_screen_and_the_charts_have_the_same_colours() -> None:
    from fanops.ui import theme

    screen = tomllib.loads((ROOT / "pages/.streamlit/config.toml").read_text("utf-8"))["theme"]
    assert tuple(screen["chartCategoricalColors"]) == theme.CATEGORICAL
    assert screen["light"]["textColor"] == theme.INK
    assert screen["light"]["borderColor"] == theme.LINE
    assert screen["light"]["primaryColor"] == theme.TEA


def test_colours_can_be_read() -> None:
    from fanops.ui.theme import CHOSEN

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, other: str) -> float:
        bright, dark = sorted((light(one), light(other)), reverse=True)
        return (bright + 0.05) / (dark + 0.05)

    screen = tomllib.loads((ROOT / "pages/.streamlit/config.toml").read_text("utf-8"))["theme"]
    for mode in ("light", "dark"):
        assert contrast(screen[mode]["primaryColor"], "#FFFFFF") >= 4.5, f"white on buttons, {mode}"
        for ground in ("backgroundColor", "secondaryBackgroundColor"):
            for ink in ("textColor", "linkColor", "grayTextColor"):
                assert contrast(screen[mode][ink], screen[mode][ground]) >= 4.4, (mode, ink, ground)
    assert f"light-dark({screen['light']['linkColor']}, {screen['dark']['linkColor']})" in CHOSEN


def test_the_product_ships_no_binaries_by_accident() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True).stdout.split("\0")
    big = [name for name in listed if name and (ROOT / name).is_file() and (ROOT / name).stat().st_size > 12_000_000]
    assert big == []


def reached_by(page: Path) -> set[tuple[Path, str]]:
    """Give the functions of the screens that a page calls, or hands on by name, straight or through others."""
    found: set[tuple[Path, str]] = {(page, "")}
    waiting = list(found)
    while waiting:
        path, name = waiting.pop()
        body = functions_by_name(path)[name] if name else tree(path)
        homes = screens_known_in(path)
        for node in ast.walk(body):
            match node:
                case ast.Attribute(value=ast.Name(id=module), attr=attr) if (module, None) in homes:
                    called = (homes[module, None], attr)
                case ast.Name(id=known) if (known, "function") in homes:
                    called = (homes[known, "function"], known)
                case ast.Name(id=known):
                    called = (path, known)
                case _:
                    continue
            if called not in found and called[1] in functions_by_name(called[0]):
                found.add(called)
                waiting.append(called)
    return found


@lru_cache(maxsize=256)
def functions_by_name(path: Path) -> dict[str, ast.AST]:
    return {node.name: node for node in functions(path)}


@lru_cache(maxsize=256)
def screens_known_in(path: Path) -> dict[tuple[str, str | None], Path]:
    """Give the files of the modules ``(name, None)`` and functions ``(name, "function")`` of fanops.ui that a file imports."""
    homes: dict[tuple[str, str | None], Path] = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fanops.ui"):
            home = ROOT / node.module.replace(".", "/")
            for each in node.names:
                module = home / f"{each.name}.py"
                own = module.is_file()
                homes[each.asname or each.name, None if own else "function"] = (
                    module if own else home.with_suffix(".py")
                )
    return homes


def own_links(page: Path) -> list[str]:
    """List where ``st.page_link`` on this page leads to this page."""
    return [
        f"{page.name}: {named(path)}:{call.lineno}"
        for path, name in reached_by(page)
        for call in ast.walk(functions_by_name(path)[name] if name else tree(path))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "st.page_link"
        and any(isinstance(each, ast.Constant) and each.value == page.name for each in call.args)
    ]  # fmt: skip


def test_a_page_leads_to_itself_only_by_way_to() -> None:
    """``st.page_link`` to its own page leaves the old address, and the next tap acts on the wrong row: ``address.way_to``."""
    pages = sorted((ROOT / "pages").glob("*.py"))
    assert len(reached_by(ROOT / "pages" / "fan.py")) > 20, "the walk through the screens finds nothing any more"
    assert [each for page in pages for each in own_links(page)] == []
