"""Addresses that nothing lives at: a page that says so, and a problem document for programs."""

from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from app.domain.errors import NotFound
from app.web.security import Anybody

FOR_PROGRAMS: Final = ("api/", "metrics", "livez", "readyz")


def add_routes(router: APIRouter) -> None:
    """Register the address that matches all that is left; it must come last."""
    router.add_api_route("/{path:path}", show_nothing, methods=["GET"])


def show_nothing(path: str, _visitor: Anybody) -> Response:
    """Raise `NotFound`; a program is answered in RFC 9457."""
    if path.startswith(FOR_PROGRAMS):
        problem = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": f"Nothing lives at /{path}."}
        return JSONResponse(problem, status_code=404, media_type="application/problem+json")
    message = f"Nothing lives at /{path}. The feed shows what needs a person now."
    raise NotFound(message)
