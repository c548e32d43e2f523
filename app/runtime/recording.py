"""Recording what was read: in one transaction where that works, and around the posts with which it does not."""

import structlog

from app.domain.errors import FretwatchError
from app.domain.ports import Chunk
from app.pipeline.batch import ReadBatch
from app.pipeline.build import Pipeline
from app.storage import cases, posts, quarantine
from app.storage.database import Database, now_of
from app.storage.posts import Unread
from app.storage.quarantine import Quarantined

log = structlog.get_logger(__name__)


class Recording:
    """Runs the recording stages; each call is a transaction of its own, or several."""

    def __init__(self, database: Database, pipeline: Pipeline) -> None:
        self._database = database
        self._pipeline = pipeline

    def record(self, batch: ReadBatch) -> None:
        """Record a batch; a mention that cannot be recorded is quarantined alone, and the others count.

        Raises `DatabaseUnavailable`, and what was raised where not one of several mentions can be recorded: then it is
        not the fault of the posts.
        """
        failed = self._what_fails(batch)
        if not failed:
            return
        if len(failed) == len(batch) > 1:
            raise failed[0][1]
        held = []
        for mention, error in failed:
            # The type alone: what an error says may quote the post.
            name = type(error).__name__
            log.error("post quarantined", mention=mention.mention_id, error=name)
            held.append(_quarantined(mention, quarantine.RECORD, f"it could not be recorded: {name}"))
        with self._database.write() as tx:
            quarantine.put(tx, held, now_of(tx))

    def give_up(self, chunk: Chunk, why: str) -> None:
        """Quarantine what is not read of a chunk that nobody will be given again."""
        with self._database.write() as tx:
            mentions = posts.unread(tx, chunk.mentions)
            known = cases.replies_of(tx, [mention.mention_id for mention in mentions if mention.is_reply])
            left = [m for m in mentions if m.read_hash != m.content_hash and m.mention_id not in known]
            quarantine.put(tx, [_quarantined(mention, quarantine.CLASSIFY, why) for mention in left], now_of(tx))

    def _what_fails(self, batch: ReadBatch) -> list[tuple[Unread, Exception]]:
        try:
            with self._database.write() as tx:
                for stage in self._pipeline.record:
                    stage.run(tx, batch)
        except FretwatchError:
            raise
        except Exception as error:  # noqa: BLE001 - the edge of a job: one bad post must not stop its neighbours
            if len(batch) <= 1:
                return [(mention, error) for mention in batch.mentions]
            one, other = batch.halves()
            return [*self._what_fails(one), *self._what_fails(other)]
        return []


def _quarantined(mention: Unread, stage: str, why: str) -> Quarantined:
    return Quarantined(stage, mention.source, mention.external_id, why, mention.mention_id)
