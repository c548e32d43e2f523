"""Escalate: the last stage of the recording transaction judges the cases that this batch touched."""

from collections.abc import Callable

from app.pipeline.batch import ReadBatch
from app.pipeline.judging import JudgeCases
from app.pipeline.watching import Watching
from app.storage.database import Transaction


class Escalate:
    """Judges each touched case at the time of its last event; the tick judges what no post triggers."""

    def __init__(self, watching: Callable[[Transaction], Watching], cases: JudgeCases) -> None:
        self._watching = watching
        self._cases = cases

    def run(self, tx: Transaction, batch: ReadBatch) -> None:
        """Alerts and their deliveries, in this transaction."""
        if not batch.touched:
            return
        found = sorted(batch.touched.values(), key=lambda one: (one.case.last_post_at, one.case.id))
        at = [(one, max(one.case.last_post_at, one.case.last_reply_at or one.case.last_post_at)) for one in found]
        self._cases.run(tx, self._watching(tx), at)
