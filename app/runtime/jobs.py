"""What runs when, in one table. APScheduler is only the ticker: what is due, and who holds it, are rows with leases."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from app.domain.errors import DatabaseUnavailable
from app.runtime.collecting import Collecting
from app.runtime.wiring import Product
from app.storage import housekeeping

log = structlog.get_logger(__name__)

COLLECT: Final = "collect"
READ: Final = "read"
TICK: Final = "tick"
DELIVER: Final = "deliver"
WEB: Final = "web"
ROLES: Final = (WEB, COLLECT, READ, TICK, DELIVER)


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the table: which role runs it (`None` = every process), how often, and what it does."""

    name: str
    role: str | None
    every: timedelta
    run: Callable[[], Awaitable[object]]


def table(product: Product) -> tuple[Job, ...]:
    """Every job of a process."""
    collecting = Collecting(product)

    async def tick() -> None:
        await asyncio.to_thread(product.ticker.tick, product.clock.now())

    async def refresh() -> None:
        product.watching.forget()

    async def clean() -> None:
        await asyncio.to_thread(housekeeping.run_once, product.database, product.clock.now())

    return (
        Job("poll sources", COLLECT, timedelta(seconds=1), collecting.poll_live),
        Job("let time pass", TICK, timedelta(seconds=1), tick),
        Job("refresh configuration", None, timedelta(minutes=1), refresh),
        Job("clean up", TICK, timedelta(minutes=10), clean),
    )


def schedule(product: Product, roles: frozenset[str]) -> AsyncIOScheduler:
    """A scheduler with the jobs of these roles; the caller starts it, and shuts it down."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    for job in table(product):
        if job.role is None or job.role in roles:
            scheduler.add_job(
                _guarded(job),
                "interval",
                seconds=job.every.total_seconds(),
                id=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
    return scheduler


def _guarded(job: Job) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        try:
            await job.run()
        except DatabaseUnavailable as error:
            log.warning("job waits", job=job.name, reason=error.message)
        except Exception:  # the edge of a job: one that fails is logged and runs again
            log.exception("job failed", job=job.name)

    return run
