"""The org tree."""

from __future__ import annotations

import pytest

from fanops.access.organisation import add_brand, add_region, add_staff, add_store, org_tree, regions_by_name
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound


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
