"""The org tree."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fanops.access.audit import audit_entries
from fanops.access.organisation import (
    add_brand,
    add_region,
    add_staff,
    add_store,
    change_store,
    org_tree,
    regions_by_name,
    store_table,
)
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.settings import today
from fanops.tables import now


def test_a_tree_is_built_and_shown(chain) -> None:
    admin = chain.actors["admin"]
    with chain.db.write() as session:
        add_region(session, admin, " 华北 ")
        add_store(session, admin, code="S4", name="国贸店", region="华北", kind="franchise", city="北京")
        add_staff(session, admin, code="E9", name="孙丽", store="S4")
        add_staff(session, admin, code="H1", name="周总", title="运营总监")
    with chain.db.read() as session:
        tree = org_tree(session, admin)
        assert list(regions_by_name(session, admin)) == ["华东", "华南", "华北"]
    assert tree["regions"][2]["stores"] == [
        {
            "code": "S4",
            "name": "国贸店",
            "kind": "franchise",
            "city": "北京",
            "staff": [{"code": "E9", "name": "孙丽", "title": "店员"}],
        }
    ]
    assert tree["staff"] == [{"code": "H1", "name": "周总", "title": "运营总监"}]
    assert "别家一店" not in str(tree)


def test_what_is_refused(chain) -> None:
    admin = chain.actors["admin"]
    with chain.db.write() as session:
        with pytest.raises(Conflict):
            add_brand(session, "山茶")
        with pytest.raises(Conflict):
            add_region(session, admin, "华东")
        with pytest.raises(Conflict):
            add_store(session, admin, code="S1", name="新店", region="华东")
        with pytest.raises(Conflict):
            add_store(session, admin, code="S8", name="静安店", region="华东")
        with pytest.raises(NotFound):
            add_store(session, admin, code="S8", name="新店", region="外地")
        with pytest.raises(InvalidInput):
            add_store(session, admin, code="S8", name="新店", region="华东", kind="popup")
        with pytest.raises(NotFound):
            add_staff(session, admin, code="E8", name="新人", store="X1")
        with pytest.raises(Conflict):
            add_staff(session, admin, code="E1", name="新人")
        with pytest.raises(InvalidInput):
            add_region(session, admin, "  ")
        with pytest.raises(NotAllowed):
            add_region(session, chain.actors["ceo"], "华北")


def test_the_same_code_in_another_brand_is_fine(chain) -> None:
    with chain.db.write() as session:
        add_staff(session, chain.actors["stranger"], code="E1", name="别家的人", store="X1")


def test_a_store_is_changed_and_closed(chain) -> None:
    admin, store = chain.actors["admin"], chain.stores["S1"]
    as_it_is = {"name": "静安店", "region": "华东", "kind": "direct", "city": "上海", "closed": False}
    with chain.db.write() as session:
        for wrong, refusal in (({"name": "西湖店"}, Conflict), ({"name": " "}, InvalidInput), ({"region": "外地"}, NotFound),
                               ({"kind": "popup"}, InvalidInput)):  # fmt: skip
            with pytest.raises(refusal):
                change_store(session, admin, store, **as_it_is | wrong)
        with pytest.raises(NotAllowed):
            change_store(session, chain.actors["ceo"], store, **as_it_is)
        with pytest.raises(NotFound):
            change_store(session, chain.actors["stranger"], store, **as_it_is)
        change_store(session, admin, store, **as_it_is)
        change_store(session, admin, store, **as_it_is | {"region": "华南", "closed": True})
        changed = [row for row in store_table(session, admin) if row["code"] == "S1"]
        assert (changed[0]["region"], changed[0]["closed_on"]) == ("华南", today())
        change_store(session, admin, store, **as_it_is)
        assert next(row for row in store_table(session, admin) if row["code"] == "S1")["closed_on"] is None
        deeds = audit_entries(session, admin, now() - timedelta(days=1), deed="change_store")
        assert [row["detail"]["changed"] for row in deeds] == [
            ["region_id", "closed_on"]
        ] * 2  # nothing changed, nothing logged
