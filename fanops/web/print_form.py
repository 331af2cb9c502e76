"""GET /print/form: a survey version on paper, for shops without network; A4, black and white, no script."""

from __future__ import annotations

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fanops.access import Actor, visible_stores
from fanops.access.organisation import brand_of
from fanops.collect.records_paper import find_version
from fanops.collect.surveys.paper import paper_notice, paper_questions
from fanops.database import database
from fanops.errors import FanopsError, NotAllowed
from fanops.web.screen import notice, render

_LINES = {"short_text": 1, "long_text": 3}
_LONG_OPTION = 9  # options whose longest label has more characters stand in two columns, shorter ones in a row


async def show_form(request: Request) -> Response:
    """Render the form of ``?version=`` or ``?wave=``; ``&store=`` prints that store's name on it."""
    return await to_thread.run_sync(_sheet, request.scope["state"]["signed_in"].actor, dict(request.query_params))


def _sheet(actor: Actor, asked: dict[str, str]) -> Response:
    try:
        with database().read() as session:
            paper = find_version(session, actor, {name: asked.get(name, "") for name in ("wave", "version")})
            stores = {str(store.id): store.name for store in visible_stores(session, actor)}
            brand = brand_of(session, actor).name
    except FanopsError as refusal:
        status = 403 if isinstance(refusal, NotAllowed) else 404
        return notice("打印不了", f"{refusal.message}{refusal.hint}", status=status, href="/surveys", link="回到问卷")
    questions = paper_questions(paper.survey)
    return render(
        "form.html",
        brand=brand,
        survey=paper.survey,
        version=paper.version.number,
        wave=paper.wave.title if paper.wave else "",
        store=stores.get(asked.get("store", ""), ""),
        notice=paper_notice(paper.survey.notice),
        questions=questions,
        lines=_LINES,
        wide={
            each.question.code: max((len(option.label) for option in each.question.options), default=0) > _LONG_OPTION
            for each in questions
        },
        has_contact=any(each.question.kind == "contact" for each in questions),
    )


ROUTES = [Route("/print/form", show_form, methods=["GET"])]
