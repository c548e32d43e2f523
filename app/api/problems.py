"""Every error as `application/problem+json` (RFC 9457): each error knows its status, one renderer for all."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.domain import errors

MEDIA_TYPE: Final = "application/problem+json"
_TYPE_BASE: Final = "urn:fretwatch:problem:"

RETRY_AFTER: Final = "5"
"""Seconds; said with 503."""

_CODES: Final = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    413: "too-large",
    422: "invalid",
    429: "too-many-requests",
    500: "internal",
    503: "unavailable",
}


def problem(
    status: int,
    detail: str,
    *,
    instance: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    allowed: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The response; `errors` are `{pointer, detail}`, `allowed` what could be done instead."""
    body: dict[str, Any] = {
        "type": _TYPE_BASE + _CODES.get(status, "other"),
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _plain(detail),
        "instance": _plain(instance),
    }
    if errors:
        body["errors"] = [{name: _plain(value) for name, value in error.items()} for error in errors]
    if allowed:
        body["allowed"] = list(allowed)
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Render every error of this application as a problem; what nobody foresaw is caught at the edge."""
    app.add_exception_handler(errors.FretwatchError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _known(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.FretwatchError)
    status = error.http_status
    headers = {401: {"WWW-Authenticate": 'Bearer realm="fretwatch"'}, 503: {"Retry-After": RETRY_AFTER}}.get(status)
    pointer = getattr(error, "pointer", "")
    return problem(
        status,
        error.message,
        instance=request.url.path,
        errors=[{"pointer": pointer, "detail": error.message}] if pointer else (),
        allowed=getattr(error, "allowed", ()),
        headers=headers,
    )


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [{"pointer": _pointer(item["loc"]), "detail": str(item["msg"])} for item in error.errors()[:50]]
    if any(item["type"] == "json_invalid" for item in error.errors()):
        return problem(400, "The body is not JSON.", instance=request.url.path, errors=found)
    if found and found[0]["pointer"] == "#" and "json" not in request.headers.get("content-type", ""):
        detail = "The body must be JSON: send `Content-Type: application/json`."
        return problem(422, detail, instance=request.url.path, errors=found)
    detail = f"{len(found)} value{'s' if len(found) > 1 else ''} cannot be used; see `errors`."
    return problem(422, detail, instance=request.url.path, errors=found)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    words = {
        404: f"There is nothing at {request.url.path}; the operations are in /api/v1/openapi.json.",
        405: f"{request.method} is not offered at {request.url.path}.",
        400: "The body cannot be read as JSON.",
    }
    detail = words.get(error.status_code, str(error.detail))
    return problem(error.status_code, detail, instance=request.url.path, headers=error.headers)


def _pointer(location: Sequence[Any]) -> str:
    where, *rest = location or ("",)
    if where == "body":
        return "#" + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in rest)
    return ".".join(str(part) for part in location)


def _plain(text: str) -> str:
    # What came in may hold half a surrogate pair, which no JSON answer can carry.
    return text.encode("utf-8", "replace").decode()[:2000]
