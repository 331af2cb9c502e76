"""Big5 (繁体中文的旧编码): told from GB18030, which reads the same bytes as other characters without a complaint."""

from __future__ import annotations

import codecs
import re

_CODECS = ("cp950", "big5hkscs")  # what Excel writes in Taiwan; the same with the characters of Hong Kong
_SAMPLE, _BLOCK = 50_000, 1 << 20
_COMMON_SHARE, _AHEAD = 0.9, 0.2
_HIGH = re.compile(rb"[\x80-\xff]")
# Chinese characters, and what stands for bytes that are none: private use, replaced
_WIDE = re.compile("[\u3400-\u9fff\ue000-\uf8ff\ufffd\U00020000-\U0003ffff]")


def big5_codec(content: bytes) -> str | None:
    """Give the codec of a text that is far likelier Big5 than GB18030, None for any other.

    Both encodings keep their frequent characters in a block of their own. A text is Big5 when nine in ten of its Chinese
    characters are frequent ones there, and read as GB18030 a fifth fewer would be. Measured on 37,748 sentences
    (``training/said``), each as a file: none in simplified GB18030 is taken for Big5, one in 800 in traditional GB18030,
    none of files with two sentences; of Big5 files with one sentence 95 % are found, with five all.

    Args:
        content: That is not UTF-8 and not UTF-16.
    """
    first = _HIGH.search(content)
    if first is None:
        return None
    begin = content.rfind(b"\n", 0, first.start()) + 1
    sample = content[begin : begin + _SAMPLE]
    as_gb = _common_share(sample.decode("gb18030", "replace"), "gb2312", (0xB0, 0xD7))
    for codec in _CODECS:
        share = _common_share(sample.decode(codec, "replace"), "big5", (0xA4, 0xC6))
        if share >= _COMMON_SHARE and share - as_gb >= _AHEAD and _decodes(content, codec):
            return codec
    return None


def _common_share(text: str, codec: str, leads: tuple[int, int]) -> float:
    """Give the share of Chinese characters whose first byte lies in the block of the frequent ones."""
    wide = _WIDE.findall(text)
    codes = [letter.encode(codec, "ignore") for letter in wide]
    return sum(bool(code) and leads[0] <= code[0] <= leads[1] for code in codes) / max(1, len(wide))


def _decodes(content: bytes, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    try:
        for start in range(0, len(content), _BLOCK):
            decoder.decode(content[start : start + _BLOCK], final=start + _BLOCK >= len(content))
    except UnicodeDecodeError:
        return False
    return True
