"""What the operations ask for: the context, and a caller whose key holds and who has not asked too often."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from app.api.context import ApiContext
from app.api.limiting import Limiter
from app.domain.access import Principal, Scope
from app.domain.errors import Unauthenticated
from app.storage import keys

_BEARER = HTTPBearer(
    scheme_name="ApiKey",
    bearerFormat="fw_<env>_<id>_<secret>",
    description="An API key from `fretwatch keys create`, sent as `Authorization: Bearer fw_…`; never in the address.",
    auto_error=False,
)


def context_of(request: Request) -> ApiContext:
    """What the runtime composed."""
    context: ApiContext = request.app.state.context
    return context


Context = Annotated[ApiContext, Depends(context_of)]


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
"""The key as it was sent."""


def principal_of(request: Request, context: Context, credentials: Credentials) -> Principal:
    """Who asks. Raises `Unauthenticated` without a key that holds; 429 for a key that asked too often."""
    if credentials is None:
        message = "This needs an API key: send `Authorization: Bearer fw_…`; `fretwatch keys create` makes one."
        raise Unauthenticated(message)
    now = context.database.now()
    with context.database.read() as tx:
        holder = keys.verify(tx, credentials.credentials, pepper=context.pepper, now=now)
    limiter: Limiter = request.app.state.limiter
    allowance = limiter.ask(holder.principal.id)
    request.state.rate_headers = allowance.headers
    if not allowance.may_pass:
        wait = allowance.headers["Retry-After"]
        raise HTTPException(429, f"This key asked too often. Try again in {wait} s.", headers={"Retry-After": wait})
    if holder.is_stale:
        with context.database.write() as tx:
            keys.touch(tx, holder.principal.id, now)
    return holder.principal


def _holding(scope: Scope) -> Callable[[Principal], Principal]:
    def holder(principal: Annotated[Principal, Depends(principal_of)]) -> Principal:
        principal.require(scope)
        return principal

    return holder


Reader = Annotated[Principal, Depends(_holding(Scope.READ))]
"""A caller with the scope `read`."""
Writer = Annotated[Principal, Depends(_holding(Scope.WRITE))]
"""A caller with the scope `write`."""
