"""Sending again what an endpoint lost or refused."""

from app.actions.alerts import Acting
from app.domain.access import Principal, Scope
from app.domain.errors import NotFound
from app.storage import outbox_replay, reads_feed
from app.storage.database import now_of


def redeliver(acting: Acting, principal: Principal, delivery_id: str) -> None:
    """Send a finished delivery once more, under the same webhook-id and with the same body.

    Raises `NotFound` for a delivery that the principal may not see, `Forbidden` without the write scope, `Conflict`
    while it is still being sent.
    """
    principal.require(Scope.WRITE)
    with acting.database.write() as tx:
        if reads_feed.delivery_brand(tx, delivery_id, sight=principal.sight) is None:
            message = f"There is no delivery {delivery_id}."
            raise NotFound(message)
        outbox_replay.replay(tx, [delivery_id], now=now_of(tx))
    acting.wake()
