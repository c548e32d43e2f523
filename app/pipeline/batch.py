"""What passes from stage to stage: intake items before the queue, read mentions after it."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.domain.posts import Post
from app.domain.predictions import Labels, Prediction
from app.storage.cases import Followed
from app.storage.database import Transaction
from app.storage.posts import Unread


@dataclass(slots=True)
class Item:
    """A post on its way in. A stage that cannot let it pass sets `refused`, which quarantines it alone."""

    post: Post
    first_seen_at: datetime
    event_at: datetime
    is_late: bool = False
    is_truncated: bool = False
    language: str | None = None
    content_hash: str = ""
    brands: tuple[tuple[str, str], ...] = ()
    """(brand, role) of each mention."""
    refused: str | None = None


class IntakeStage(Protocol):
    """A verb before the queue: works on the item in place, touches no database."""

    def run(self, item: Item) -> None:
        """Do it."""
        ...


@dataclass(frozen=True, slots=True)
class ReadMention:
    """A customer's mention with what the reader made of it."""

    mention: Unread
    parts: tuple[Prediction, ...]
    merged: Prediction

    @property
    def labels(self) -> Labels:
        """The decisions of all classifiers together."""
        return self.merged.labels


@dataclass(frozen=True, slots=True)
class ReadReply:
    """A reply of the brand with the acts that were read in it."""

    mention: Unread
    acts: frozenset[str]
    answered_by: str


@dataclass(slots=True)
class ReadBatch:
    """A micro-batch after the reader. The recording stages fill what is below `unreadable`."""

    read: Sequence[ReadMention] = ()
    replies: Sequence[ReadReply] = ()
    unreadable: Sequence[tuple[Unread, str]] = ()
    fresh: list[ReadMention] = field(default_factory=list)
    """Mentions that count with this transaction for the first time."""
    revised: list[ReadMention] = field(default_factory=list)
    """Complaints that were edited into other complaints; they are in their cases already."""
    emptied: set[str] = field(default_factory=set)
    """Cases whose last complaint was edited into something else."""
    touched: dict[str, Followed] = field(default_factory=dict)
    """Cases that this transaction changed, as they are now."""

    def __len__(self) -> int:
        return len(self.read) + len(self.replies) + len(self.unreadable)

    @property
    def mentions(self) -> list[Unread]:
        """All mentions in it, in the order of time."""
        found = [part.mention for part in self.read] + [part.mention for part in self.replies]
        found += [mention for mention, _ in self.unreadable]
        return sorted(found, key=lambda mention: (mention.event_at, mention.mention_id))

    def halves(self) -> "tuple[ReadBatch, ReadBatch]":
        """The earlier half of the mentions and the later one, as they came from the reader."""
        ids = [mention.mention_id for mention in self.mentions]
        return self._of(set(ids[: len(ids) // 2])), self._of(set(ids[len(ids) // 2 :]))

    def _of(self, ids: Set[str]) -> "ReadBatch":
        return ReadBatch(
            read=[part for part in self.read if part.mention.mention_id in ids],
            replies=[part for part in self.replies if part.mention.mention_id in ids],
            unreadable=[part for part in self.unreadable if part[0].mention_id in ids],
        )


class RecordStage(Protocol):
    """A verb inside the recording transaction; idempotent: the same batch again changes nothing."""

    def run(self, tx: Transaction, batch: ReadBatch) -> None:
        """Do it."""
        ...
