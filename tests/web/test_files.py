"""GET /file/{id}: for whom it is, with which headers, in parts."""

from __future__ import annotations

import pytest

from fanops.access.attachments import add_attachment, path_of
from fanops.access.media import prepare_media
from fanops.collect import record_interview as record
from fanops.tables import Attachment
from fanops.web.files import part_of
from tests.access.test_attachments import photo, sound

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@pytest.fixture
def kept(chain) -> dict[str, int]:
    clerk = chain.actors["clerk"]
    with chain.db.write() as session:
        held = record.start_interview(session, clerk, "core_fan_interview", store_id=chain.stores["S1"])
        return {
            name: add_attachment(session, clerk, prepare_media(content, name), interview_id=held.id).id
            for name, content in {"照片 1.jpg": photo(), "采访.wav": sound()}.items()
        }


@ONE
@pytest.mark.parametrize(
    ("login", "status"),
    [("clerk", 200), ("store_manager", 200), ("region_manager", 200), ("product", 200), ("ceo", 200), ("admin", 200),
     ("clerk2", 404), ("stranger", 404)],
)  # fmt: skip
def test_for_whom_it_is(signed_in, kept, login: str, status: int) -> None:
    answer = signed_in(login).get(f"/file/{kept['照片 1.jpg']}")
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    if status == 200:
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''%E7%85%A7%E7%89%87%201.jpg"
        assert answer.content.startswith(b"\xff\xd8\xff")


@ONE
def test_nobody_gets_nothing_and_odd_addresses_no_error(browser, signed_in, kept, chain) -> None:
    assert browser().get(f"/file/{kept['采访.wav']}").status_code == 401
    client = signed_in("admin")
    for path in ("0", "999", str(2**63), "9" * 30, "-1", "%E4%B8%80"):
        assert client.get(f"/file/{path}").status_code == 404
    with chain.db.read() as session:
        path_of(session.get_one(Attachment, kept["采访.wav"]).sha256).unlink()
    answer = client.get(f"/file/{kept['采访.wav']}")
    assert answer.status_code == 503 and "从备份恢复" in answer.text


@ONE
def test_sound_comes_in_parts(signed_in, kept) -> None:
    client, path = signed_in("clerk"), f"/file/{kept['采访.wav']}"
    whole = client.get(path)
    assert whole.headers["accept-ranges"] == "bytes" and whole.content == sound()
    part = client.get(path, headers={"range": "bytes=4-11"})
    assert part.status_code == 206 and part.content == sound()[4:12]
    assert part.headers["content-range"] == f"bytes 4-11/{len(sound())}" and part.headers["content-length"] == "8"
    outside = client.get(path, headers={"range": f"bytes={len(sound())}-"})
    assert outside.status_code == 416 and outside.headers["content-range"] == f"bytes */{len(sound())}"
    assert client.get(path, headers={"range": "bytes=0-1,4-5"}).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "part"),
    [("", None), ("bytes=-", None), ("items=0-1", None), ("bytes=0-", (0, 10)), ("bytes=2-99", (2, 10)), ("bytes=-3", (7, 10)),
     ("bytes=-99", (0, 10)), ("bytes=5-4", None), ("bytes=-0", (10, 0))],
)  # fmt: skip
def test_ranges(wanted: str, part: tuple[int, int] | None) -> None:
    assert part_of(wanted, 10) == part
