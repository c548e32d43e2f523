"""Every interface that the product is composed of; one implementation a file, one contract suite a port."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from app.domain.alerts import Endpoint, Outcome, OutgoingMessage
from app.domain.brands import Brand, SourceConfig
from app.domain.posts import EngagementSample, Gap, Post, Tombstone
from app.domain.predictions import Prediction, Reading, Unreadable


class Classifier(Protocol):
    """Texts to predictions, in order; a text that cannot be read comes back as `Unreadable`, its neighbours pass."""

    version: str

    def read(self, readings: Sequence[Reading]) -> list[Prediction | Unreadable]:
        """Read a batch."""
        ...


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a collector can see; declared, held against `docs/collectors.md` and its runs by the contract suite."""

    sees_replies: bool
    engagement: frozenset[str] = frozenset()
    edits: bool = False
    deletes: bool = False
    answerable: bool = True
    """Whether a brand can answer in public there at all; news and feeds cannot, so their cases have no clock."""
    needs: tuple[str, ...] = ()
    """Names of the options that must be set."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a collector stopped: opaque JSON, saved in the same transaction as the posts it covers."""

    value: Mapping[str, Any] = field(default_factory=dict)


Event = Post | Tombstone | EngagementSample | Gap | Checkpoint
"""What a collector emits. A `Checkpoint` closes the batch of events before it: they are stored together."""


@dataclass(frozen=True, slots=True)
class CollectRequest:
    """What to pull: the source's configuration, the brands it serves, and the secret it names (never logged)."""

    source: SourceConfig
    brands: tuple[Brand, ...]
    token: str | None = None


class Collector(Protocol):
    """Reads one kind of source. It knows no database and no model, and never sleeps on its own.

    Raises a `CollectorError`; what it emitted up to the last `Checkpoint` is kept.
    """

    kind: str
    capabilities: Capabilities

    def collect(self, request: CollectRequest, since: Checkpoint | None) -> AsyncIterator[Event]:
        """Everything new since the checkpoint, oldest first where the source allows."""
        ...


class Notifier(Protocol):
    """Sends one message to one endpoint, once; it neither retries by itself nor raises for what the network does."""

    kind: str

    async def send(self, endpoint: Endpoint, message: OutgoingMessage) -> Outcome:
        """Send, and say how it went."""
        ...


@dataclass(frozen=True, slots=True)
class Chunk:
    """Work for one micro-batch: `id` is its de-duplication id, `mentions` what is to be read."""

    id: str
    mentions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChunkLease:
    """A chunk held until `until`; `token` fences a holder that was too slow; `attempt` counts from 1."""

    chunk: Chunk
    token: str
    attempt: int
    until: datetime


@dataclass(frozen=True, slots=True)
class QueueStats:
    """How full the queue is."""

    pending: int
    in_flight: int
    redelivered: int
    oldest_age: timedelta | None


class WorkQueue(Protocol):
    """Hands chunks from collecting to reading. At least once: a chunk that is not acknowledged comes again."""

    async def publish(self, chunks: Sequence[Chunk]) -> None:
        """Return only when the chunks are durable; a chunk id that is known is ignored."""
        ...

    async def pull(self, max_chunks: int, wait: float) -> list[ChunkLease]:
        """Up to `max_chunks` leases; waits at most `wait` seconds for the first."""
        ...

    async def ack(self, leases: Sequence[ChunkLease]) -> None:
        """Done: never again."""
        ...

    async def nack(self, leases: Sequence[ChunkLease], delay: timedelta) -> None:
        """Not done: again after `delay`."""
        ...

    async def extend(self, leases: Sequence[ChunkLease]) -> None:
        """Still working on it."""
        ...

    async def dead(self, lease: ChunkLease, why: str) -> None:
        """Never again, and kept with its reason."""
        ...

    async def stats(self) -> QueueStats:
        """How full it is."""
        ...
