"""Photos and sound: told by content, cleaned, sealed, scoped, taken back, erased, swept, backed up."""

from __future__ import annotations

import io
import os
import struct
import time
import wave

import pytest
from click.testing import CliRunner
from PIL import Image
from sqlmodel import select

from fanops.access import attachments as files
from fanops.access.media import Media, media_type_of, prepare_media
from fanops.access.vault import vault
from fanops.cli import cli
from fanops.cli.doctor import check_attachments
from fanops.collect import record_interview as record
from fanops.collect import record_on_behalf
from fanops.errors import Conflict, InvalidInput, NotFound, NotReady
from fanops.fans.erase import CONFIRMATION, erase_fan
from fanops.settings import settings
from fanops.tables import Attachment, Fix, FixStore, Interview, now

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
GUIDE = "core_fan_interview"


def photo(kind: str = "JPEG", colour: tuple[int, ...] = (47, 111, 94), size: tuple[int, int] = (40, 20)) -> bytes:
    """A photo as a phone writes it: lying on its side, with the place it was taken at."""
    picture = Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "SECRETPHONE"
    exif.get_ifd(0x8825)[2] = (31.0, 13.0, 49.0)
    written = io.BytesIO()
    picture.save(written, kind, exif=exif)
    return written.getvalue()


def sound(seconds: float = 0.05) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\x01\x02" * int(8000 * seconds))
    return written.getvalue()


@pytest.fixture
def held(chain) -> tuple[int, int]:
    """A fan of S1 and their live interview."""
    clerk, store = chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        fan = record_on_behalf.add_person(session, clerk, store_id=store, name="王小明", phone="13800138000")
        return fan.id, record.start_interview(session, clerk, GUIDE, store_id=store, fan_id=fan.id).id


def add(chain, media: Media, login: str = "clerk", **owner: int) -> int:
    with chain.db.write() as session:
        return files.add_attachment(session, chain.actors[login], media, **owner).id


def on_disk() -> list[str]:
    return sorted(path.name for path in files.folder().glob("*/*"))


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"RIFF1234WEBPVP8 ", "image/webp"),
        (b"RIFF1234WAVEfmt ", "audio/wav"),
        (b"ID3\x04\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"\x00\x00\x00\x1cftypM4A \x00", "audio/mp4"),
        (b"OggS\x00\x02", "audio/ogg"),
        (b"\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1f\x42\x82\x84webm", "audio/webm"),
    ],
)
def test_the_kind_is_told_by_the_first_bytes(head: bytes, media_type: str) -> None:
    assert media_type_of(head) == media_type


@pytest.mark.parametrize(
    "content",
    [b"<svg onload=alert(1)>", b"<html>", b"\xff\xfeh\x00i\x00", b"%PDF-1.7", b"GIF89a", b"MZ", b"RIFF1234AVI ", b"\xff\xf1\x50\x80",
     b"\x1a\x45\xdf\xa3\x01\x00\x00matroska"],
)  # fmt: skip
def test_anything_else_is_refused_whatever_its_name(content: bytes) -> None:
    with pytest.raises(InvalidInput, match="不是能收的"):
        prepare_media(content, "photo.jpg")


def test_refusals_say_the_way_out(monkeypatch) -> None:
    with pytest.raises(InvalidInput, match="空的"):
        prepare_media(b"", "a.jpg")
    with pytest.raises(InvalidInput, match="HEIC") as refusal:
        prepare_media(b"\x00\x00\x00\x18ftypheic\x00\x00", "IMG_1.HEIC")
    assert "兼容性最佳" in refusal.value.hint
    with pytest.raises(InvalidInput, match=r"照片太大：20\.1 MB，最大 20 MB"):
        prepare_media(photo() + bytes(20_100_000), "a.jpg")
    with pytest.raises(InvalidInput, match="录音太大"):
        prepare_media(sound() + bytes(settings().upload_mb * 1_000_000), "a.wav")
    for broken in (photo()[:200], b"\x89PNG\r\n\x1a\n" + bytes(64)):
        with pytest.raises(InvalidInput, match="打不开"):
            prepare_media(broken, "a.jpg")
    # A small file that would unpack into gigabytes: its size is read before its pixels.
    bomb = photo("PNG")[:16] + struct.pack(">II", 9000, 9000) + photo("PNG")[24:]
    with pytest.raises(InvalidInput):
        prepare_media(bomb, "a.png")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_loses_what_it_betrays_and_stands_upright(kind: str) -> None:
    given = photo(kind)
    assert b"SECRETPHONE" in given
    kept = prepare_media(given, r"C:\照片\IMG 1.heic.jpg")
    assert kept.name == "IMG 1.heic.jpg" and kept.media_type == "image/jpeg"
    with Image.open(io.BytesIO(kept.content)) as picture:
        assert not picture.getexif() and picture.size == (20, 40)
        assert all(abs(a - b) < 6 for a, b in zip(picture.getpixel((5, 5)), (47, 111, 94), strict=True))
    assert b"SECRETPHONE" not in kept.content


