"""What is kept of a fan, as a document the fan can read, print or take away: one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, select

from fanops.access import Actor
from fanops.access.organisation import brand_of
from fanops.collect.submit_response import read_response
from fanops.database import Database
from fanops.errors import NotFound
from fanops.fans.records_document import fan_document, written
from fanops.fans.records_person import person_ids
from fanops.tables import Response, now, row_id
from fanops.web.screen import templates


def export_fan(db: Database, actor: Actor, parameters: Mapping[str, str]) -> tuple[str, str, bytes]:
    """Give a fan's document as a file.

    Args:
        db: The database.
        actor: Who hands it out.
        parameters: ``fan`` (id).

    Returns:
        File name, media type, content.
    """
    asked = row_id(str(parameters.get("fan", "")))
    if asked is None:
        raise NotFound("没有说是哪位粉丝。", "请从粉丝页面进入。")
    with db.write() as session:
        document = fan_document(session, actor, asked) | {"答卷": _answers(session, asked)}
        brand = brand_of(session, actor).name
    page = templates().get_template("fan_document.html").render(brand=brand, made=written(now()), document=document)
    return f"粉丝资料-{asked}.html", "text/html; charset=utf-8", page.encode()


def _answers(session: Session, fan_id: int) -> list[dict[str, str]]:
    given = (
        select(Response)
        .where(Response.fan_id.in_(person_ids(fan_id)), Response.state == "submitted")
        .order_by(Response.submitted_at)
    )
    rows = []
    for response in session.exec(given).all():
        survey, answers = read_response(session, response)
        rows += [
            {"问卷": survey.title, "时间": written(response.submitted_at), "题": question, "回答": said}
            for question, said in answers
        ]
    return rows
