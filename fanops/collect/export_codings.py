"""Codings out of the house: Excel, and the REFI-QDA exchange forms (.qdc codebook, .qdpx project) that other tools read."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from xml.etree import ElementTree as xml

import pandas as pd

from fanops.access import Actor
from fanops.collect import records_coding as records
from fanops.database import Database
from fanops.spreadsheet import XLSX, write_xlsx

_CODEBOOK, _PROJECT = "urn:QDA-XML:codebook:1.0", "urn:QDA-XML:project:1.0"
_NAMESPACE = uuid.UUID("6f0c7a1e-5d6b-4f5e-9a51-0c8a3f3f4d11")
_COLOURS = ("#2F6F5E", "#C8552B", "#3E7CB1", "#D9822B", "#7A5C99", "#5B8C3A", "#B0446A", "#8A7A52")
SPEAKERS = {"fan": "顾客", "staff": "店员"}


def _guid(kind: str, number: int) -> str:
    """Give the same id for the same thing in every export, so that another tool sees it as the same."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}:{number}"))


def _code_element(code: Mapping[str, object], colour: str) -> xml.Element:
    element = xml.Element(
        "Code", guid=_guid("code", int(code["code_id"])), name=str(code["name"]), isCodable="true", color=colour
    )
    says = {"": code["definition"], "包括：": code["include"], "不包括：": code["exclude"], "例：": code["example"]}
    text = "\n".join(lead + str(said) for lead, said in says.items() if said)
    if text:
        xml.SubElement(element, "Description").text = text
    return element


def _codes(table: pd.DataFrame) -> xml.Element:
    codes = xml.Element("Codes")
    for place, code in enumerate(table.to_dict("records")):
        codes.append(_code_element(code, _COLOURS[place % len(_COLOURS)]))
    return codes


def write_qdc(codebook: pd.DataFrame) -> bytes:
    """Write a codebook in the REFI-QDA form.

    Args:
        codebook: As ``records_coding.codebook`` gives it.

    Source:
        REFI-QDA standard 1.5, qdasoftware.org.
    """
    root = xml.Element("CodeBook", xmlns=_CODEBOOK, origin="fanops")
    root.append(_codes(codebook))
    return xml.tostring(root, encoding="utf-8", xml_declaration=True)


def write_qdpx(codebook: pd.DataFrame, codings: pd.DataFrame, turns: pd.DataFrame, at: datetime) -> bytes:
    """Write interviews with their codings as a REFI-QDA project.

    Args:
        codebook: As ``records_coding.codebook`` gives it.
        codings: As ``records_coding.codings`` gives it.
        turns: Rows ``interview_id, turn_id, speaker, text``, in order.
        at: When it was written.

    Returns:
        A zip: ``project.qde`` and one text file per interview.
    """
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    root = xml.Element("Project", xmlns=_PROJECT, name="fanops", origin="fanops", creationDateTime=stamp)
    users = xml.SubElement(root, "Users")
    for coder, name in (
        codings[["coder_id", "coder"]].fillna({"coder_id": 0, "coder": ""}).drop_duplicates().itertuples(index=False)
    ):
        xml.SubElement(users, "User", guid=_guid("account", int(coder)), name=str(name) or "命令行")
    xml.SubElement(root, "CodeBook").append(_codes(codebook))
    sources = xml.SubElement(root, "Sources")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for interview_id, said in turns.groupby("interview_id", sort=True):
            text, starts = _transcript(said)
            guid = _guid("interview", int(interview_id))
            source = xml.SubElement(sources, "TextSource", guid=guid, name=f"访谈 {interview_id}",
                                    plainTextPath=f"internal://{guid}.txt", creationDateTime=stamp)  # fmt: skip
            for row in codings[codings["interview_id"] == interview_id].itertuples():
                _selection(source, row, starts[row.turn_id])
            archive.writestr(f"sources/{guid}.txt", text.encode("utf-8-sig"))
        archive.writestr("project.qde", xml.tostring(root, encoding="utf-8", xml_declaration=True))
    return target.getvalue()


def _transcript(said: pd.DataFrame) -> tuple[str, dict[int, int]]:
    """Join turns to one text; give the place in it where each turn's words begin."""
    text, starts = "", {}
    for row in said.itertuples():
        text += f"{SPEAKERS.get(row.speaker, row.speaker)}："
        starts[row.turn_id] = len(text)
        text += row.text.replace("\r\n", "\n") + "\n"
    return text, starts


def _selection(source: xml.Element, row, start: int) -> None:
    user = _guid("account", 0 if pd.isna(row.coder_id) else int(row.coder_id))
    stamp = row.coded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    passage = xml.SubElement(
        source, "PlainTextSelection", guid=_guid("passage", row.coding_id), name=row.quoted[:40],
        startPosition=str(start + row.start), endPosition=str(start + row.end), creatingUser=user, creationDateTime=stamp,
    )  # fmt: skip
    if row.memo:
        xml.SubElement(passage, "Description").text = row.memo
    coded = xml.SubElement(
        passage, "Coding", guid=_guid("coding", row.coding_id), creatingUser=user, creationDateTime=stamp
    )
    xml.SubElement(coded, "CodeRef", targetGUID=_guid("code", row.code_id))


def export_codings(db: Database, actor: Actor, parameters: Mapping[str, str]) -> tuple[str, str, bytes]:
    """Give the codings in the actor's scope as a file.

    Args:
        db: The database.
        actor: Whose scope.
        parameters: ``as``: ``xlsx`` (default), ``qdc`` or ``qdpx``.

    Returns:
        File name, media type, content.
    """
    form = parameters.get("as", "xlsx")
    with db.read() as session:
        book = records.codebook(session, actor)
        table = records.codings(session, actor)
        grid = records.grid(session, actor)
        stores = records.frequency(session, actor, "store")
        levels = records.frequency(session, actor, "level")
        turns = records.turn_table(session, actor, sorted(set(table["interview_id"].tolist())))
    if form == "qdc":
        return "编码本.qdc", "application/xml", write_qdc(book)
    if form == "qdpx":
        return "访谈编码.qdpx", "application/zip", write_qdpx(book, table, turns, datetime.now(UTC))
    counts = {"group": "组", "code": "编码", "interviews": "访谈数", "base": "该组访谈"}
    sheets = {
        "编码段": table.rename(
            columns={"interview_id": "访谈", "code": "编码", "coder": "编码人", "quoted": "原话", "memo": "备忘", "fan": "粉丝",
                     "store": "门店"}
        )[["访谈", "粉丝", "门店", "编码", "原话", "备忘", "编码人"]],
        "粉丝×编码": grid if len(grid) else pd.DataFrame({"访谈": []}),
        "按门店": stores.rename(columns=counts),
        "按分层": levels.rename(columns=counts),
        "编码本": book.rename(
            columns={"name": "编码", "definition": "定义", "include": "包括", "exclude": "不包括", "example": "例", "passages": "段数",
                     "interviews": "访谈数"}
        ).drop(columns="code_id"),
    }  # fmt: skip
    return "访谈编码.xlsx", XLSX, write_xlsx(sheets)
