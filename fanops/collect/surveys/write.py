"""Write a definition back to plain data and to its file form; reading it again gives the same survey."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import yaml

from fanops.collect.surveys.definition import Option, Question, SurveyDefinition


def _options(options: tuple[Option, ...]) -> list:
    return [o.label if o.code == o.label else {"code": o.code, "label": o.label} for o in options]


def _question(question: Question) -> dict[str, Any]:
    data: dict[str, Any] = {"code": question.code, "kind": question.kind, "title": question.title}
    plain = {
        "help": question.help, "required": question.required, "other": question.other,
        "random_order": question.random_order, "min": question.minimum, "max": question.maximum,
        "pattern": question.pattern, "consent": question.consent, "probes": list(question.probes),
        "options": _options(question.options), "rows": _options(question.rows),
        "show_if": question.show_if.source if question.show_if else None,
        "jump": [
            {"to": jump.to, **({"if": jump.when.source} if jump.when else {})} for jump in question.jumps
        ],
    }  # fmt: skip
    said = {name: value for name, value in plain.items() if value is not None and value is not False}
    data.update({name: value for name, value in said.items() if value not in ("", [])})  # 0 is a limit, not nothing
    return data


def to_data(survey: SurveyDefinition) -> dict[str, Any]:
    """Give the plain data that ``build_definition`` reads back to an equal survey."""
    data: dict[str, Any] = {"code": survey.code, "title": survey.title}
    plain = {
        "purpose": survey.purpose, "industry": survey.industry, "notice": survey.notice, "thanks": survey.thanks,
        "is_guide": survey.is_guide,
    }  # fmt: skip
    data.update({name: value for name, value in plain.items() if value})
    data["groups"] = [
        {
            "code": group.code,
            "title": group.title,
            **({"show_if": group.show_if.source} if group.show_if else {}),
            "questions": [_question(question) for question in group.questions],
        }
        for group in survey.groups
    ]
    return data


def to_file(survey: SurveyDefinition) -> str:
    """Give the file form (YAML, Chinese readable)."""
    return yaml.safe_dump(to_data(survey), allow_unicode=True, sort_keys=False, width=110)


def fingerprint(survey: SurveyDefinition) -> str:
    """Give the SHA-256 of the definition's content (64 hex digits)."""
    return hashlib.sha256(json.dumps(to_data(survey), ensure_ascii=False, sort_keys=True).encode()).hexdigest()
