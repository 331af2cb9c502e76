"""Settings of this machine. A parameter of an analysis is never a setting: it is stored on the run.

Each is read from an environment variable ``FANOPS_<NAME>``; the README's table is generated from these fields.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What this installation needs to know about its machine."""

    model_config = SettingsConfigDict(env_prefix="FANOPS_", env_ignore_empty=True, frozen=True)

    data: Path = Field(Path(".data"), description="Folder for the embedded database, uploads, backups and logs.")
    database: str = Field(
        "", description="SQLAlchemy URL; empty means the embedded SQLite database in the data folder."
    )
    key_file: Path | None = Field(
        None, description="File with the secret keys; empty means fanops.key in the user's configuration folder."
    )
    host: str = Field("127.0.0.1", description="Address the product listens on.")
    port: int = Field(8501, description="Port the product listens on.", ge=1, le=65535)
    public_url: str = Field("", description="Address fans reach the forms at, for QR codes; empty means host and port.")
    secure_cookie: bool = Field(False, description="Set when served over HTTPS: cookies are then never sent in clear.")
    encoder: str = Field("", description="Path or name of a sentence-transformers model; empty means the shipped one.")
    dask: str = Field(
        "", description="Dask scheduler for very large theme runs, as tcp://host:8786; empty means this machine alone."
    )
    timezone: str = Field("Asia/Shanghai", description="Time zone of the stores, for days, weeks and months.")
    upload_mb: int = Field(50, description="Largest file that can be imported through the page, in MB.", ge=1)
    session_hours: int = Field(12, description="How long a sign-in lasts, in hours.", ge=1)
    smtp_url: str = Field(
        "",
        description="Server that takes mail: smtp://, smtps:// or starttls://, with user:password@host:port.",
        repr=False,
    )
    mail_from: str = Field("", description="Sender of mail, for example 山茶 <hello@example.com>.")
    private_receivers: bool = Field(
        False,
        description="Webhooks may go to private and loopback addresses; set it only where you trust who adds them.",
    )

    @cached_property
    def database_url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database or f"sqlite:///{(self.data / 'fanops.sqlite').resolve()}"

    @property
    def secret_file(self) -> Path:
        """Where the keys are: never in the data folder, so that a copy or a backup of it can't be read alone."""
        return self.key_file or Path.home() / ".config" / "fanops" / "fanops.key"

    @property
    def zone(self) -> ZoneInfo:
        """The stores' time zone."""
        return ZoneInfo(self.timezone)

    @property
    def forms_url(self) -> str:
        """The address fans reach the forms at, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def fans_reach_forms(self) -> bool:
        """Whether another device than this machine can open that address: a code printed with 127.0.0.1 leads nowhere."""
        host = urlsplit(self.forms_url).hostname or ""
        return host not in {"localhost", "0.0.0.0", "::"} and not host.startswith("127.") and host != "::1"  # noqa: S104


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Give the settings in force, read once per process."""
    return Settings()


def today() -> date:
    """Give the stores' day: where they are it may be another one than on this machine's clock."""
    return datetime.now(settings().zone).date()
