"""Escalate: the last stage of the recording transaction judges the cases that this batch touched."""

from collections.abc import Callable

from app.domain.clock import Clock
from app.pipeline.batch import ReadBatch
from app.pipeline.judging import JudgeCases
from app.pipeline.watching import Watching
from app.storage.database import Transaction


class Escalate:
    """Judges each touched case now, or, in a replay, at its last event; the tick does what no post triggers.

    A post that comes in half an hour old is told now: repeats and deadlines count from when somebody could first hear.
    """

    def __init__(self, watching: Callable[[Transaction], Watching], cases: JudgeCases, clock: Clock) -> None:
        self._watching = watching
        self._cases = cases
        self._clock = clock

    def run(self, tx: Transaction, batch: ReadBatch) -> None:
        """Alerts and their deliveries, in this transaction."""
        if not batch.touched:
            return
        found = sorted(batch.touched.values(), key=lambda one: (one.case.last_post_at, one.case.id))
        now = self._clock.now()
        at = [(one, max(now, one.case.last_post_at, one.case.last_reply_at or now)) for one in found]
        self._cases.run(tx, self._watching(tx), at)
