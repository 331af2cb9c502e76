"""Photos and sound as people hand them in: told by their first bytes, checked for size, photos cleaned of what they betray."""

from __future__ import annotations

import io
from dataclasses import dataclass

from fanops.errors import InvalidInput
from fanops.settings import settings

PHOTO_NAMES = ("jpg", "jpeg", "png", "webp")
SOUND_NAMES = ("mp3", "m4a", "wav", "ogg", "webm")
LARGEST_PHOTO = 20_000_000
_MOST_PIXELS = 60_000_000
_LONGEST_SIDE = 2560
_LONGEST_NAME = 120
_SOUND_BRANDS = (b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"dash", b"3gp")
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


@dataclass(frozen=True)
class Media:
    """A file ready to be kept.

    Attributes:
        name: For people; its ending fits the content.
        media_type: One of a fixed few, told by the content.
        content: The bytes to keep; of a photo, its pixels written anew.
    """

    name: str
    media_type: str
    content: bytes

    @property
    def is_photo(self) -> bool:
        """Whether it is shown (else it is played)."""
        return self.media_type.startswith("image/")


def prepare_media(content: bytes, name: str) -> Media:
    """Check a photo or sound and make it ready to be kept; takes a moment for a photo, so call it outside a transaction.

    A photo is decoded, turned upright, brought to at most 2560 pixels and written anew: place, time, device and whatever
    else was hidden in the file do not come along. Sound is kept as it is.

    Args:
        content: The file.
        name: Its name, for people only.

    Raises:
        InvalidInput: Empty, too large, damaged, or of another kind.
    """
    if not content:
        raise InvalidInput("文件是空的。", "请重新选择。")
    media_type = media_type_of(content)
    if media_type.startswith("image/"):
        _check_size(len(content), LARGEST_PHOTO, "照片", "请换一张，或在手机里先缩小再选。")
        media_type, content = _clean_photo(content)
    else:
        _check_size(len(content), settings().upload_mb * 1_000_000, "录音", "请剪成几段，分几次添加。")
    return Media(_tidy_name(name, media_type), media_type, content)


def _check_size(size: int, largest: int, what: str, hint: str) -> None:
    if size > largest:
        raise InvalidInput(f"{what}太大：{size / 1e6:.1f} MB，最大 {largest / 1e6:.0f} MB。", hint)


def media_type_of(content: bytes) -> str:
    """Tell the media type from the first bytes; a name says nothing.

    Raises:
        InvalidInput: Not a photo or sound that a browser shows or plays.
    """
    head = content[:64]
    brand = head[8:12]
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"RIFF") and brand in (b"WEBP", b"WAVE"):
        return "image/webp" if brand == b"WEBP" else "audio/wav"
    if head.startswith(b"OggS"):
        return "audio/ogg"
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head:
        return "audio/webm"
    # A frame of MPEG layer III, or the tag that players put before the first one.
    if head.startswith(b"ID3") or (len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "audio/mpeg"
    if head[4:8] == b"ftyp" and brand in _HEIC_BRANDS:
        raise InvalidInput("浏览器显示不了 HEIC 照片。", "请在手机的相机设置里选“兼容性最佳”，或把照片存成 JPEG 再选。")
    if head[4:8] == b"ftyp" and brand.startswith(_SOUND_BRANDS):
        return "audio/mp4"
    raise InvalidInput("这不是能收的照片或录音。", "照片：JPEG、PNG、WebP；录音：mp3、m4a、wav、ogg、webm。")


_ENDINGS = {
    "image/jpeg": "jpg", "image/png": "png", "audio/mpeg": "mp3", "audio/mp4": "m4a", "audio/wav": "wav",
    "audio/ogg": "ogg", "audio/webm": "webm",
}  # fmt: skip


def _tidy_name(name: str, media_type: str) -> str:
    stem = name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    stem = "".join(letter for letter in stem if letter.isprintable()).strip(" .")
    ending = _ENDINGS[media_type]
    fallback = "照片" if media_type.startswith("image/") else "录音"
    return f"{stem[: _LONGEST_NAME - len(ending) - 1] or fallback}.{ending}"


def _clean_photo(content: bytes) -> tuple[str, bytes]:
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            width, height = opened.size
            if width * height > _MOST_PIXELS:  # looked at before anything is unpacked
                raise InvalidInput(f"照片的像素太多：{width} × {height}。", "请先缩小再选。")
            opened.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
            upright = ImageOps.exif_transpose(opened)
    except InvalidInput:
        raise
    except Exception as error:  # decoders fail in many ways on damaged files; a person can only choose another
        raise InvalidInput("这张照片打不开，可能已损坏。", "请重新拍一张，或换一张。") from error
    is_clear = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    picture = upright.convert("RGBA" if is_clear else "RGB")
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    # Pixels alone are carried over: whatever stood beside them in the file stays behind.
    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    written = io.BytesIO()
    if is_clear:
        bare.save(written, "PNG", optimize=False)
        return "image/png", written.getvalue()
    bare.save(written, "JPEG", quality=86)
    return "image/jpeg", written.getvalue()
