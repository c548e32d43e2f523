"""Intake: everything before the queue. Events go in; posts, mentions, samples, gaps, checkpoint and work come
out stored.

One transaction a batch. Idempotent by (source, external_id): a second time changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from app.domain.clock import Clock
from app.domain.errors import CollectorError
from app.domain.ids import new_id
from app.domain.ports import Checkpoint, Event
from app.domain.posts import Author, EngagementSample, Gap, Post, PostKind, Tombstone
from app.pipeline.batch import IntakeStage, Item
from app.pipeline.normalise import clean, clean_id, owner_reply_id
from app.storage import cases, checkpoints, posts, quarantine, queue
from app.storage.database import Database, Transaction
from app.storage.quarantine import Quarantined

CREATED: Final = "created"
DUPLICATE: Final = "duplicate"
EDITED: Final = "edited"
UNMATCHED: Final = "unmatched"
QUARANTINED: Final = "quarantined"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one post."""

    source: str
    external_id: str
    outcome: str
    post_id: str | None = None
    reason: str | None = None


@dataclass(slots=True)
class IntakeReport:
    """What became of a batch, post by post, in order."""

    posts: list[Taken] = field(default_factory=list)
    removed: int = 0

    def count(self, outcome: str) -> int:
        """How many posts had this outcome."""
        return sum(taken.outcome == outcome for taken in self.posts)


@dataclass(frozen=True, slots=True)
class Run:
    """The collector's run that a batch belongs to: its counters are kept in the same transaction.

    `token` is that of the lease on the source, which each batch renews; `None` for a run that holds none.
    """

    id: str
    source: str
    token: str | None = None


class Intake:
    """Takes batches of events in.

    `as_live` is for replay: each post counts as first seen when it was written, as it would have been
    by a live monitor.
    """

    def __init__(
        self, database: Database, stages: Sequence[IntakeStage], *, clock: Clock, as_live: bool = False
    ) -> None:
        self._database = database
        self._stages = tuple(stages)
        self._clock = clock
        self._as_live = as_live

    def take(self, events: Iterable[Event], *, run: Run | None = None) -> IntakeReport:
        """Store a batch. The events after the last checkpoint are stored with it, too.

        Raises `CollectorError`, and stores nothing, where another worker holds the run's source by now.
        """
        batch = _Sorted.of(events)
        items = [self._item(post) for post in batch.posts]
        replies = [self._item(reply) for item in items for reply in _owner_replies(item)]
        now = self._database.now()
        with self._database.write() as tx:
            if run is not None and run.token is not None and not checkpoints.renew(tx, run.source, run.token, now):
                message = f"Another worker reads {run.source} by now: this one was too slow. What it stored is kept."
                raise CollectorError(message)
            report = _Storing(tx, now).store([*items, *replies], batch, run)
        report.posts = report.posts[: len(items)]
        return report

    def _item(self, post: Post) -> Item:
        now = self._clock.now()
        seen = post.created_at if self._as_live and post.created_at is not None else now
        item = Item(post, first_seen_at=seen, event_at=seen)
        for stage in self._stages:
            stage.run(item)
            if item.refused is not None:
                break
        return item


@dataclass(slots=True)
class _Sorted:
    """A batch by kind of event."""

    posts: list[Post] = field(default_factory=list)
    samples: list[EngagementSample] = field(default_factory=list)
    tombstones: list[Tombstone] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    checkpoint: Checkpoint | None = None

    @classmethod
    def of(cls, events: Iterable[Event]) -> "_Sorted":
        batch = cls()
        for event in events:
            match event:
                case Post():
                    batch.posts.append(event)
                case EngagementSample():
                    batch.samples.append(replace(event, external_id=clean_id(event.external_id)))
                case Tombstone():
                    stone = replace(event, external_id=clean_id(event.external_id), reason=clean(event.reason))
                    batch.tombstones += [stone, replace(stone, external_id=owner_reply_id(stone.external_id))]
                case Gap():
                    batch.gaps.append(event)
                case Checkpoint():
                    batch.checkpoint = event
        return batch


