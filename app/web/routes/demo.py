"""What is invented in the demo, and what the facts were."""

from fastapi import APIRouter, Request, Response

from app.domain.errors import NotFound
from app.web.markdown import blocks_of
from app.web.reading import looking
from app.web.security import Context, Visitor


def add_routes(router: APIRouter) -> None:
    """Register the page of the demo's facts."""
    router.add_api_route("/about-demo", show_facts, methods=["GET"])


def show_facts(request: Request, context: Context, visitor: Visitor) -> Response:
    """The fact sheet; there is none outside the demo."""
    if context.facts is None or not context.facts.exists():
        message = "This Fretwatch does not run the demo. `fretwatch demo` does."
        raise NotFound(message)
    with looking(request, context, visitor) as look:
        return look.page.render("about_demo.html", blocks=blocks_of(context.facts.read_text("utf-8")))
