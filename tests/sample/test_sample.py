"""The sample chain: the same every time, true to what is written down, gone without a trace."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from sqlalchemy import func, select, update

from fanops.access.accounts import owner_actor, sample_accounts
from fanops.access.passwords import check_password_rules
from fanops.collect.import_file import ImportRequest, import_file
from fanops.collect.invite_fans import Asked
from fanops.collect.records_panels import create_panel
from fanops.effect.records_notes import plan_notes
from fanops.fans.identity import tidy_identifier
from fanops.sample import SAMPLE_PASSWORD, clear_sample, is_loaded, load_sample, truth
from fanops.sample.act import _mend
from fanops.sample.buying import make_members, make_orders
from fanops.sample.chain import ACCOUNTS, STAFF, STORES, phone
from fanops.sample.planted import THEMES
from fanops.sample.sayings import make_reviews, planted_themes
from fanops.tables import (
    Account,
    Fan,
    ImportBatch,
    Measurement,
    Order,
    Store,
    Telling,
    Theme,
    ThemeAssignment,
    Unit,
    Voice,
    metadata,
)

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
ANCHOR = date(2026, 11, 23)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain of fewer fans and reviews: the same code in a fraction of the time."""
    monkeypatch.setattr(truth, "FANS", 300)
    monkeypatch.setattr(truth, "REVIEWS", 200)
    monkeypatch.setattr(truth, "RESPONSES", (140, 150))
    monkeypatch.setattr("fanops.sample.buying._ORDERS_PER_DAY", 1.0)


