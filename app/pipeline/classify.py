"""Classify: a micro-batch of mentions through every classifier. Outside any transaction; changes nothing."""

from collections.abc import Sequence
from typing import Protocol

from app.domain.ports import Classifier
from app.domain.predictions import Prediction, Reading, Unreadable, merge
from app.pipeline.batch import ReadBatch, ReadMention, ReadReply
from app.storage.posts import Unread


class ReplyReading(Protocol):
    """What was read in one reply of the brand."""

    @property
    def acts(self) -> frozenset[str]:
        """The acts of TAXONOMY section 10."""
        ...

    @property
    def answered_by(self) -> str:
        """`person`, `bot` or `unknown`."""
        ...


class ReplyReader(Protocol):
    """Reads what the brand's own replies do."""

    def read(self, texts: Sequence[str]) -> Sequence[ReplyReading]:
        """In order."""
        ...


class Classify:
    """Reads customers' mentions with all classifiers, side by side, and the brand's replies with the reply reader."""

    def __init__(self, classifiers: Sequence[Classifier], replies: ReplyReader) -> None:
        self._classifiers = tuple(classifiers)
        self._replies = replies
        self.version = "+".join(classifier.version for classifier in self._classifiers)

    def run(self, mentions: Sequence[Unread]) -> ReadBatch:
        """Skip what was read already and has not changed since."""
        due = [mention for mention in mentions if mention.read_hash != mention.content_hash]
        customers = [mention for mention in due if not mention.is_reply]
        batch = self._read(customers)
        batch.replies = self._read_replies([mention for mention in due if mention.is_reply])
        return batch

    def _read(self, mentions: Sequence[Unread]) -> ReadBatch:
        readings = [Reading(m.mention_id, _full_text(m), m.language, m.brand) for m in mentions]
        results = self.read(readings)
        read, unreadable = [], []
        for mention, parts in zip(mentions, results, strict=True):
            if isinstance(parts, Unreadable):
                unreadable.append((mention, parts.reason))
            else:
                read.append(ReadMention(mention, parts, merge(parts)))
        return ReadBatch(read=read, unreadable=unreadable)

    def read(self, readings: Sequence[Reading]) -> list[tuple[Prediction, ...] | Unreadable]:
        """Each text by every classifier; what one of them cannot read is unreadable."""
        columns = [classifier.read(readings) for classifier in self._classifiers] if readings else []
        return [_side_by_side(row) for row in zip(*columns, strict=True)]

    def _read_replies(self, mentions: Sequence[Unread]) -> list[ReadReply]:
        found = self._replies.read([_full_text(mention) for mention in mentions]) if mentions else []
        return [
            ReadReply(mention, frozenset(said.acts), said.answered_by)
            for mention, said in zip(mentions, found, strict=True)
        ]


def _side_by_side(row: Sequence[Prediction | Unreadable]) -> tuple[Prediction, ...] | Unreadable:
    bad = next((part for part in row if isinstance(part, Unreadable)), None)
    return bad if bad is not None else tuple(part for part in row if isinstance(part, Prediction))


def _full_text(mention: Unread) -> str:
    text = mention.text or ""
    return text if mention.title is None or text.startswith(mention.title) else f"{mention.title}\n{text}"
