"""The shape of `fretwatch.toml`: pydantic models that refuse what they do not know. They never leave this package."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.settings import words

Span = Annotated[timedelta, BeforeValidator(words.span)]
Zone = Annotated[str, AfterValidator(words.zone)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Level = Annotated[str, AfterValidator(lambda value: words.code(value, ("watch", "warn", "page"), what="level"))]


class Raw(BaseModel):
    """A table of a file: strict about its keys and its types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, populate_by_name=True)


class RawServer(Raw):
    """`[server]`: where `fretwatch serve` listens."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    show_private: bool = False


class RawReader(Raw):
    """`[reader]`: which model reads, and with how many threads."""

    model: str | None = None
    workers: Annotated[int, Field(ge=1, le=64)] = 1


class RawBrand(Raw):
    """`[[brand]]`."""

    slug: Slug
    name: Annotated[str, Field(min_length=1)]
    timezone: Zone = "UTC"
    handles: dict[str, list[str]] = {}
    query: str = ""
    rivals: tuple[str, ...] = ()
    policy: str = "default"


class RawSource(BaseModel):
    """`[[source]]`; keys that are not listed here are options, which its collector alone understands."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: Slug
    kind: str
    brands: Annotated[list[str], Field(min_length=1)]
    interval: Span = timedelta(minutes=5)
    base_url: str | None = None
    url: str | None = None
    token_env: str | None = None
    allow_private: bool = False
    money_cap: str | None = None
    options: dict[str, Any] = {}


class RawEndpoint(Raw):
    """`[[endpoint]]`; two variables in `secret_env` while a secret is rotated, the newer first."""

    name: Slug
    kind: str = "webhook"
    url: Annotated[str, Field(pattern=r"^https?://\S+$")]
    secret_env: str | Annotated[list[str], Field(min_length=1, max_length=2)]
    levels: Annotated[tuple[Level, ...], Field(min_length=1)] = (
        "warn",
        "page",
    )
    brands: tuple[str, ...] = ()
    allow_private: bool = False
    hears_private: bool = False
    max_per_hour: Annotated[int, Field(ge=1)] = 30


class RawConfiguration(Raw):
    """`fretwatch.toml`."""

    public_url: Annotated[str, Field(pattern=r"^https?://\S+$")] = "http://127.0.0.1:8000"
    database_url: str = "sqlite:///var/fretwatch.db"
    queue_url: str | None = None
    secret_file: str = "var/secret"
    policies: tuple[str, ...] = ()
    server: RawServer = RawServer()
    reader: RawReader = RawReader()
    brand: tuple[RawBrand, ...] = ()
    source: tuple[RawSource, ...] = ()
    endpoint: tuple[RawEndpoint, ...] = ()


class RawEnvironment(BaseSettings, RawConfiguration):
    """The same keys as `fretwatch.toml`, as the environment spells them."""

    model_config = SettingsConfigDict(
        extra="forbid", env_prefix="FRETWATCH__", env_nested_delimiter="__", case_sensitive=False
    )
