"""The API as one ASGI application with its own errors, limits and OpenAPI document; the runtime mounts it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

import app
from app.api import problems
from app.api.context import ApiContext
from app.api.edge import Edge
from app.api.limiting import Limiter
from app.api.routes import alerts, cases, deliveries, posts, stream, watch
from app.api.schemas import alerts as alert_schemas
from app.api.schemas import cases as case_schemas
from app.api.schemas import common as common_schemas
from app.api.schemas import posts as post_schemas
from app.api.schemas import watch as watch_schemas
from app.api.schemas.common import Problem

PREFIX: Final = "/api/v1"
ROUTERS: Final = (posts.router, watch.router, stream.router, alerts.router, cases.router, deliveries.router)
"""The stream stands before `/alerts/{alert_id}`, which would catch its path."""
SCHEMAS: Final = (alert_schemas, case_schemas, common_schemas, post_schemas, watch_schemas)
_TAGS: Final = (
    ("alerts", "The feed: what needs a person now, why, and what was done."),
    ("cases", "One customer's complaint about one brand, with its unanswered clock."),
    ("posts", "What was said, and what was read out of it; push your own."),
    ("trends", "Counts over time with their uncertainty."),
    ("watch", "Brands and the health of their sources."),
    ("deliveries", "Messages to endpoints, with every attempt."),
)
_ABOUT: Final = (
    "Query what Fretwatch reads, follow and answer its alerts, push posts. Send an API key as "
    "`Authorization: Bearer fw_…`. Times are RFC 3339 with an offset. Lists go on at `next_cursor`. "
    "Every error is `application/problem+json` (RFC 9457)."
)


def build_api(context: ApiContext) -> FastAPI:
    """The application to mount at `PREFIX`."""
    api = _application()
    api.state.context = context
    api.state.limiter = Limiter(context.rate)
    api.add_middleware(Edge, max_body_bytes=context.max_body_bytes)
    return api


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document, as `openapi.json` holds it."""
    return _application().openapi()


def _application() -> FastAPI:
    api = FastAPI(title="Fretwatch", version=app.__version__, docs_url=None, redoc_url=None, redirect_slashes=False)
    for router in ROUTERS:
        api.include_router(router)
    problems.install(api)
    document: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not document:
            document.update(_document(api))
        return document

    api.openapi = openapi  # type: ignore[method-assign]
    return api


def _document(api: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=api.title,
        version=api.version,
        description=_ABOUT,
        routes=api.routes,
        tags=[{"name": name, "description": about} for name, about in _TAGS],
        servers=[{"url": PREFIX}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    found: dict[str, Any] = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        found.pop(name, None)
    own = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    found.update({**own.pop("$defs", {}), "Problem": own})
    for name, examples in _examples():
        if name in found:
            # The framework drops every null, also where an example needs it.
            found[name]["examples"] = examples
    document["components"]["schemas"] = dict(sorted(found.items()))
    document["paths"] = {path: _sorted_responses(item) for path, item in sorted(document["paths"].items())}
    return document


def _examples() -> Iterator[tuple[str, Any]]:
    for module in SCHEMAS:
        for name, value in vars(module).items():
            if isinstance(value, type) and issubclass(value, BaseModel):
                extra = value.model_config.get("json_schema_extra")
                if isinstance(extra, dict):
                    yield name, extra["examples"]


def _sorted_responses(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        method: {**operation, "responses": dict(sorted(operation["responses"].items()))}
        for method, operation in item.items()
    }