def test_a_large_or_clear_photo() -> None:
    large = prepare_media(photo(size=(4000, 2000)), "a.jpg")
    with Image.open(io.BytesIO(large.content)) as picture:
        assert picture.size == (1280, 2560)
    assert prepare_media(photo("PNG", (1, 2, 3, 9)), "a").media_type == "image/png"
    assert prepare_media(sound(), "采访\x00.exe").name == "采访.wav"


def test_content_lies_sealed_under_its_sum(chain, held) -> None:
    media = prepare_media(sound(), "采访.wav")
    row = add(chain, media, interview_id=held[1])
    assert add(chain, media, interview_id=held[1]) == row  # a double click
    with chain.db.read() as session:
        kept = session.get_one(Attachment, row)
        assert (kept.store_id, kept.size_bytes, kept.media_type) == (
            chain.stores["S1"],
            len(media.content),
            "audio/wav",
        )
        assert files.read_attachment(session, chain.actors["clerk"], row)[1] == media.content
    path = files.path_of(kept.sha256)
    assert on_disk() == [kept.sha256] and media.content[:40] not in path.read_bytes()
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0
    # Another's content put under this name does not open as this one.
    path.write_bytes(vault().seal_file(b"other", "0" * 64))
    with chain.db.read() as session, pytest.raises(NotReady):
        files.read_attachment(session, chain.actors["clerk"], row)
    path.unlink()
    assert [ill.what for ill in check_attachments(chain.db)] == ["有 1 个附件的内容不在数据文件夹里。"]


def test_each_sees_what_belongs_to_their_stores(chain, held) -> None:
    row = add(chain, prepare_media(photo(), "a.jpg"), interview_id=held[1])
    for login, sees in {"clerk": 1, "region_manager": 1, "ceo": 1, "clerk2": 0, "stranger": 0}.items():
        actor = chain.actors[login]
        with chain.db.write() as session:
            assert len(files.attachments(session, actor, interview_id=held[1])) == sees
            if not sees:
                for deed in (files.read_attachment, files.remove_attachment, files.restore_attachment):
                    with pytest.raises(NotFound):
                        deed(session, actor, row)
                with pytest.raises(NotFound):
                    files.add_attachment(session, actor, prepare_media(photo(), "b.jpg"), interview_id=held[1])


def test_a_fix_takes_photos_only(chain) -> None:
    with chain.db.write() as session:
        fix = Fix(brand_id=chain.brand_id, title="修好吧台的灯", area="quality")
        session.add(fix)
        session.flush()
        place = FixStore(fix_id=fix.id, store_id=chain.stores["S1"])
        session.add(place)
        session.flush()
        fix_store = place.id
    row = add(chain, prepare_media(photo(), "灯.jpg"), fix_store_id=fix_store)
    with pytest.raises(InvalidInput, match="只收照片"):
        add(chain, prepare_media(sound(), "a.wav"), fix_store_id=fix_store)
    with pytest.raises(NotFound):
        add(chain, prepare_media(photo(), "灯.jpg"), "clerk2", fix_store_id=fix_store)
    with chain.db.read() as session:
        assert [each.id for each in files.attachments(session, chain.actors["clerk"], fix_store_id=fix_store)] == [row]
        assert files.attachment_counts(session, chain.actors["ceo"], [fix_store, 999]) == {fix_store: 1}
        assert files.attachment_counts(session, chain.actors["clerk2"], [fix_store]) == {}


def test_no_more_than_twenty(chain, held, monkeypatch) -> None:
    monkeypatch.setattr(files, "MOST_PER_OWNER", 2)
    for shade in (1, 2):
        add(chain, prepare_media(photo("PNG", (shade, 0, 0)), "a"), interview_id=held[1])
    with pytest.raises(InvalidInput, match="最多放 2 个"):
        add(chain, prepare_media(photo("PNG", (200, 0, 0)), "a"), interview_id=held[1])


