"""The pages put together. `mount_web` hangs them and the static files into the server's application."""

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.web.context import Banner, WebContext
from app.web.rendering import FOLDER
from app.web.routes import actions, alerts, cases, deliveries, demo, events, feed, session, sources, trends, unknown
from app.web.routing import page_route
from app.web.security import harden

__all__ = ["Banner", "WebContext", "build_web", "mount_web"]

ROUTES: Final[tuple[Callable[[APIRouter], None], ...]] = (
    session.add_routes,
    feed.add_routes,
    events.add_routes,
    alerts.add_routes,
    actions.add_routes,
    cases.add_routes,
    trends.add_routes,
    sources.add_routes,
    deliveries.add_routes,
    demo.add_routes,
    unknown.add_routes,
)
"""Every page. The last one matches whatever is left."""


class Assets(StaticFiles):
    """Our own files and the vendored ones, under the same headers as the pages."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, cacheable: its address carries the version."""
        response = await super().get_response(path, scope)
        response.headers.setdefault("Cache-Control", "public, max-age=3600")
        return harden(response, cache=True)


def build_web(context: WebContext) -> APIRouter:
    """The pages as a router. Include it after everything else: its last route answers every address that is left."""
    router = APIRouter(route_class=page_route(context), include_in_schema=False)
    for add_routes in ROUTES:
        add_routes(router)
    return router


def mount_web(app: FastAPI, context: WebContext) -> None:
    """Static files and pages, in this order; call it last."""
    app.mount("/static", Assets(directory=FOLDER / "static"), name="static")
    app.include_router(build_web(context))
