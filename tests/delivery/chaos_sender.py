"""A sender that `test_chaos` starts and kills: a dispatcher with everything real, and a faster schedule.

python tests/delivery/chaos_sender.py DATABASE_URL RECEIVER_PORT SECRET
"""

import asyncio
import sys
from datetime import timedelta

from sqlalchemy import func, select

from app.delivery.dispatcher import Dispatcher, Hooks, Pace
from app.delivery.retry import SCHEDULE
from app.delivery.webhook import WebhookNotifier
from app.domain.alerts import Delivery, Endpoint, Outcome
from app.egress.client import Egress
from app.storage.database import Database
from app.storage.tables import delivery

FASTER = 10_000
DEADLINE = timedelta(seconds=0.5)
LEASE = timedelta(seconds=1.5)
NAMES = ("oncall", "desk")


async def send_all(database: Database, port: int, secret: str) -> None:
    """Send until nothing is pending."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def is_done() -> bool:
        with database.read() as tx:
            waiting = select(func.count()).select_from(delivery).where(delivery.c.state == "pending")
            return int(tx.execute(waiting).scalar_one()) == 0

    def observe(one: Delivery, outcome: Outcome) -> None:
        if is_done():
            loop.call_soon_threadsafe(stop.set)

    url = f"http://127.0.0.1:{port}/"
    endpoints = {name: Endpoint(name, url + name, secrets=(secret,), allow_private=True) for name in NAMES}
    pace = Pace(lease=LEASE, poll=timedelta(seconds=0.1), schedule=tuple(wait / FASTER for wait in SCHEDULE))
    notifier = WebhookNotifier(Egress(), deadline=DEADLINE)
    dispatcher = Dispatcher(database, {"webhook": notifier}, lambda: endpoints, pace=pace, hooks=Hooks(observe=observe))
    if not is_done():
        await dispatcher.run(stop)


if __name__ == "__main__":
    asyncio.run(send_all(Database(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
