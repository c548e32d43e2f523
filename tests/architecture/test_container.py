"""The image and the compose file, as far as they can be checked without a container engine."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """(name, rest) of each instruction, continued lines joined, comments left out."""
    text = "\n".join(line for line in DOCKERFILE.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", text)
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    start = max(number for number, (name, _) in enumerate(found) if name == "FROM")
    return found[start:]


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return found


def test_what_is_copied_is_there_and_is_sent_to_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sources = [
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert {"app", "collectors", "models", "alembic", "examples", "constraints.txt"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source


def test_everything_that_the_wheel_is_made_of_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], project["project"]["readme"]}
    copied = {source for name, rest in instructions() if name == "COPY" for source in rest.split()[:-1]}
    assert needed <= copied


def test_the_image_runs_as_nobody_special_and_tells_its_health() -> None:
    last = dict(last_stage())
    user = last["USER"].split(":")[0]
    assert user.isdigit()
    assert int(user) >= 1000
    assert "/livez" in last["HEALTHCHECK"]
    assert last["VOLUME"] == "/data"
    assert last["WORKDIR"] == "/data"
    assert last["ENTRYPOINT"] == '["fretwatch"]'
    order = [name for name, _ in last_stage()]
    assert order.index("USER") > max(number for number, name in enumerate(order) if name in ("RUN", "COPY"))


def test_the_image_has_no_torch_and_no_secret() -> None:
    installs = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    assert len(installs) == 1
    assert "--constraint constraints.txt" in installs[0]
    assert "[" not in installs[0], "no extra: torch is one"
    assert not re.search(r"(?i)(secret|password|token)\s*=", DOCKERFILE)


def test_the_image_and_the_project_ask_for_the_same_python() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    least = project["project"]["requires-python"].removeprefix(">=")
    bases = [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    assert bases == [f"python:{least}-slim"] * 2


def test_every_service_is_closed_and_watched() -> None:
    services = compose()["services"]
    assert set(services) == {"app", "database"}
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not str(service["user"]).startswith(("root", "0")), name
        assert service["healthcheck"]["test"], name
        assert "privileged" not in service, name
    assert services["database"]["image"] == "postgres:15"
    assert "ports" not in services["database"]
    assert services["app"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert all(port.startswith("127.0.0.1:") for port in services["app"]["ports"])


def test_the_services_of_the_compose_file_fit_the_image() -> None:
    app = compose()["services"]["app"]
    last = dict(last_stage())
    assert app["user"] == last["USER"]
    assert any(volume.endswith(f":{last['VOLUME']}") for volume in app["volumes"])
    version = re.search(r'__version__ = "(.+)"', (ROOT / "app/__init__.py").read_text(encoding="utf-8"))
    assert version is not None
    assert app["image"] == f"fretwatch:{version[1]}"


def test_secrets_come_from_files_that_the_docs_explain() -> None:
    found = compose()
    for service in found["services"].values():
        assert service["env_file"]
        assert not any(re.search("(?i)password|secret|token", key) for key in service.get("environment", {}))
        for file in service["env_file"]:
            assert f"# {file}" in (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert set(found["volumes"]) == {"state", "database"}
