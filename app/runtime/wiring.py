"""Composes the product from its parts; every part gets what it needs, and asks for nothing."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from app.delivery.dispatcher import Dispatcher, Hooks
from app.delivery.webhook import WebhookNotifier
from app.domain.alerts import Delivery, Endpoint, Outcome
from app.domain.clock import Clock, EventClock
from app.domain.errors import ConfigurationError
from app.domain.ports import WorkQueue
from app.egress.client import Egress
from app.observability import ATTEMPTS
from app.pipeline.alerting import Alerting
from app.pipeline.build import Pipeline, after_queue, before_queue
from app.pipeline.intake import Intake
from app.pipeline.judging import JudgeCases
from app.pipeline.side_by_side import SideBySide
from app.pipeline.usual import UsualCache
from app.pipeline.watchdog import Watchdog
from app.queue.database import DatabaseQueue
from app.runtime.clocks import event_clock
from app.runtime.language import GuessLanguage
from app.runtime.reading import ReadingWorker, Recorded
from app.runtime.ticking import Ticker
from app.runtime.watching import WatchingCache
from app.settings import Configuration
from app.storage import configuration as stored
from app.storage import schema
from app.storage.configuration import Difference, Watch
from app.storage.database import Database, Transaction
from collectors.registry import CAPABILITIES
from models.lexicon import CueReader
from models.loader import DEFAULT_FOLDER, load_reader
from models.reply_cues import ReplyCueReader


class _Closing(Protocol):
    def close(self) -> None: ...


@dataclass(slots=True)
class Product:
    """All parts of one process, and the way to close them."""

    configuration: Configuration
    database: Database
    clock: EventClock
    queue: WorkQueue
    watching: WatchingCache
    pipeline: Pipeline
    ticker: Ticker
    guess_language: GuessLanguage
    readers: SideBySide
    _closing: list[_Closing] = field(default_factory=list)

    def intake(self, *, clock: Clock | None = None, as_live: bool = False) -> Intake:
        """An intake for the brands that are watched now."""
        with self.database.read() as tx:
            brands = list(self.watching(tx).brands.values())
        stages = before_queue(brands, self.guess_language)
        return Intake(self.database, stages, clock=clock or self.clock, as_live=as_live)

    def worker(self, *, recorded: Recorded | None = None) -> ReadingWorker:
        """A reading worker."""
        if recorded is None:
            return ReadingWorker(self.database, self.queue, self.pipeline)
        return ReadingWorker(self.database, self.queue, self.pipeline, recorded=recorded)

    def egress(self) -> Egress:
        """A client for the outside, for the event loop that runs now."""
        return Egress()

    def dispatcher(self, egress: Egress, *, as_configured: bool = False) -> Dispatcher:
        """The sender of deliveries. `as_configured`: to the endpoints as the files say, applied or not, for a test."""
        hooks = Hooks(observe=_observe, on_disabled=self._raise_disabled)
        endpoints = self._configured_endpoints if as_configured else self._endpoints
        return Dispatcher(self.database, {"webhook": WebhookNotifier(egress)}, endpoints, hooks=hooks)

    def _raise_disabled(self, tx: Transaction, name: str, _why: str, now: datetime) -> None:
        self.watching.forget()  # nothing more is written for it, and so not the news that it is disabled either
        for state in stored.endpoint_states(tx):
            if state.endpoint.name == name:
                Watchdog(Alerting()).endpoint(tx, self.watching(tx), state, now)

    def _endpoints(self) -> dict[str, Endpoint | None]:
        """As another process may have applied them since; `None` where this one was started without their secrets."""
        with self.database.read() as tx:
            found = [state.endpoint for state in stored.endpoint_states(tx)]
        known = self._configured_endpoints()
        return {
            endpoint.name: replace(endpoint, secrets=known[endpoint.name].secrets) if endpoint.name in known else None
            for endpoint in found
        }

    def _configured_endpoints(self) -> dict[str, Endpoint]:
        found: dict[str, Endpoint] = {}
        for endpoint in self.configuration.endpoints:
            try:
                found[endpoint.name] = self.configuration.endpoint(endpoint.name)
            except ConfigurationError:
                # Without its secret nothing can be signed; the notifier refuses it and says which variable to set.
                found[endpoint.name] = endpoint
        return found

    def close(self) -> None:
        """Give everything back."""
        for part in self._closing:
            part.close()
        self.database.close()


def open_database(configuration: Configuration) -> Database:
    """The database, migrated. Raises `DatabaseUnavailable` or `SchemaTooNew`."""
    database = Database(configuration.database_url)
    schema.upgrade(database)
    return database


def open_classifiers(configuration: Configuration) -> SideBySide:
    """The readers of posts, loaded and warm, so that the first post does not wait. Raises `ModelUnavailable`."""
    reader = load_reader(configuration.model or DEFAULT_FOLDER, workers=configuration.workers)
    reader.warm_up()
    return SideBySide((reader, CueReader()), close=reader.close)


def open_product(configuration: Configuration, *, clock: Clock | None = None) -> Product:
    """Open the database, load the readers and put everything together. Raises what each part raises."""
    if configuration.queue_url not in (None, configuration.database_url):
        message = (
            f"no queue answers to {configuration.queue_url!r}; leave FRETWATCH_QUEUE_URL unset: it is in the database"
        )
        raise ConfigurationError(message)
    readers = open_classifiers(configuration)
    database = open_database(configuration)
    watching = WatchingCache(public_url=configuration.public_url, classifier=readers.version)
    events = EventClock(clock or event_clock(database))
    alerting = Alerting()
    judging = JudgeCases(UsualCache(), alerting)
    return Product(
        configuration=configuration,
        database=database,
        clock=events,
        queue=DatabaseQueue(database),
        watching=watching,
        pipeline=after_queue(readers, ReplyCueReader(), watching, judging, events),
        ticker=Ticker(database, watching, judging, alerting),
        guess_language=GuessLanguage(),
        readers=readers,
        _closing=[readers],
    )


def watch_of(configuration: Configuration) -> Watch:
    """What a configuration names, with what each collector can see."""
    return Watch(
        brands=configuration.brands,
        policies=configuration.policies,
        endpoints=configuration.endpoints,
        sources=configuration.sources,
        capabilities=CAPABILITIES,
    )


def apply_configuration(
    configuration: Configuration, database: Database, *, only_show: bool = False
) -> list[Difference]:
    """Make the database agree with the files; `only_show` changes nothing.

    Raises `ConfigurationError` where there is no file at all: an absent one must never retire what is watched.
    """
    if configuration.path is None and not configuration.brands:
        message = "There is no fretwatch.toml here. Write one with `fretwatch init`, or name yours with --config."
        raise ConfigurationError(message)
    watch = watch_of(configuration)
    if only_show:
        with database.read() as tx:
            return stored.differences(tx, watch)
    now = database.now()
    with database.write() as tx:
        return stored.apply(tx, watch, now)


def _observe(_: Delivery, outcome: Outcome) -> None:
    ATTEMPTS.labels(outcome.kind.value).inc()