class _Storing:
    """One transaction of one batch."""

    def __init__(self, tx: Transaction, now: datetime) -> None:
        self._tx = tx
        self._now = now
        self._work: list[tuple[datetime, str]] = []

    def store(self, items: Sequence[Item], batch: _Sorted, run: Run | None) -> IntakeReport:
        report = IntakeReport()
        passing = {item.post.key: item for item in items if item.refused is None and item.brands}
        ids = self._insert(passing)
        known = posts.known_posts(self._tx, [key for key in passing if key not in ids])
        edited = self._revise([(known[key].id, passing[key]) for key in known if _is_edit(known[key], passing[key])])
        self._quarantine([item for item in items if item.refused is not None])
        self._samples(items, batch.samples, ids | {key: found.id for key, found in known.items()})
        report.posts = _once_created([_taken(item, ids, known, edited) for item in items])
        removed = posts.remove_posts(self._tx, batch.tombstones)
        cases.forget_authors(self._tx, removed)
        report.removed = len(removed)
        queue.publish(self._tx, queue.chunks_of([mention for _, mention in sorted(self._work)]), self._now)
        self._bookkeep(items, batch, run, report)
        return report

    def _insert(self, passing: Mapping[tuple[str, str], Item]) -> dict[tuple[str, str], str]:
        rows = [_post_row(new_id(), item) for item in passing.values()]
        inserted = posts.insert_posts(self._tx, rows)
        ids = {(row["source"], row["external_id"]): row["id"] for row in rows if row["id"] in inserted}
        mentions = [
            {"id": new_id(), "post_id": ids[key], "brand": brand, "role": role, "event_at": item.event_at}
            for key, item in passing.items()
            if key in ids
            for brand, role in item.brands
        ]
        posts.insert_mentions(self._tx, mentions)
        self._work += [(row["event_at"], row["id"]) for row in mentions]
        return ids

    def _revise(self, found: Sequence[tuple[str, Item]]) -> set[str]:
        rows = [
            {
                "post_id": post_id,
                "new_text": item.post.text,
                "new_title": item.post.title,
                "new_hash": item.content_hash,
                "new_edited_at": item.post.edited_at or self._now,
                "new_truncated": item.is_truncated,
            }
            for post_id, item in found
        ]
        posts.revise_posts(self._tx, rows)
        mentions = posts.mention_ids(self._tx, [post_id for post_id, _ in found])
        for post_id, item in found:
            self._work += [(item.event_at, mention) for mention in mentions.get(post_id, ())]
        return {post_id for post_id, _ in found}

    def _quarantine(self, refused: Sequence[Item]) -> None:
        held = [
            Quarantined(
                quarantine.INTAKE,
                item.post.source,
                item.post.external_id.encode(errors="replace").decode().replace("\x00", "")[:500],
                item.refused or "",
            )
            for item in refused
        ]
        quarantine.put(self._tx, held, self._now)

    def _samples(
        self, items: Sequence[Item], given: Sequence[EngagementSample], ids: Mapping[tuple[str, str], str]
    ) -> None:
        own = [(item.post.key, item.post.engagement) for item in items if item.post.engagement is not None]
        others = [((sample.source, sample.external_id), sample) for sample in given]
        missing = [key for key, _ in others if key not in ids]
        found = {**ids, **posts.post_ids_of(self._tx, missing)}
        matched = [(found[key], sample) for key, sample in (*own, *others) if key in found and sample.told]
        posts.insert_samples(self._tx, matched)
        self._wake_cases(sorted({post_id for post_id, sample in matched if sample in given}), given)

    def _wake_cases(self, post_ids: Sequence[str], given: Sequence[EngagementSample]) -> None:
        # A growing post is a reason to look at its case before its clock says so.
        if post_ids:
            at = max(sample.at for sample in given)
            cases.evaluate_soon(self._tx, cases.cases_of_posts(self._tx, post_ids), at)

    def _bookkeep(self, items: Sequence[Item], batch: _Sorted, run: Run | None, report: IntakeReport) -> None:
        if run is None:
            return
        checkpoints.add_gaps(self._tx, run.source, batch.gaps)
        if batch.checkpoint is not None:
            checkpoints.save_checkpoint(self._tx, run.source, batch.checkpoint, self._now)
        checkpoints.count_run(self._tx, run.id, seen=len(items), stored=report.count(CREATED))
        if items:
            checkpoints.saw_events(self._tx, run.source, max(item.event_at for item in items))


def _owner_replies(item: Item) -> list[Post]:
    """The answer that a review carries inside itself, as the post by the brand that it is."""
    post, said = item.post, item.post.owner_reply
    if said is None or item.refused is not None or not item.brands:
        return []
    brand = item.brands[0][0]
    return [
        Post(
            source=post.source,
            external_id=owner_reply_id(post.external_id),
            text=said.text,
            author=Author(f"owner:{brand}"),
            created_at=said.at or item.event_at,
            kind=PostKind.COMMENT,
            visibility=post.visibility,
            parent_id=post.external_id,
            brands=(brand,),
            by_brand=True,
        )
    ]


def _is_edit(known: posts.Known, item: Item) -> bool:
    return known.content_hash != item.content_hash and not known.is_removed


def _once_created(taken: Sequence[Taken]) -> list[Taken]:
    """A post that comes twice in one batch is stored once: every row after the first is a duplicate."""
    seen: set[str | None] = set()
    found = []
    for one in taken:
        again = one.outcome == CREATED and one.post_id in seen
        seen.add(one.post_id)
        found.append(replace(one, outcome=DUPLICATE) if again else one)
    return found


def _taken(
    item: Item, ids: Mapping[tuple[str, str], str], known: Mapping[tuple[str, str], posts.Known], edited: set[str]
) -> Taken:
    source, external_id = item.post.key
    if item.refused is not None:
        return Taken(source, external_id, QUARANTINED, reason=item.refused)
    if not item.brands:
        return Taken(source, external_id, UNMATCHED, reason="no watched brand is meant")
    if item.post.key in ids:
        return Taken(source, external_id, CREATED, ids[item.post.key])
    found = known[item.post.key]
    return Taken(source, external_id, EDITED if found.id in edited else DUPLICATE, found.id)


def _post_row(identity: str, item: Item) -> dict[str, Any]:
    post = item.post
    author = post.author
    return {
        "id": identity,
        "source": post.source,
        "external_id": post.external_id,
        "kind": post.kind.value,
        "visibility": post.visibility.value,
        "url": post.url,
        "title": post.title,
        "text": post.text,
        "is_truncated": item.is_truncated,
        "language": item.language,
        "author": author.external_id,
        "handle": author.handle,
        "author_name": author.name,
        "followers": author.followers,
        "is_verified": author.verified,
        "parent_id": post.parent_id,
        "thread_id": post.thread_id,
        "rating": post.rating,
        "rating_max": post.rating_max,
        "event_at": item.event_at,
        "created_at": post.created_at,
        "first_seen_at": item.first_seen_at,
        "is_late": item.is_late,
        "content_hash": item.content_hash,
    }
