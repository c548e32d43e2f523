"""One process: the API and the pages, and beside them the roles that collect, read, let time pass and deliver."""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app import __version__
from app.api.application import PREFIX, build_api
from app.api.context import ApiContext
from app.domain.access import Scope
from app.domain.errors import FretwatchError, PortInUse, UsageError
from app.domain.policies import Policy
from app.domain.ports import Event
from app.observability import QUEUE_PENDING, configure_logging
from app.pipeline.intake import IntakeReport
from app.runtime import jobs
from app.runtime.wiring import Product, apply_configuration, open_product
from app.settings import Configuration, ensure_master_key
from app.storage import queue, schema, sessions
from app.storage.database import now_of
from app.web.application import Banner, WebContext, mount_web

log = structlog.get_logger(__name__)

_LINK_FOR: Final = timedelta(hours=12)
_DRAIN_FOR: Final = 20.0
"""RELIABILITY R9: a stop drains within 20 seconds."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What only the demo shows: a banner, the facts behind it, and what the local receiver got."""

    banner: Callable[[], Banner | None] = lambda: None
    facts: Path | None = None
    receiver_log: Path | None = None


class Taking:
    """The intake for what is pushed: always for the brands that are watched now."""

    def __init__(self, product: Product) -> None:
        self._product = product

    def take(self, events: Sequence[Event]) -> IntakeReport:
        """Store a batch."""
        return self._product.intake().take(events)


def serve(
    configuration: Configuration,
    *,
    host: str | None = None,
    port: int | None = None,
    roles: Iterable[str] = jobs.ROLES,
) -> None:
    """Run until stopped. Raises `PortInUse`, `DatabaseUnavailable`, `ModelUnavailable` before anything is started."""
    asked = frozenset(roles)
    wanted = frozenset(jobs.ROLES) if "all" in asked else asked
    unknown = sorted(wanted - set(jobs.ROLES))
    if unknown:
        raise UsageError(f"there is no role {unknown[0]!r}; the roles are {', '.join(jobs.ROLES)}")
    configure_logging()
    address = (host or configuration.host, configuration.port if port is None else port)
    configuration = _reachable(configuration, *address)
    with listen(*address) if jobs.WEB in wanted else nullcontext() as listener:
        product = open_product(configuration)
        try:
            apply_configuration(configuration, product.database)
            asyncio.run(run(product, wanted, listener))
        finally:
            product.close()


def _reachable(configuration: Configuration, host: str, port: int) -> Configuration:
    """On this machine alone, links lead to the address that is really listened on."""
    public = urlsplit(configuration.public_url)
    if public.hostname not in ("127.0.0.1", "localhost", "::1") or public.port == port:
        return configuration
    return replace(configuration, public_url=f"http://{host}:{port}")


