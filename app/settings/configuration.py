"""The whole configuration as domain values; secrets are looked up when they are needed, never kept."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.domain.alerts import Endpoint
from app.domain.brands import Brand, SourceConfig
from app.domain.errors import ConfigurationError, NotFound
from app.domain.policies import Policy


@dataclass(frozen=True, slots=True)
class Configuration:
    """What `fretwatch.toml`, the policy files and the environment say together.

    `endpoints` carry no secrets: `endpoint(name)` gives one with them. `queue_url` is `None` where the queue is in the
    database. `model` is the folder of another reader, or `None` for the one that is shipped.
    """

    brands: tuple[Brand, ...] = ()
    sources: tuple[SourceConfig, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    policies: tuple[Policy, ...] = (Policy(),)
    public_url: str = "http://127.0.0.1:8000"
    database_url: str = "sqlite:///var/fretwatch.db"
    queue_url: str | None = None
    secret_file: Path = Path("var/secret")
    host: str = "127.0.0.1"
    port: int = 8000
    show_private: bool = False
    """Whether people who sign in see tickets and surveys, too."""
    model: Path | None = None
    workers: int = 1
    path: Path | None = None
    secret_variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def brand(self, slug: str) -> Brand:
        """The brand with this slug. Raises `NotFound` with the slugs there are."""
        found = next((brand for brand in self.brands if brand.slug == slug), None)
        if found is None:
            raise NotFound(f'There is no brand "{slug}"; there are: {_names(b.slug for b in self.brands)}.')
        return found

    def policy(self, name: str) -> Policy:
        """The policy with this name. Raises `NotFound` with the names there are."""
        found = next((policy for policy in self.policies if policy.name == name), None)
        if found is None:
            raise NotFound(f'There is no policy "{name}"; there are: {_names(p.name for p in self.policies)}.')
        return found

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint with its secrets. Raises `ConfigurationError` that names the variable which is not set."""
        found = next((endpoint for endpoint in self.endpoints if endpoint.name == name), None)
        if found is None:
            raise NotFound(f'There is no endpoint "{name}"; there are: {_names(e.name for e in self.endpoints)}.')
        asked = f'endpoint "{name}"'
        secrets = tuple(_signing(variable, self._secret(variable, asked)) for variable in self.secret_variables[name])
        return replace(found, secrets=secrets)

    def token(self, source: SourceConfig) -> str | None:
        """The token of a source, `None` where it needs none. Raises `ConfigurationError` like `endpoint`."""
        if source.token_env is None:
            return None
        return self._secret(source.token_env, f'source "{source.name}"')

    def _secret(self, variable: str, asked: str) -> str:
        value = self.environ.get(variable)
        if value:
            return value
        file = self.environ.get(f"{variable}_FILE")
        if file:
            return read_secret(Path(file), variable)
        raise ConfigurationError(
            f"The environment variable {variable} is not set; {asked} needs it. "
            f"Set it, or name a file that holds it in {variable}_FILE."
        )


def read_secret(path: Path, variable: str) -> str:
    """What a `*_FILE` variable points to, without the newline at its end."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{variable}_FILE names {path}, which cannot be read: {error}") from error


def _signing(variable: str, value: str) -> str:
    """A Standard Webhooks secret: `whsec_` and 24 to 64 bytes in base64."""
    try:
        size = len(base64.b64decode(value.removeprefix("whsec_"), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not value.startswith("whsec_") or not 24 <= size <= 64:
        raise ConfigurationError(
            f"{variable} holds no signing secret: write whsec_ and 24 to 64 random bytes in base64 "
            "(`fretwatch keys secret` makes one)."
        )
    return value


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none; write one into fretwatch.toml"
