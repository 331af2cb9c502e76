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
    r"访谈(员|者)|訪談(員|者)|主持|店[员員长長]|[员員]工|[记記]者|[采採][访訪]|提[问問]|客服|[顾顧][问問]|interviewer|staff|host"
    r"|^q$|^[问問]$|^我$",
    re.I,
)
_FAN_NAMES = re.compile(
    r"受[访訪]|[顾顧]客|客[户戶]|粉[丝絲]|[会會][员員]|被[访訪]|嘉[宾賓]|customer|fan|guest|interviewee|^a$|^答$", re.I
)
_NUMBERED = re.compile(r"^(说话人|說話人|发言人|發言人|speaker|spk)[ _]*\d{1,2}$", re.I)
_CLOCK = r"(?:(\d{1,2}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3}))?"
_CUE = re.compile(rf"^\s*{_CLOCK}\s*-->\s*{_CLOCK}")
_LEADING_CLOCK = re.compile(rf"^\s*[\[(（【]?\s*{_CLOCK}\s*[\])）】]?\s*")
_BULLET = re.compile(r"^\s*(?:[-•·]|\d{1,4}[.、．)）])\s*")
_ODD = r"\s：:，。！？,.!?\[\]【】()（）"  # in no name
_WORDS = rf"[^{_ODD}]{{1,12}}?(?:[ \u3000]{{1,3}}(?!\d{{1,2}}:)[^{_ODD}]{{1,8}}?)?"
_NOTE = r"(?:\s*[(（][^()（）：:]{1,12}[)）])?"  # what he or she is: 王小明（顾客）
_SPEAKER = re.compile(
    rf"^\s*[\[【(（]?({_WORDS}{_NOTE})[\]】)）]?(?:\s*[\[【(（]?{_CLOCK}[\]】)）]?)?\s*(?:[：:](?!//)|(\t))\s*(.*)$",
    re.S,
)
_DATE = r"(?:\d{4}[-/.年])?\d{1,2}[-/.月]\d{1,2}日?\s+"
_SPEAKER_CLOCK = re.compile(rf"^\s*({_WORDS}{_NOTE})\s+({_DATE})?{_CLOCK}\s*$")
_REPORTED = re.compile(r".[说說想讲講问問]$")  # 她说：… is somebody's words about her
_ASKED = re.compile(r"^([qa问問答])\s*\d{1,3}$", re.I)
# Everything pasted as one line: a role and a colon after the end of a sentence begin the next turn.
_NEXT_TURN = re.compile(
    r"(?<=[。！？!?…”；;])[ \t\u3000]*(?=(?:访谈[员者]|主持人|店[员員长長]|[员員]工|[记記]者|受[访訪]者|[顾顧]客|客[户戶]"
    r"|[会會][员員]|[问問答]|(?:说话人|发言人) ?\d{1,2})[：:])"
)
_VTT_VOICE = re.compile(r"^<v(?:\.[^ >]*)?\s+([^>]+)>(.*?)(?:</v>)?$", re.S)
_LINE_END = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")  # a word processor's own ends of line too
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
    text = _LINE_END.sub("\n", text).lstrip("\ufeff")
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
            speaker, said, _ = (voice[1], voice[2], None) if voice else _split_speaker(said)
            # A cue without a name goes on with what was being said: the name stands on the first one only.
            speaker = speaker.strip() or (turns[-1].speaker if turns else "")
            turns.append(SpokenTurn(speaker, _tidy(_TAG.sub("", said)), starts))

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
    lines = [line.strip() for line in _NEXT_TURN.sub("\n", text.replace("**", "")).split("\n")]
    lines = [line for line in lines if line]
    # "12:30 就没位置了" is what was said, unless most lines begin with a time.
    timed = 2 * sum(bool(_LEADING_CLOCK.match(line)) for line in lines) > len(lines)
    # Parts, put together once at the end: a turn that grows by each of its lines takes minutes for a long file.
    held: list[tuple[str, list[str], float | None]] = []
    for line in lines:
        alone = _SPEAKER_CLOCK.match(line)
        if alone and _may_be_name(alone[1], told=True):  # the speaker and the clock on a line of their own
            held.append((alone[1], [], None if alone[2] else _seconds(*alone.groups()[2:6])))
            continue
        clock = _LEADING_CLOCK.match(line)
        rest = line[clock.end() :] if clock else line
        speaker, said, starts = _split_speaker(rest)
        if clock and (speaker or timed or line[0] in "[(（【"):
            starts = _seconds(clock[1], clock[2], clock[3], clock[4])
        elif clock:
            said = line
        if not speaker and starts is None and held:
            held[-1][1].append(said)
        else:
            held.append((speaker, [said], starts))
    return [SpokenTurn(speaker, _tidy("\n".join(parts)), starts) for speaker, parts, starts in held]


def _split_speaker(text: str) -> tuple[str, str, float | None]:
    """Give the speaker ("" when not told), what was said, and when, where the time stands beside the name."""
    bullet = _BULLET.match(text)
    match = _SPEAKER.match(text[bullet.end() :] if bullet else text)
    if match is None or not _may_be_name(match[1], told=False, sure=bool(bullet or match[6])):
        return "", text, None
    starts = _seconds(*match.groups()[1:5]) if match[3] else None
    asked = _ASKED.match(match[1])
    return (asked[1] if asked else match[1]), match[7], starts


def _may_be_name(name: str, *, told: bool, sure: bool = False) -> bool:
    """Say whether this is who speaks, not the beginning of a sentence.

    Args:
        name: What stands before the colon or the time.
        told: A time of its own says that it is a name.
        sure: Only a name that tells a role will do (numbered lines and tabs are in sentences too).
    """
    if name.isdecimal():
        return False
    if told or any(known.search(name) for known in (_STAFF_NAMES, _FAN_NAMES, _NUMBERED, _ASKED)):
        return True
    in_words = len(name.split()) > 1
    return not sure and not _REPORTED.search(name) and (not in_words or len(name) <= 4)


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
