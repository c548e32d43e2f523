"""One look at the database for one page: brands, sight, the event clock's now."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import Request

from app.domain.access import Principal
from app.queries.health import watched_brands
from app.storage.database import Transaction
from app.storage.sessions import WebSession
from app.web.context import WebContext
from app.web.rendering import Page


@dataclass(frozen=True, slots=True)
class Look:
    """An open read transaction with the page that it is for."""

    tx: Transaction
    page: Page
    principal: Principal


def principal_of(context: WebContext, session: WebSession) -> Principal:
    """A signed-in person as the one who asks."""
    return Principal(id=f"web:{session.person}", name=session.person, scopes=context.scopes)


@contextmanager
def looking(request: Request, context: WebContext, session: WebSession) -> Iterator[Look]:
    """Open the read transaction of a page."""
    principal = principal_of(context, session)
    with context.database.read() as tx:
        brands = {brand.slug: brand for brand in watched_brands(tx, sight=principal.sight)}
        yield Look(tx, Page(request, context, brands=brands), principal)
