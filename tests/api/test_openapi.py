"""The committed description of the API is the one that the code gives, and it is complete."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.actions.alerts import ALERT_ACTIONS
from app.api.application import openapi_document
from app.api.schemas import alerts, cases, common, posts, watch
from app.domain.access import Scope

COMMITTED = Path(__file__).resolve().parents[2] / "openapi.json"


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in openapi_document()["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", operation


def test_the_committed_document_is_up_to_date() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == openapi_document(), "run `fretwatch openapi`"


def test_every_operation_declares_its_errors_and_has_words() -> None:
    for name, operation in operations():
        assert operation["tags"], name
        assert operation["description"], name
        assert operation["security"] == [{"ApiKey": []}], name
        for status in ("401", "403", "422", "429", "500", "503"):
            assert set(operation["responses"][status]["content"]) == {"application/problem+json"}, name


def test_operation_ids_are_unique() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names))


def test_every_schema_has_an_example_that_holds() -> None:
    models = {
        name: value
        for module in (alerts, cases, common, posts, watch)
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, BaseModel)
    }
    for name, schema in openapi_document()["components"]["schemas"].items():
        if "enum" in schema:
            continue
        for given in schema["examples"]:
            models[name].model_validate(given)


def test_no_reference_leads_nowhere() -> None:
    document = openapi_document()
    text = json.dumps(document)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"]


def test_the_page_for_people_names_what_the_code_knows() -> None:
    page = (COMMITTED.parent / "docs" / "api.md").read_text(encoding="utf-8")
    outcomes = openapi_document()["components"]["schemas"]["PostTaken"]["properties"]["outcome"]["enum"]
    statuses = {status for _, operation in operations() for status in operation["responses"] if status >= "400"}
    actions = {path.rsplit("/", 1)[1] for path in openapi_document()["paths"] if path.startswith("/alerts/{alert_id}/")}
    for word in {*Scope, *outcomes, *actions, *(statuses - {"500"})}:
        assert word in page, f"docs/api.md does not name {word}"
    assert actions == set(ALERT_ACTIONS)
