"""Survey versions for paper: the printed form and the Excel sheet, within the actor's brand and stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session, select

from fanops.access import Actor, visible_stores
from fanops.collect import records_surveys as records
from fanops.collect.paper_sheet import write_paper_sheet
from fanops.collect.records_quotas import staff_in_scope
from fanops.collect.surveys.definition import SurveyDefinition
from fanops.database import Database
from fanops.errors import NotFound
from fanops.spreadsheet import XLSX
from fanops.tables import Survey, SurveyVersion, Wave


@dataclass(frozen=True)
class PaperVersion:
    """A survey version to be put on paper, and the wave it is meant for, where there is one."""

    version: SurveyVersion
    survey: SurveyDefinition
    wave: Wave | None


def find_version(session: Session, actor: Actor, parameters: Mapping[str, str]) -> PaperVersion:
    """Give the version that an address asks for: ``version`` (id) or ``wave`` (id).

    Raises:
        NotFound: No such version or wave in this brand.
    """
    asked = {name: int(value) for name, value in parameters.items() if value.isdecimal() and len(value) < 18}
    wave = records.get_wave(session, actor, asked["wave"]) if "wave" in asked else None
    version_id = wave.version_id if wave is not None else asked.get("version", 0)
    statement = select(SurveyVersion).join(Survey, Survey.id == SurveyVersion.survey_id)
    version = session.exec(statement.where(SurveyVersion.id == version_id, Survey.brand_id == actor.brand_id)).first()
    if version is None:
        raise NotFound("没有这份问卷。", "请从问卷页面进入。")
    return PaperVersion(version, records.definition_of(version), wave)


def versions(session: Session, actor: Actor) -> list[tuple[Survey, SurveyVersion]]:
    """List every published version of the brand, newest of each survey first."""
    statement = (
        select(Survey, SurveyVersion)
        .join(SurveyVersion, SurveyVersion.survey_id == Survey.id)
        .where(Survey.brand_id == actor.brand_id)
        .order_by(Survey.title, SurveyVersion.number.desc())
    )
    return list(session.exec(statement))


def export_paper_sheet(db: Database, actor: Actor, parameters: Mapping[str, str]) -> tuple[str, str, bytes]:
    """Give the Excel sheet of a survey version: (file name, media type, bytes).

    Args:
        db: The database.
        actor: Whose stores and staff stand in the lists.
        parameters: ``wave`` or ``version`` (id).
    """
    with db.read() as session:
        paper = find_version(session, actor, parameters)
        stores = [store.name for store in visible_stores(session, actor)]
        staff = [each.name for each in staff_in_scope(session, actor)]
    title = paper.wave.title if paper.wave else ""
    content = write_paper_sheet(
        paper.survey, paper.version.number, paper.version.sha256, stores, list(dict.fromkeys(staff)), title
    )
    return f"{title or paper.survey.title}-录入表.xlsx", XLSX, content
