"""Whether all sources are heard."""

from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request, Response

from app.queries.health import sources_health
from app.web import words
from app.web.reading import looking
from app.web.security import Context, Visitor

TONES: Final = {
    "ok": ("done", "✓", "heard"),
    "waiting": ("watch", "●", "not read yet"),
    "failing": ("warn", "◆", "failing"),
    "paused": ("warn", "◆", "paused"),
    "silent": ("page", "▲", "silent"),
}


def add_routes(router: APIRouter) -> None:
    """Register the sources page."""
    router.add_api_route("/sources", show_sources, methods=["GET"])


def show_sources(request: Request, context: Context, visitor: Visitor) -> Response:
    """Every source with its health; polls happen in real time, whatever the event clock says."""
    real_now = context.database.now()

    def real_when(at: datetime) -> str:
        return words.ago(at, real_now)

    with looking(request, context, visitor) as look:
        found = sources_health(look.tx, now=real_now, brand=look.page.brand, sight=look.principal.sight)
        troubled = sum(source.state in ("failing", "paused", "silent") for source in found)
        return look.page.render("sources.html", sources=found, troubled=troubled, tones=TONES, real_when=real_when)