def counts(db) -> dict[str, int]:
    with db.read() as session:
        return {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.tables.values()
            if table.name != "audit_entry"
        }


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    """The sample chain's orders with week and revenue."""
    frame = make_orders(ANCHOR)
    days = (pd.to_datetime(frame["下单时间"]) - pd.Timestamp(truth.first_day(ANCHOR))).dt.days
    return frame.assign(day=days, week=days // 7)


def test_the_same_seed_and_week_give_the_same_rows() -> None:
    assert make_reviews(ANCHOR) == make_reviews(ANCHOR)
    assert make_members(ANCHOR).equals(make_members(ANCHOR))
    assert make_reviews(ANCHOR, seed=1)[:50] != make_reviews(ANCHOR)[:50]
    assert truth.anchor_for(date(2026, 11, 29)) == truth.anchor_for(ANCHOR) == ANCHOR


def test_orders_are_the_same_and_end_before_the_anchor(orders: pd.DataFrame) -> None:
    assert make_orders(ANCHOR)["实付金额"].tolist() == orders["实付金额"].tolist()
    assert orders["day"].between(0, truth.WEEKS * 7 - 1).all()
    assert orders["订单号"].is_unique
    assert (orders["实付金额"] > 0).all()


def test_the_planted_effect_is_there_and_nowhere_else(orders: pd.DataFrame) -> None:
    weekly = orders.groupby(["门店", "week"])["实付金额"].sum().unstack()
    change = weekly.loc[:, truth.FIX_WEEK :].mean(axis=1) / weekly.loc[:, : truth.FIX_WEEK - 1].mean(axis=1)
    treated = change[list(truth.FIX_STORES)]
    others = change.drop(list(truth.FIX_STORES))
    assert treated.mean() / others.mean() - 1 == pytest.approx(truth.EFFECT_SHARE, abs=0.03)
    assert others.max() / others.min() < 1.06


def test_fans_come_at_rates_of_their_own_and_some_stop(orders: pd.DataFrame) -> None:
    known = orders[orders["会员号"] != ""]
    visits = known["会员号"].value_counts()
    assert visits.var() > 3 * visits.mean()  # far more spread than equal rates would give
    last = known.groupby("会员号")["day"].max()
    assert (last < 90).sum() > 300
    by_weekday = known.groupby(known["day"] % 7).size()
    assert by_weekday.loc[[4, 5, 6]].mean() > 1.15 * by_weekday.loc[[0, 1, 2, 3]].mean()


def test_planted_themes_are_many_worded_and_differ_by_store() -> None:
    reviews = make_reviews(ANCHOR)
    said = Counter(theme for review in reviews for theme in review.themes)
    assert set(said) == {theme.key for theme in THEMES} == set(truth.THEME_KEYS)
    assert min(said.values()) > 150
    alone = {theme: {review.text for review in reviews if review.themes == (theme,)} for theme in said}
    assert all(
        len(texts) > 0.8 * sum(review.themes == (theme,) for review in reviews) for theme, texts in alone.items()
    )
    assert sum(len(review.themes) > 1 for review in reviews) > 1_000
    share = {
        store.code: sum("dirty" in r.themes for r in reviews if r.store == store.code)
        / sum(bool(r.themes) for r in reviews if r.store == store.code)
        for store in STORES
    }
    assert max(share, key=share.get) == "H08"


def test_the_rising_theme_rises_and_the_fixed_one_falls() -> None:
    reviews = make_reviews(ANCHOR)
    first = truth.first_day(ANCHOR)

    def share(theme: str, late: bool, stores: tuple[str, ...] | None = None) -> float:
        kept = [
            r for r in reviews
            if ((r.at.date() - first).days // 7 >= truth.RISING_WEEK) == late and (stores is None or r.store in stores)
        ]  # fmt: skip
        return sum(theme in r.themes for r in kept) / len(kept)

    assert share(truth.RISING_KEY, True) > 2.5 * share(truth.RISING_KEY, False)
    assert share(truth.FIXED_KEY, True, truth.FIX_STORES) < 0.6 * share(truth.FIXED_KEY, False, truth.FIX_STORES)


def test_nobody_real_is_in_it() -> None:
    numbers = [phone(number) for number in range(1, truth.FANS + 1)]
    assert all(number.startswith("100") and len(number) == 11 for number in numbers)
    assert tidy_identifier("phone", numbers[0]) == "+8610000000001"
    assert sum(store.kind == "franchise" for store in STORES) == 2
    assert (len(STORES), len(STAFF), len({store.region for store in STORES})) == (12, 20, 3)
    for login, *_ in ACCOUNTS:
        check_password_rules(SAMPLE_PASSWORD, login)


def test_loaded_by_the_import_functions_and_cleared_exactly(db, small) -> None:
    before = counts(db)
    summary = load_sample(db, today=date(2026, 11, 25), discover=False)
    assert (summary.fans, summary.reviews, summary.responses, summary.interviews) == (300, 200, 290, 60)
    assert is_loaded(db)
    with db.read() as session:
        batches = session.execute(select(ImportBatch)).scalars().all()
        kinds = dict(session.execute(select(Voice.kind, func.count()).group_by(Voice.kind)).all())
        accounts = [account.login for account in sample_accounts(session)]
        keys = session.execute(select(Voice.source_key).where(Voice.kind == "review")).scalars().all()
    assert all(batch.is_sample for batch in batches)
    assert set(kinds) == {"review", "survey", "interview"}
    assert accounts == [login for login, *_ in ACCOUNTS]
    assert {key.partition(":")[0] for key in keys} == set(planted_themes(ANCHOR))
    assert load_sample(db, today=date(2026, 11, 25)).already
    cleared = clear_sample(db)
    assert cleared.kept == {}
    assert counts(db) == before
    assert not is_loaded(db)


@ONE
def test_clearing_leaves_another_brand_alone(chain, small) -> None:
    text = "会员号,手机号\nM1,13800138000\n"
    import_file(chain.db, chain.actors["admin"], (text.encode(), "m.csv"), ImportRequest("members"))
    before = counts(chain.db)
    load_sample(chain.db, discover=False)
    clear_sample(chain.db)
    assert counts(chain.db) == before


@ONE
def test_real_data_in_the_sample_brand_is_kept_and_said(db, small) -> None:
    from fanops.access.accounts import owner_actor

    load_sample(db, discover=False)
    with db.read() as session:
        actor = owner_actor(session)
    text = "评论,门店,会员号\n真的等了很久,湖滨银泰店,HC000001\n"
    import_file(db, actor, (text.encode(), "真.csv"), ImportRequest("voices"))
    with db.write() as session:
        tester = session.execute(select(Account.id).where(Account.is_sample)).scalars().first()
        store = session.execute(select(Store.id)).scalars().first()
        create_panel(session, replace(actor, account_id=tester), "试建的组", Asked("week", store))
    cleared = clear_sample(db)
    assert cleared.kept["brand"] == 1
    assert cleared.kept["store"] == 2  # where it was said, and the home store of the fan who said it
    after = counts(db)
    assert (after["voice"], after["fan"], after["fan_order"], after["store"], after["response"]) == (1, 1, 0, 2, 0)
    with db.read() as session:
        assert session.execute(select(Voice.text)).scalars().all() == ["真的等了很久"]
        assert session.execute(select(func.count()).where(Account.disabled_at.is_(None))).scalar_one() == 0
        assert session.execute(select(func.count()).select_from(Order)).scalar_one() == 0
        assert session.execute(select(Fan.id)).scalars().all()


@ONE
def test_a_load_that_was_cut_off_is_done_anew(db, small, monkeypatch) -> None:
    from fanops.sample import load

    with monkeypatch.context() as patch:
        patch.setattr(load, "import_interviews", lambda *_args, **_given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            load_sample(db, discover=False)
    assert not is_loaded(db)
    assert load_sample(db, discover=False).interviews == 60
    assert is_loaded(db)


@ONE
def test_the_plan_of_the_samples_fix_was_made_before_it_and_those_who_asked_are_told(db, small) -> None:
    summary = load_sample(db, today=date(2026, 11, 25), discover=False)
    with db.write() as session:
        actor = owner_actor(session)
        theme = Theme(brand_id=summary.brand_id, name="排队太久")
        session.add(theme)
        session.flush()
        units = (
            select(Unit.id, Voice.fan_id).join(Voice, Voice.id == Unit.voice_id).join(Store, Store.id == Voice.store_id)
        )
        said = session.execute(units.where(Store.code == truth.FIX_STORES[0], Voice.fan_id.is_not(None))).all()
        session.add_all(ThemeAssignment(unit_id=unit_id, theme_id=theme.id, strength=1.0) for unit_id, _ in said)
        session.execute(update(Unit).where(Unit.id.in_([unit_id for unit_id, _ in said])).values(polarity=-1))
        _mend(session, actor, theme.id, summary.anchor)
        rows = session.execute(select(Measurement)).scalars().all()
        assert plan_notes(session, rows) == {rows[0].id: ""} and rows[0].method == "did"
        tellings = session.execute(select(Telling.state, Telling.staff_id)).all()
        told = [state == "told" and staff_id is not None for state, staff_id in tellings]
        assert len(told) > 10 and len(told) / 2 < sum(told) < len(told)
