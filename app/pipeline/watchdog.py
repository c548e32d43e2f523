"""Watches the watching: silent sources and disabled endpoints raise their own alert, a first import ends in a card."""

from datetime import datetime
from typing import Final

from app.escalation.alerts import Subject
from app.escalation.health import SourceState, judge_endpoint, judge_source, judge_unnamed
from app.escalation.streams import judge_import
from app.pipeline.alerting import Alerting
from app.pipeline.watching import Watching, group_of_endpoint, group_of_import, group_of_source
from app.storage import alerts, checkpoints, configuration, installation, queue, reports
from app.storage.configuration import EndpointState
from app.storage.database import Transaction

IMPORTED: Final = "import:"
"""Key of a first import whose posts are still being read."""


class Watchdog:
    """Runs inside the tick; source health lives in real time, whatever time events live in."""

    def __init__(self, alerting: Alerting) -> None:
        self._alerting = alerting

    def run(self, tx: Transaction, watching: Watching, now: datetime) -> None:
        """Judge every source and every endpoint that a file names, and finish the imports."""
        for watched in checkpoints.watched_sources(tx):
            self._source(tx, watching, watched, now)
        for state in configuration.endpoint_states(tx):
            self.endpoint(tx, watching, state, now)
        self._end_unnamed(tx, watching, now)
        stats = queue.stats(tx, now)
        if stats.pending + stats.in_flight == 0:
            for key in installation.keys(tx, IMPORTED):
                self._import(tx, watching, key.removeprefix(IMPORTED), now)
                installation.forget(tx, key)

    def endpoint(self, tx: Transaction, watching: Watching, state: EndpointState, now: datetime) -> None:
        """The alert on an endpoint: raised while it is disabled, and ended once it is enabled."""
        name, brands = state.endpoint.name, sorted(state.endpoint.brands & set(watching.brands))
        brand = next(iter(brands or sorted(watching.brands)), None)
        if brand is not None:
            why = None if state.disabled_at is None else state.disabled_why or "disabled"
            subject = Subject(group=group_of_endpoint(name), brand=brand, changed_at=state.disabled_at or now)
            self._alerting.card(tx, watching, subject, judge_endpoint(name, why), now)

    def _end_unnamed(self, tx: Transaction, watching: Watching, now: datetime) -> None:
        named = {group_of_source(watched.source.name) for watched in checkpoints.watched_sources(tx)}
        named |= {group_of_endpoint(state.endpoint.name) for state in configuration.endpoint_states(tx)}
        for alert in alerts.live_health(tx):
            if alert.group not in named:
                subject = Subject(group=alert.group, brand=alert.brand, changed_at=now)
                self._alerting.card(tx, watching, subject, judge_unnamed(), now)

    def _source(self, tx: Transaction, watching: Watching, watched: checkpoints.Watched, now: datetime) -> None:
        state = SourceState(
            name=watched.source.name,
            interval=watched.source.interval,
            since=watched.last_success_at or watched.applied_at,
            fails=watched.fails,
            last_error=watched.last_error,
            paused_why=watched.paused_why,
        )
        # A card that a person resolved comes back only when the source has worked in between.
        subject = Subject(group=group_of_source(state.name), brand=watched.source.brands[0], changed_at=state.since)
        self._alerting.card(tx, watching, subject, judge_source(state, now), now)

    def _import(self, tx: Transaction, watching: Watching, source: str, now: datetime) -> None:
        for brand, counted in reports.imported(tx, source).items():
            judgement = judge_import(posts=counted.posts, complaints=counted.complaints, unanswered=counted.unanswered)
            subject = Subject(group=group_of_import(source, brand), brand=brand, changed_at=now)
            self._alerting.card(tx, watching, subject, judgement, now)