async def run(
    product: Product,
    roles: frozenset[str],
    listener: socket.socket | None,
    *,
    demo: Demo | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Run the roles in this event loop until a signal comes, or `stop` is set."""
    stop = stop or asyncio.Event()
    if listener is None:
        await _without_pages(product, roles, stop)
        return
    application = build_application(product, roles, demo or Demo())
    server = uvicorn.Server(
        uvicorn.Config(application, log_config=None, access_log=False, timeout_graceful_shutdown=5, lifespan="on")
    )
    announce(product)

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    with _ending_well():
        await server.serve(sockets=[listener])
    ending.cancel()


@contextmanager
def _ending_well() -> Iterator[None]:
    """uvicorn drains at SIGTERM and then raises it again: by then all is done, and the process ends with 0."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


async def _without_pages(product: Product, roles: frozenset[str], stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with working(product, roles):
        await stop.wait()


def build_application(product: Product, roles: frozenset[str], demo: Demo) -> FastAPI:
    """The ASGI application: probes, metrics, API, pages; the other roles run in its lifespan."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with working(product, roles) as wake:
            wake_delivery.append(wake)
            yield

    wake_delivery: list[Callable[[], None]] = []

    def wake() -> None:
        for each in wake_delivery:
            each()

    application = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    _add_probes(application, product)
    pepper = ensure_master_key(product.configuration.secret_file)
    application.mount(
        PREFIX,
        build_api(
            ApiContext(
                database=product.database,
                clock=product.clock,
                intake=Taking(product),
                pepper=pepper,
                public_url=product.configuration.public_url,
                wake_delivery=wake,
            )
        ),
    )
    mount_web(
        application,
        WebContext(
            database=product.database,
            event_clock=product.clock,
            public_url=product.configuration.public_url,
            pepper=pepper,
            policies=lambda: _policies(product),
            wake=wake,
            banner=demo.banner,
            facts=demo.facts,
            receiver_log=demo.receiver_log,
            scopes=_scopes_of_people(product.configuration),
        ),
    )
    return application


def _scopes_of_people(configuration: Configuration) -> frozenset[Scope]:
    """Until people have roles, all who sign in see the same; tickets and surveys only where the operator says so."""
    private = {Scope.PRIVATE} if configuration.show_private else set()
    return frozenset({Scope.READ, Scope.WRITE} | private)


def _policies(product: Product) -> dict[str, Policy]:
    with product.database.read() as tx:
        return product.watching(tx).policies_by_brand


def _tell_of_early_end(task: "asyncio.Task[None]", stop: asyncio.Event) -> None:
    """A role that ends before it is told to is a defect: the process ends, so that it is seen and restarted."""
    if not stop.is_set() and not task.cancelled():
        log.critical("a role has ended; stopping", role=task.get_name(), error=repr(task.exception()))
        os.kill(os.getpid(), signal.SIGTERM)


@asynccontextmanager
async def working(product: Product, roles: frozenset[str]) -> AsyncIterator[Callable[[], None]]:
    """The roles that work in the background; yields how to wake the sender of deliveries."""
    stop = asyncio.Event()
    egress = product.egress()
    dispatcher = product.dispatcher(egress)
    tasks = []
    if jobs.READ in roles:
        tasks.append(asyncio.create_task(product.worker().run(stop), name="reading"))
    if jobs.DELIVER in roles:
        tasks.append(asyncio.create_task(dispatcher.run(stop), name="delivering"))
    for task in tasks:
        task.add_done_callback(lambda ended: _tell_of_early_end(ended, stop))
    scheduler = jobs.schedule(product, roles)
    scheduler.start()
    loop = asyncio.get_running_loop()

    def wake() -> None:
        loop.call_soon_threadsafe(dispatcher.wake.set)

    try:
        yield wake
    finally:
        scheduler.shutdown(wait=False)
        stop.set()
        if tasks:
            await asyncio.wait(tasks, timeout=_DRAIN_FOR)
        await egress.close()


def announce(product: Product) -> None:
    """Print the address and a one-time link; whoever can read this terminal may sign in."""
    now = product.database.now()
    with product.database.write() as tx:
        token = sessions.create_link(tx, person="operator", now=now, lifetime=_LINK_FOR)
    public_url = product.configuration.public_url.rstrip("/")
    sys.stderr.write(
        f"\n  Fretwatch {__version__} listens at {public_url}\n"
        f"  Sign in once, within 12 hours: {public_url}/sign-in?token={token}\n\n"
    )
    sys.stderr.flush()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything slow is done. Raises `PortInUse`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        message = (
            f"{host}:{port} cannot be listened on ({error.strerror}). Stop the other program, or choose another port: "
            f"fretwatch serve --port {port + 1}"
        )
        raise PortInUse(message) from error
    listener.listen(128)
    listener.setblocking(False)
    return listener


def _add_probes(application: FastAPI, product: Product) -> None:
    @application.get("/livez")
    async def livez() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @application.get("/readyz")
    async def readyz() -> JSONResponse:
        try:
            await asyncio.to_thread(schema.require_current, product.database)
        except FretwatchError as error:
            return JSONResponse({"status": "unavailable", "why": error.message}, status_code=503)
        return JSONResponse({"status": "ready", "reader": product.pipeline.classify.version})

    @application.get("/metrics")
    async def metrics() -> PlainTextResponse:
        QUEUE_PENDING.set(await asyncio.to_thread(_pending, product))
        return PlainTextResponse(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _pending(product: Product) -> int:
    with product.database.read() as tx:
        return queue.stats(tx, now_of(tx)).pending