def test_removal_can_be_taken_back_for_a_moment_and_is_swept_at_night(chain, held) -> None:
    clerk = chain.actors["clerk"]
    media = prepare_media(photo(), "a.jpg")
    row = add(chain, media, interview_id=held[1])
    for _ in range(2):
        with chain.db.write() as session:
            files.remove_attachment(session, clerk, row)
        with chain.db.write() as session:
            assert files.attachments(session, clerk, interview_id=held[1]) == []
            with pytest.raises(NotFound):
                files.read_attachment(session, clerk, row)
            files.restore_attachment(session, clerk, row)
            assert files.read_attachment(session, clerk, row)[1] == media.content
    with chain.db.write() as session:
        files.remove_attachment(session, clerk, row)
    sweep = files.sweep_attachments(chain.db, chain.actors["admin"], {}, lambda _share, _doing: None)
    assert sweep == {"removed": 0, "files": 0} and len(on_disk()) == 1
    with chain.db.write() as session:
        kept = session.get_one(Attachment, row)
        kept.removed_at = now() - 2 * files.RESTORABLE - files._KEPT_AFTER_REMOVAL
        session.add(kept)
    with chain.db.write() as session, pytest.raises(Conflict, match="太久"):
        files.restore_attachment(session, clerk, row)
    again = add(chain, media, interview_id=held[1])  # the same photo, wanted again before the night
    sweep = files.sweep_attachments(chain.db, chain.actors["admin"], {}, lambda _share, _doing: None)
    assert sweep == {"removed": 1, "files": 0}
    with chain.db.read() as session:
        assert files.read_attachment(session, clerk, again)[1] == media.content


def test_what_a_crash_leaves_is_swept_but_never_by_an_empty_database(chain, held) -> None:
    def sweep() -> int:
        return files.sweep_attachments(chain.db, chain.actors["admin"], {}, lambda _share, _doing: None)["files"]

    class Crash(Exception):
        pass

    with pytest.raises(Crash), chain.db.write() as session:
        files.add_attachment(session, chain.actors["clerk"], prepare_media(photo(), "a.jpg"), interview_id=held[1])
        raise Crash
    assert len(on_disk()) == 1 and sweep() == 0 and len(on_disk()) == 1
    row = add(chain, prepare_media(sound(), "a.wav"), interview_id=held[1])
    part = files.folder() / "ab" / "half.part"
    part.parent.mkdir(exist_ok=True)
    part.write_bytes(b"half")
    assert sweep() == 1 and part.exists()
    os.utime(part, (time.time() - 90_000,) * 2)
    assert sweep() == 1 and len(on_disk()) == 1
    with chain.db.read() as session:
        assert files.read_attachment(session, chain.actors["clerk"], row)


def test_erasing_a_fan_and_discarding_an_interview_take_the_files_along(chain, held) -> None:
    fan, interview = held
    with chain.db.write() as session:
        other = record.start_interview(session, chain.actors["clerk"], GUIDE, store_id=chain.stores["S1"]).id
    shared = prepare_media(photo(), "两次都有.jpg")
    add(chain, shared, interview_id=interview)
    add(chain, prepare_media(sound(), "a.wav"), interview_id=interview)
    add(chain, shared, interview_id=other)
    assert len(on_disk()) == 2
    with pytest.raises(InvalidInput), chain.db.write() as session:
        files.erase_attachments(session, [interview])
        raise InvalidInput("过程中断。")
    assert len(on_disk()) == 2  # a deed that failed took nothing away
    with chain.db.write() as session:
        erase_fan(session, chain.actors["store_manager"], fan, CONFIRMATION)
    with chain.db.read() as session:
        left = session.exec(select(Attachment)).all()
        assert [row.interview_id for row in left] == [other] and session.get(Interview, interview) is not None
    assert on_disk() == [left[0].sha256]
    with chain.db.write() as session:
        record.discard_interview(session, chain.actors["clerk"], other)
    assert on_disk() == []


@ONE
def test_a_backup_holds_the_files(chain, held, tmp_path) -> None:
    row = add(chain, prepare_media(photo(), "a.jpg"), interview_id=held[1])
    done = CliRunner().invoke(cli, ["backup", "--to", str(tmp_path / "kept")])
    assert done.exit_code == 0 and "附件 1 个" in done.output, done.output
    (copy,) = (tmp_path / "kept").glob("*.files/*/*")
    original = files.path_of(copy.name)
    sealed = original.read_bytes()
    original.unlink()
    assert copy.read_bytes() == sealed
    original.write_bytes(copy.read_bytes())
    with chain.db.read() as session:
        assert files.read_attachment(session, chain.actors["clerk"], row)[0].name == "a.jpg"
