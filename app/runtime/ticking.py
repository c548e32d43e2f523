"""What happens because time passes: streams, deadlines, repeats, cards. One worker a brand at a time, by lease.

In production the tick runs every second and judges at the present. In a replay it runs as far as events have come, and
judges each case at the very moment it was due, so that what time alone brings does not depend on how fast a machine is.
A case that a post touches is judged once a recorded batch: where batches are cut by the file alone (`play_steps`) the
same file gives the same alerts; where storing and reading run side by side (`play`) posts, cases, clocks and counts are
the same, and an alert may have been told with a post more or less.
"""

import os
import socket
from datetime import datetime, timedelta
from typing import Final

from app.escalation.alerts import expire_suppression
from app.escalation.notices import due_notices
from app.pipeline.alerting import Alerting
from app.pipeline.digests import Digests
from app.pipeline.judging import JudgeCases
from app.pipeline.streams import JudgeStreams
from app.pipeline.watchdog import Watchdog
from app.pipeline.watching import Watching
from app.runtime.watching import WatchingCache
from app.storage import alerts, cases, leases
from app.storage.database import Database, Transaction

_LEASE: Final = timedelta(seconds=60)
_RENEW_BEFORE: Final = timedelta(seconds=20)
_CASES_A_TRANSACTION: Final = 500
_CARDS_EVERY: Final = timedelta(hours=1)
_WATCH_EVERY: Final = timedelta(seconds=30)


class Ticker:
    """Lets time pass up to an instant."""

    def __init__(self, database: Database, watching: WatchingCache, judging: JudgeCases, alerting: Alerting) -> None:
        self._database = database
        self._watching = watching
        self._alerting = alerting
        self._cases = judging
        self._streams = JudgeStreams(alerting)
        self._digests = Digests(alerting)
        self._watchdog = Watchdog(alerting)
        self._cards_at: datetime | None = None
        self._watched_at: datetime | None = None
        self._held_until: datetime | None = None
        self._holder = f"{socket.gethostname()}:{os.getpid()}"

    def tick(self, now: datetime, *, at_due: bool = False) -> None:
        """Everything that is due by `now`. `at_due`: judge each case at the moment it was due, whatever the time is."""
        if not at_due and not self._may_tick():
            return
        has_more = True
        while has_more:
            with self._database.write() as tx:
                leases.one_at_a_time(tx)
                watching = self._watching(tx)
                self._streams.run(tx, watching, now)
                has_more = self._judge_due(tx, watching, now, at_due=at_due)
                if not has_more:
                    self._send_notices(tx, watching, now, at_due=at_due)
                    self._update_cards(tx, watching, now)
        if not at_due:
            self._watch_sources()

    def _may_tick(self) -> bool:
        now = self._database.now()
        if self._held_until is not None and now < self._held_until - _RENEW_BEFORE:
            return True
        with self._database.write() as tx:
            token = leases.acquire(tx, "tick", holder=self._holder, now=now, span=_LEASE)
        self._held_until = None if token is None else now + _LEASE
        return token is not None

    def _judge_due(self, tx: Transaction, watching: Watching, now: datetime, *, at_due: bool) -> bool:
        due = cases.due(tx, now, _CASES_A_TRANSACTION)
        if due:
            found = [(one, (one.case.next_eval_at or now) if at_due else now) for one in due]
            self._cases.run(tx, watching, self._cases.refreshed(tx, found))
        return bool(due)

    def _send_notices(self, tx: Transaction, watching: Watching, now: datetime, *, at_due: bool) -> None:
        first = alerts.next_notice_at(tx)
        while first is not None and first <= now:
            sent = self._notices(tx, watching, now, at_due=at_due)
            first = alerts.next_notice_at(tx) if sent else None

    def _notices(self, tx: Transaction, watching: Watching, now: datetime, *, at_due: bool) -> int:
        sent = 0
        for alert in alerts.notices_due(tx, now):
            due_at = alert.suppressed_until or alert.next_notice_at or now
            at = due_at if at_due else now
            woken = expire_suppression(alert, at)
            changes = [woken] if woken is not None else due_notices(alert, watching.policy_of(alert.brand), at)
            sent += self._alerting.save(tx, watching, changes)
        return sent

    def _update_cards(self, tx: Transaction, watching: Watching, now: datetime) -> None:
        if self._cards_at is None or now >= self._cards_at + _CARDS_EVERY:
            self._cards_at = now
            self._digests.run(tx, watching, now)

    def _watch_sources(self) -> None:
        now = self._database.now()
        if self._watched_at is not None and now < self._watched_at + _WATCH_EVERY:
            return
        self._watched_at = now
        with self._database.write() as tx:
            self._watchdog.run(tx, self._watching(tx), now)
