"""Watches the watching: silent sources raise their own alert, and a first import ends in one summary card."""

from datetime import datetime
from typing import Final

from app.escalation.alerts import Subject
from app.escalation.health import SourceState, judge_source
from app.escalation.streams import judge_import
from app.pipeline.alerting import Alerting
from app.pipeline.watching import Watching, group_of_import, group_of_source
from app.storage import checkpoints, installation, queue, reports
from app.storage.database import Transaction

IMPORTED: Final = "import:"
"""Key of a first import whose posts are still being read."""


class Watchdog:
    """Runs inside the tick; source health lives in real time, whatever time events live in."""

    def __init__(self, alerting: Alerting) -> None:
        self._alerting = alerting

    def run(self, tx: Transaction, watching: Watching, now: datetime) -> None:
        """Judge every source that a file names, and finish the imports."""
        for watched in checkpoints.watched_sources(tx):
            self._source(tx, watching, watched, now)
        stats = queue.stats(tx, now)
        if stats.pending + stats.in_flight == 0:
            for key in installation.keys(tx, IMPORTED):
                self._import(tx, watching, key.removeprefix(IMPORTED), now)
                installation.forget(tx, key)

    def _source(self, tx: Transaction, watching: Watching, watched: checkpoints.Watched, now: datetime) -> None:
        state = SourceState(
            name=watched.source.name,
            interval=watched.source.interval,
            since=watched.last_success_at or watched.applied_at,
            fails=watched.fails,
            last_error=watched.last_error,
            paused_why=watched.paused_why,
        )
        subject = Subject(group=group_of_source(state.name), brand=watched.source.brands[0], changed_at=now)
        self._alerting.card(tx, watching, subject, judge_source(state, now), now)

    def _import(self, tx: Transaction, watching: Watching, source: str, now: datetime) -> None:
        for brand, counted in reports.imported(tx, source).items():
            judgement = judge_import(posts=counted.posts, complaints=counted.complaints, unanswered=counted.unanswered)
            subject = Subject(group=f"{group_of_import(source)}:{brand}", brand=brand, changed_at=now)
            self._alerting.card(tx, watching, subject, judgement, now)
