"""Classify: a micro-batch of mentions through every classifier. Outside any transaction; changes nothing."""

from collections.abc import Sequence
from typing import Protocol

from app.domain.predictions import Reading, Unreadable, merge
from app.pipeline.batch import ReadBatch, ReadMention, ReadReply
from app.pipeline.side_by_side import SideBySide
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

    def __init__(self, readers: SideBySide, replies: ReplyReader) -> None:
        self._readers = readers
        self._replies = replies
        self.version = readers.version

    def run(self, mentions: Sequence[Unread]) -> ReadBatch:
        """Skip what was read already and has not changed since."""
        due = [mention for mention in mentions if mention.read_hash != mention.content_hash]
        gone = [mention for mention in due if mention.text is None and mention.title is None]
        due = [mention for mention in due if mention not in gone]
        batch = self._read([mention for mention in due if not mention.is_reply])
        batch.unreadable = [*batch.unreadable, *((mention, "removed before it was read") for mention in gone)]
        batch.replies = self._read_replies([mention for mention in due if mention.is_reply])
        return batch

    def _read(self, mentions: Sequence[Unread]) -> ReadBatch:
        readings = [Reading(m.mention_id, _full_text(m), m.language, m.brand) for m in mentions]
        results = self._readers.read(readings)
        read, unreadable = [], []
        for mention, parts in zip(mentions, results, strict=True):
            if isinstance(parts, Unreadable):
                unreadable.append((mention, parts.reason))
            else:
                read.append(ReadMention(mention, parts, merge(parts)))
        return ReadBatch(read=read, unreadable=unreadable)

    def _read_replies(self, mentions: Sequence[Unread]) -> list[ReadReply]:
        found = self._replies.read([_full_text(mention) for mention in mentions]) if mentions else []
        return [
            ReadReply(mention, frozenset(said.acts), said.answered_by)
            for mention, said in zip(mentions, found, strict=True)
        ]


def _full_text(mention: Unread) -> str:
    text = mention.text or ""
    return text if mention.title is None or text.startswith(mention.title) else f"{mention.title}\n{text}"
