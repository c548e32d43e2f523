"""Files and environment into one `Configuration`, with the checks that need more than one table."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from app.domain.alerts import Endpoint
from app.domain.brands import Brand, SourceConfig
from app.domain.errors import ConfigurationError
from app.domain.policies import Policy
from app.domain.query import compile_query
from app.settings.configuration import Configuration
from app.settings.environment import overlay
from app.settings.files import TomlFile, suggestion, validated
from app.settings.policies import load_policy
from app.settings.raw import RawBrand, RawConfiguration, RawEndpoint, RawSource

DEFAULT_NAME: Final = "fretwatch.toml"


def load(path: Path | None = None, *, environ: Mapping[str, str] | None = None) -> Configuration:
    """The configuration of a file with the environment over it.

    Without a path, `FRETWATCH_CONFIG` names the file, else `fretwatch.toml` here is read if there is one. Raises
    `ConfigurationError` with file, line and key.
    """
    environ = dict(os.environ) if environ is None else environ
    file = _file(path, environ)
    values, variables = overlay(environ)
    raw = validated(RawConfiguration, _merged(file.values, values), file, variables)
    folder = Path(file.name).parent
    policies = _policies(raw.policies, folder, file)
    _check(raw, policies, file)
    return Configuration(
        brands=tuple(_brand(brand) for brand in raw.brand),
        sources=tuple(_source(source, n, file) for n, source in enumerate(raw.source)),
        endpoints=tuple(_endpoint(endpoint) for endpoint in raw.endpoint),
        policies=policies,
        public_url=raw.public_url.rstrip("/"),
        database_url=raw.database_url,
        queue_url=raw.queue_url,
        secret_file=Path(raw.secret_file),
        host=raw.server.host,
        port=raw.server.port,
        show_private=raw.server.show_private,
        model=Path(raw.reader.model) if raw.reader.model else None,
        workers=raw.reader.workers,
        path=Path(file.name) if file.text else None,
        secret_variables={endpoint.name: _listed(endpoint.secret_env) for endpoint in raw.endpoint},
        environ=environ,
    )


def _file(path: Path | None, environ: Mapping[str, str]) -> TomlFile:
    named = path or (Path(environ["FRETWATCH_CONFIG"]) if environ.get("FRETWATCH_CONFIG") else None)
    if named is None and not Path(DEFAULT_NAME).exists():
        return TomlFile(DEFAULT_NAME, "", {})
    return TomlFile.read(named or Path(DEFAULT_NAME))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _policies(patterns: Sequence[str], folder: Path, file: TomlFile) -> tuple[Policy, ...]:
    paths: list[Path] = []
    for pattern in patterns:
        found = sorted(folder.glob(pattern)) if not Path(pattern).is_absolute() else [Path(pattern)]
        if not found:
            raise file.refuse(["policies"], f'no file matches "{pattern}" in {folder.resolve()}')
        paths += [path for path in found if path not in paths]
    policies = tuple(load_policy(path) for path in paths)
    for name, count in Counter(policy.name for policy in policies).items():
        if count > 1:
            raise file.refuse(["policies"], f'{count} policy files have the name "{name}"; a name is used once')
    has_default = any(policy.name == "default" for policy in policies)
    return policies if has_default else (*policies, Policy())


def _check(raw: RawConfiguration, policies: Sequence[Policy], file: TomlFile) -> None:
    brands = [brand.slug for brand in raw.brand]
    endpoints = [endpoint.name for endpoint in raw.endpoint]
    _once(file, "brand", "slug", brands)
    _once(file, "source", "name", [source.name for source in raw.source])
    _once(file, "endpoint", "name", endpoints)
    known = _Known(file)
    for n, brand in enumerate(raw.brand):
        _check_query(brand, n, file)
        known.require(brand.policy, [p.name for p in policies], ["brand", n, "policy"], "policy")
    for n, source in enumerate(raw.source):
        _check_kind(source, n, file, known)
        for slug in source.brands:
            known.require(slug, brands, ["source", n, "brands"], "brand")
    for n, endpoint in enumerate(raw.endpoint):
        known.require(endpoint.kind, ["webhook"], ["endpoint", n, "kind"], "kind of endpoint")
        for slug in endpoint.brands:
            known.require(slug, brands, ["endpoint", n, "brands"], "brand")
    for policy in policies:
        for step in policy.steps:
            what = f'endpoint (named by a step of policy "{policy.name}")'
            known.require(step.endpoint, endpoints, ["endpoint"], what)


def _check_query(brand: RawBrand, number: int, file: TomlFile) -> None:
    if brand.query.strip():
        try:
            compile_query(brand.query)
        except ConfigurationError as error:
            raise file.refuse(["brand", number, "query"], error.message) from None


def _check_kind(source: RawSource, number: int, file: TomlFile, known: "_Known") -> None:
    from collectors.registry import CAPABILITIES  # only where there are sources: it brings the HTTP client along

    known.require(source.kind, list(CAPABILITIES), ["source", number, "kind"], "kind of source")
    given = {**(source.model_extra or {}), **source.options, "url": source.url, "base_url": source.base_url}
    for need in CAPABILITIES[source.kind].needs:
        if not given.get(need):
            place: list[str | int] = ["source", number, "kind"]
            raise file.refuse(place, f'a source of kind "{source.kind}" needs "{need}"; write it into [[source]]')


class _Known:
    def __init__(self, file: TomlFile) -> None:
        self._file = file

    def require(self, name: str, names: Sequence[str], place: Sequence[str | int], what: str) -> None:
        if name in names:
            return
        hint = suggestion(name, names).replace("the keys are", "there are:") if names else "; there is none"
        raise self._file.refuse(place, f'there is no {what} "{name}"{hint}')


def _once(file: TomlFile, table: str, key: str, names: Sequence[str]) -> None:
    for n, name in enumerate(names):
        if name in names[:n]:
            raise file.refuse([table, n, key], f'the {key} "{name}" is used by two [[{table}]] tables; it names one')


def _brand(raw: RawBrand) -> Brand:
    handles = {kind: tuple(handles) for kind, handles in raw.handles.items()}
    return Brand(raw.slug, raw.name, raw.timezone, handles, raw.query, tuple(raw.rivals), raw.policy)


def _source(raw: RawSource, number: int, file: TomlFile) -> SourceConfig:
    extra = raw.model_extra or {}
    for key in extra:
        # An option is the collector's own; what looks like a key of ours is a slip of the pen.
        near = get_close_matches(key, RawSource.model_fields, n=1, cutoff=0.75)
        if near:
            raise file.refuse(["source", number, key], f'unknown key "{key}" in [[source]]; did you mean "{near[0]}"?')
    return SourceConfig(
        name=raw.name,
        kind=raw.kind,
        brands=tuple(raw.brands),
        interval=raw.interval,
        base_url=raw.base_url,
        url=raw.url,
        token_env=raw.token_env,
        allow_private=raw.allow_private,
        money_cap=raw.money_cap,
        options={**raw.options, **extra},
    )


def _endpoint(raw: RawEndpoint) -> Endpoint:
    return Endpoint(
        name=raw.name,
        url=raw.url,
        kind=raw.kind,
        levels=frozenset(raw.levels),
        brands=frozenset(raw.brands),
        allow_private=raw.allow_private,
        hears_private=raw.hears_private,
        max_per_hour=raw.max_per_hour,
    )


def _listed(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
