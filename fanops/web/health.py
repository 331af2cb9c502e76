"""Whether this installation is well: database, worker, models. Read by /healthz and ``fanops doctor``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta

from anyio import to_thread
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fanops.content import content_path
from fanops.database import Database, database, pending_migrations
from fanops.settings import settings
from fanops.tables import Worker, now

WORKER_SILENT = timedelta(seconds=30)


@dataclass(frozen=True)
class Health:
    """``ok`` or a short reason, per part."""

    database: str
    worker: str
    models: str

    @property
    def is_well(self) -> bool:
        """Whether every part is ok."""
        return self.database == self.worker == self.models == "ok"


def check_health(db: Database) -> Health:
    """Look at the database, the worker's last sign of life and the model files."""
    try:
        with db.read() as session:
            session.execute(text("SELECT 1"))
            if pending_migrations(db):
                return Health("needs migration", "unknown", models_state())
            alive = session.exec(select(Worker).where(Worker.seen_at > now() - WORKER_SILENT)).first()
    except SQLAlchemyError:
        return Health("unreachable", "unknown", models_state())
    return Health("ok", "ok" if alive else "silent", models_state())


def models_state() -> str:
    """Say whether an encoder is there: the shipped one, or the one the settings name."""
    if settings().encoder:
        return "ok"
    shipped = content_path("models")
    if any(shipped.glob("*/*.safetensors")) or any(shipped.glob("*/*.npz")):
        return "ok"
    return "missing"


async def show_health(_request: Request) -> Response:
    """GET /healthz: 200 when everything is well, else 503; no detail a stranger could use."""
    health = await to_thread.run_sync(check_health, database())
    return JSONResponse(
        {"status": "ok" if health.is_well else "unwell", **asdict(health)},
        status_code=200 if health.is_well else 503,
        headers={"Cache-Control": "no-store"},
    )


ROUTES = [Route("/healthz", show_health, methods=["GET"])]
