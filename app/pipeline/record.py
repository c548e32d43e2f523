"""Record: readings, predictions, trend buckets and rings. A mention counts when its reading is inserted, and once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.domain.clock import floor_hour
from app.domain.predictions import Labels
from app.domain.trends import BucketKey, values_of
from app.pipeline.batch import ReadBatch, ReadMention
from app.storage import cases, posts, quarantine, readings, trends
from app.storage.database import Transaction, now_of
from app.storage.posts import Unread
from app.storage.quarantine import Quarantined
from app.storage.readings import Held
from app.storage.trends import BucketCounts


class Record:
    """The first stage of the recording transaction: decides what is fresh, and counts it."""

    def run(self, tx: Transaction, batch: ReadBatch) -> None:
        """Set `batch.fresh`; write nothing for what was recorded before."""
        now = now_of(tx)
        quarantine.put(tx, [_quarantined(mention, why) for mention, why in batch.unreadable], now)
        if not batch.read:
            return
        revision = trends.next_revision(tx, now)
        counts: BucketCounts = Counter()
        first = [read for read in batch.read if read.mention.read_hash is None]
        inserted = readings.insert_readings(tx, [_row(read, revision, now) for read in first])
        fresh = [read for read in first if read.mention.mention_id in inserted]
        before = readings.held(tx, [read.mention.mention_id for read in batch.read], but=inserted)
        edited = _edited(tx, [read for read in batch.read if read.mention.mention_id in before], before)
        for read in edited:
            _count(counts, read.mention, before[read.mention.mention_id].labels, -1)
            _count(counts, read.mention, read.labels, 1)
        readings.replace_readings(tx, [_row(read, revision, now) for read in edited])
        batch.emptied = cases.remove_members(
            tx, [read.mention.mention_id for read in edited if not read.labels.complaint]
        )
        readings.save_predictions(
            tx, [(read.mention.mention_id, part) for read in (*fresh, *edited) for part in read.parts], now
        )
        for read in fresh:
            _count(counts, read.mention, read.labels, 1)
        trends.add(tx, counts, revision)
        trends.count_streams(tx, _ring_counts(fresh))
        members = cases.members_of(tx, [read.mention.mention_id for read in edited])
        complaints = [read for read in edited if read.labels.complaint]
        batch.fresh = fresh + [read for read in complaints if read.mention.mention_id not in members]
        batch.revised = [read for read in complaints if read.mention.mention_id in members]


def _edited(tx: Transaction, known: Sequence[ReadMention], before: Mapping[str, Held]) -> list[ReadMention]:
    """Those that were read before in another text, and are read now in the text that the post still has.

    A post may be edited while its first text is in the reader: whichever reading comes last, the newest text counts.
    """
    texts = posts.content_hashes(tx, [read.mention.mention_id for read in known])
    return [
        read
        for read in known
        if read.mention.content_hash == texts.get(read.mention.mention_id)
        and read.mention.content_hash != before[read.mention.mention_id].content_hash
    ]


def _row(read: ReadMention, revision: int, now: datetime) -> dict[str, Any]:
    return {
        "mention_id": read.mention.mention_id,
        "classifier": read.merged.classifier,
        "labels": read.labels.as_dict(),
        "complaint": read.labels.complaint,
        "score": round(read.merged.complaint or 0.0, 4),
        "is_uncertain": read.merged.uncertain,
        "content_hash": read.mention.content_hash,
        "revision": revision,
        "at": now,
    }


def _count(counts: BucketCounts, mention: Unread, labels: Labels, n: int) -> None:
    hour = floor_hour(mention.event_at)
    language = mention.language or "und"
    for dimension, value in values_of(labels, rating=mention.rating):
        key = BucketKey(mention.brand, mention.source, language, hour, dimension, value)
        counts[key, mention.visibility] += n


def _ring_counts(fresh: Iterable[ReadMention]) -> Counter[tuple[str, str, datetime]]:
    counts: Counter[tuple[str, str, datetime]] = Counter()
    for read in fresh:
        mention = read.mention
        if mention.is_late or mention.visibility == "private":
            continue
        slot = trends.slot_of(mention.event_at)
        counts[mention.brand, trends.ALL_MENTIONS, slot] += 1
        if read.labels.complaint:
            counts[mention.brand, trends.ALL_COMPLAINTS, slot] += 1
            counts[mention.brand, read.labels.failure or "other", slot] += 1
    return counts


def _quarantined(mention: Unread, why: str) -> Quarantined:
    return Quarantined(quarantine.CLASSIFY, mention.source, mention.external_id, why, mention.mention_id)
