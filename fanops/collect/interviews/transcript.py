"""Transcripts into turns of speech: txt, docx, srt, vtt or pasted; who is the fan is guessed, and confirmed by a person."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from fanops.errors import InvalidInput

MOST_CHARACTERS = 2_000_000
_STAFF_NAMES = re.compile(
    r"访谈(员|者)|主持|店员|店长|员工|记者|采访|提问|客服|顾问|interviewer|staff|host|^q$|^问$|^我$", re.I
)
_FAN_NAMES = re.compile(r"受访|顾客|客户|粉丝|会员|被访|嘉宾|customer|fan|guest|interviewee|^a$|^答$", re.I)
_CLOCK = r"(?:(\d{1,2}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3}))?"
_CUE = re.compile(rf"^\s*{_CLOCK}\s*-->\s*{_CLOCK}")
_LEADING_CLOCK = re.compile(rf"^\s*[\[(（【]?\s*{_CLOCK}\s*[\])）】]?\s*")
_SPEAKER = re.compile(r"^\s*[\[【(（]?([^\s：:，。！？,.!?\[\]【】()（）]{1,12}?)[\]】)）]?\s*[：:]\s*(.*)$", re.S)
_SPEAKER_CLOCK = re.compile(rf"^\s*([^\s：:，。！？,.!?]{{1,12}})\s+{_CLOCK}\s*$")
_VTT_VOICE = re.compile(r"^<v(?:\.[^ >]*)?\s+([^>]+)>(.*?)(?:</v>)?$", re.S)
_TAG = re.compile(r"<[^<>]{1,80}>")
_LATIN_END = re.compile(r"[A-Za-z0-9]")


@dataclass(frozen=True)
class SpokenTurn:
    """话轮.

    Attributes:
        speaker: As written in the transcript, empty when not told.
        text: What was said; line breaks inside a turn are joined.
        starts_s: Seconds from the beginning, None without timestamps.
    """

    speaker: str
    text: str
    starts_s: float | None = None


def read_transcript(content: bytes, filename: str) -> list[SpokenTurn]:
    """Read a transcript file into turns.

    Args:
        content: The file.
        filename: Decides the format: ``.docx``, ``.srt``, ``.vtt``; anything else is plain text.

    Raises:
        InvalidInput: Empty, too long, not text, or a damaged docx.
    """
    name = filename.lower()
    text = _docx_text(content) if name.endswith(".docx") else _decoded(content)
    if len(text) > MOST_CHARACTERS:
        raise InvalidInput(f"文字稿太长（{len(text):,} 个字）。", f"请拆成不超过 {MOST_CHARACTERS:,} 个字的文件。")
    return read_turns(text)


def read_turns(text: str) -> list[SpokenTurn]:
    """Read pasted or decoded text: subtitles are recognised by their arrows, everything else by lines.

    Raises:
        InvalidInput: Nothing was said in it.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    turns = _subtitles(text) if "-->" in text else _lines(text)
    turns = _joined(turn for turn in turns if turn.text)
    if not turns:
        raise InvalidInput("这份文字稿里没有内容。", "每段话前写上说话人和冒号，例如“顾客：排队太久了”。")
    return turns


def guess_fan(turns: Sequence[SpokenTurn]) -> str | None:
    """Guess which speaker is the fan; a person confirms it.

    By name where the name tells (顾客, 受访者…); else, of two speakers, the one who is not by name staff; else the one
    who says more per turn. None when no speakers are told.
    """
    said: dict[str, list[int]] = {}
    for turn in turns:
        if turn.speaker:
            said.setdefault(turn.speaker, []).append(len(turn.text))
    if not said:
        return None
    fans = [name for name in said if _FAN_NAMES.search(name)]
    if len(fans) == 1:
        return fans[0]
    others = [name for name in said if not _STAFF_NAMES.search(name)] or list(said)
    return max(others, key=lambda name: (sum(said[name]) / len(said[name]), name))


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise InvalidInput("这个文件不是文字稿。", "可以导入 txt、docx、srt、vtt，或把文字直接粘贴进来。")


def _docx_text(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            if size > 50_000_000 or size > 100 * max(1, len(content)):
                raise InvalidInput("这个 docx 解开后太大。", "请另存为 txt 后再导入。")
        import docx

        paragraphs = [paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs]
    except InvalidInput:
        raise
    except Exception as error:  # a damaged file fails in the library in any of many ways; the person can only resave it
        raise InvalidInput("这个 docx 打不开，可能已损坏。", "请在 Word 里另存一次，或另存为 txt。") from error
    return "\n".join(paragraphs)


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")


def _subtitles(text: str) -> list[SpokenTurn]:
    turns: list[SpokenTurn] = []
    starts: float | None = None
    words: list[str] = []

    def close() -> None:
        if starts is not None and words:
            said = "\n".join(words)
            voice = _VTT_VOICE.match(said)
            speaker, said = (voice[1], voice[2]) if voice else _split_speaker(said)
            turns.append(SpokenTurn(speaker.strip(), _tidy(_TAG.sub("", said)), starts))

    for line in text.split("\n"):
        cue = _CUE.match(line)
        if cue:
            if words and words[-1].strip().isdecimal():
                words.pop()  # the next cue's number
            close()
            starts, words = _seconds(cue[1], cue[2], cue[3], cue[4]), []
        elif line.strip() and starts is not None:
            words.append(line)
    close()
    return turns


def _lines(text: str) -> list[SpokenTurn]:
    # Parts, put together once at the end: a turn that grows by each of its lines takes minutes for a long file.
    held: list[tuple[str, list[str], float | None]] = []
    for line in (line.strip() for line in text.split("\n")):
        if not line:
            continue
        alone = _SPEAKER_CLOCK.match(line)
        if alone:  # 讯飞/腾讯会议 layout: the speaker and the clock on a line of their own
            held.append((alone[1], [], _seconds(alone[2], alone[3], alone[4], alone[5])))
            continue
        clock = _LEADING_CLOCK.match(line)
        starts = _seconds(clock[1], clock[2], clock[3], clock[4]) if clock else None
        speaker, said = _split_speaker(line[clock.end() :] if clock else line)
        if not speaker and starts is None and held:
            held[-1][1].append(said)
        else:
            held.append((speaker, [said], starts))
    return [SpokenTurn(speaker, _tidy("\n".join(parts)), starts) for speaker, parts, starts in held]


def _split_speaker(text: str) -> tuple[str, str]:
    match = _SPEAKER.match(text)
    return (match[1], match[2]) if match and not match[1].isdecimal() else ("", text)


def _tidy(text: str) -> str:
    lines = (line.strip() for line in text.replace("\x00", "").split("\n"))
    return " ".join(line for line in lines if line)


def _joined(turns: Iterable[SpokenTurn]) -> list[SpokenTurn]:
    """Join neighbours of the same speaker: subtitles cut one turn into many."""
    result: list[SpokenTurn] = []
    for _, run in groupby(enumerate(turns), lambda each: each[1].speaker or each[0]):
        same = [turn for _, turn in run]
        parts = [turn.text + (" " if _LATIN_END.fullmatch(turn.text[-1]) else "") for turn in same[:-1]]
        result.append(replace(same[0], text="".join([*parts, same[-1].text])))
    return result
