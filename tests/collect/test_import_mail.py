"""A column of mail addresses comes in as an identity of the fan: sealed, masked, once; a wrong one is refused with its row."""

from __future__ import annotations

from sqlmodel import select

from fanops.access.vault import vault
from fanops.collect.import_file import ImportRequest, import_file, preview_file
from fanops.tables import FanIdentity

MEMBERS = "会员号,姓名,门店,电子邮箱\nM1,王小明,静安店,Wang@Example.com\nM2,李芳,西湖店,\nM3,陈静,静安店,wang@example.com\nM4,赵敏,静安店,无\n"


def test_mail_addresses_of_members(chain) -> None:
    product, request = chain.actors["product"], ImportRequest("members", skip_refused=True)
    seen = preview_file(chain.db, product, (MEMBERS.encode(), "会员.csv"), request)
    assert [(problem.row, problem.why) for problem in seen.problems] == [
        (4, "与第 2 行是同一位会员"), (5, "这不是一个邮箱地址。"),
    ]  # fmt: skip
    import_file(chain.db, product, (MEMBERS.encode(), "会员.csv"), request)
    with chain.db.read() as session:
        [row] = session.exec(select(FanIdentity).where(FanIdentity.kind == "mail")).all()
        assert (vault().unseal(row.sealed), row.masked) == ("wang@example.com", "w***@example.com")
        kinds = session.exec(select(FanIdentity.kind).where(FanIdentity.fan_id == row.fan_id)).all()
        assert sorted(kinds) == ["mail", "member"]
    later = "会员号,邮箱\nM2,li@example.com\nM1,wang@example.com\n"
    done = import_file(chain.db, product, (later.encode(), "补邮箱.csv"), ImportRequest("members"))
    assert (done.new, done.changed, done.same) == (0, 1, 1)
    with chain.db.read() as session:
        assert len(session.exec(select(FanIdentity).where(FanIdentity.kind == "mail")).all()) == 2
