"""Follow: complaints join their cases, the brand's replies answer them; by `app.escalation.following`."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.domain.cases import Case
from app.domain.clock import floor_hour
from app.domain.ids import new_id
from app.domain.policies import Policy
from app.domain.posts import EngagementSample
from app.escalation import following
from app.escalation.following import BrandReply, ComplaintFacts, Place
from app.pipeline.batch import ReadBatch, ReadMention, ReadReply
from app.pipeline.watching import Watching
from app.storage import cases, leases, posts, trends
from app.storage.cases import CaseKey, Followed
from app.storage.database import Transaction, now_of
from app.storage.posts import Unread
from app.storage.trends import BucketCounts, answer_key

_PlaceKey = tuple[str, str, str | None]
"""Brand, source, and a post or a thread there."""


class Follow:
    """The stage that keeps the cases."""

    def __init__(self, watching: Callable[[Transaction], Watching]) -> None:
        self._watching = watching

    def run(self, tx: Transaction, batch: ReadBatch) -> None:
        """Fill `batch.touched` with the cases as they are after this batch."""
        followed = [read for read in batch.fresh if read.mention.is_followed]
        complaints = [read for read in followed if read.labels.complaint]
        ended = [read for read in followed if not read.labels.complaint and "resolved" in read.labels.signals]
        if not (complaints or ended or batch.replies or batch.emptied or batch.revised):
            return
        leases.one_at_a_time(tx)
        complaints, ended = _without_erased(tx, complaints), _without_erased(tx, ended)
        book = _Book(tx, self._watching(tx))
        book.load({_key(read.mention) for read in (*complaints, *ended)})
        book.load_replies(batch.replies)
        book.withdraw(batch.emptied)
        book.revise(batch.revised)
        steps: list[ReadMention | ReadReply] = sorted(
            (*complaints, *ended, *batch.replies), key=lambda step: (step.mention.event_at, step.mention.mention_id)
        )
        samples = posts.latest_samples(tx, [read.mention.post_id for read in complaints])
        for step in steps:
            if isinstance(step, ReadReply):
                book.reply(step)
            elif step.labels.complaint:
                book.complain(step, samples.get(step.mention.post_id))
            else:
                book.end(step)
        book.adopt_early_replies(complaints)
        book.save()
        batch.touched = book.touched


@dataclass(slots=True)
class _Entry:
    found: Followed
    is_new: bool


class _Book:
    """The cases of one transaction, by author and by id."""

    def __init__(self, tx: Transaction, watching: Watching) -> None:
        self._tx = tx
        self._watching = watching
        self._by_key: dict[CaseKey, str] = {}
        self._entries: dict[str, _Entry] = {}
        self._changed: set[str] = set()
        self._members: list[tuple[str, str]] = []
        self._post_case: dict[_PlaceKey, str] = {}
        self._thread_case: dict[_PlaceKey, str] = {}
        self._known_replies: dict[str, Mapping[str, Any]] = {}
        self._answered: BucketCounts = Counter()

    @property
    def touched(self) -> dict[str, Followed]:
        return {case_id: self._entries[case_id].found for case_id in self._changed}

    def load(self, keys: set[CaseKey]) -> None:
        for key, found in cases.latest_by_author(self._tx, sorted(keys)).items():
            self._by_key[key] = found.case.id
            self._entries[found.case.id] = _Entry(found, is_new=False)

    def complain(self, read: ReadMention, sample: EngagementSample | None) -> None:
        mention = read.mention
        policy = self._watching.policy_of(mention.brand)
        facts = _facts(read, sample)
        key = _key(mention)
        known = self._by_key.get(key)
        if known is not None and following.can_join(self._entries[known].found.case, facts.at):
            self._join(known, facts, policy)
        else:
            known = self._open(mention, facts, policy)
        self._members.append((mention.mention_id, known))
        self._post_case[mention.brand, mention.source, mention.external_id] = known
        if mention.thread_id is not None:
            self._thread_case[mention.brand, mention.source, mention.thread_id] = known

    def withdraw(self, case_ids: set[str]) -> None:
        """Nothing is left to follow in a case whose only complaint was edited into something else."""
        for case_id, found in cases.by_ids(self._tx, sorted(case_ids)).items():
            self._entries.setdefault(case_id, _Entry(found, is_new=False))
            self._put(case_id, following.close(found.case, at=found.case.last_post_at))

    def revise(self, edited: Sequence[ReadMention]) -> None:
        """Complaints were edited into other complaints: their cases take what is worse in the new text."""
        members = cases.members_of(self._tx, [read.mention.mention_id for read in edited])
        for read in edited:
            case_id = members.get(read.mention.mention_id)
            if case_id is not None:
                case = self._entry(case_id).found.case
                policy = self._watching.policy_of(case.brand)
                self._put(case_id, following.revise(case, _facts(read, None), policy))

    def end(self, read: ReadMention) -> None:
        known = self._by_key.get(_key(read.mention))
        if known is not None:
            self._put(known, following.close(self._entries[known].found.case, at=read.mention.event_at))

    def load_replies(self, replies: Sequence[ReadReply]) -> None:
        self._known_replies = cases.replies_of(self._tx, [said.mention.mention_id for said in replies])

    def reply(self, said: ReadReply) -> None:
        row = self._reply_row(said)
        known = self._known_replies.get(said.mention.mention_id)
        if known is not None:
            self._revise_reply(known, row)
            return
        row["case_id"] = self._case_of_reply(row)
        if cases.insert_reply(self._tx, row) and row["case_id"] is not None:
            self._answer(row["case_id"], row)

    def _revise_reply(self, known: Mapping[str, Any], row: dict[str, Any]) -> None:
        """A reply that is read again changes nothing, unless the brand has edited it."""
        if all(known[name] == row[name] for name in ("acts", "answered_by")):
            return
        row["case_id"] = case_id = known["case_id"]
        cases.revise_reply(self._tx, row)
        if case_id is not None:
            found = self._entry(case_id).found
            self._put(case_id, replace(found.case, reply_count=found.case.reply_count - 1))
            self._answer(case_id, row)

    def adopt_early_replies(self, complaints: Sequence[ReadMention]) -> None:
        """Replies that were recorded before the complaint they answer: queues do not promise an order."""
        by_source: dict[str, list[str]] = {}
        for read in complaints:
            by_source.setdefault(read.mention.source, []).append(read.mention.external_id)
        for source, external_ids in by_source.items():
            for row in cases.early_replies(self._tx, source, external_ids):
                case_id = self._post_case.get((row["brand"], source, row["parent_id"]))
                if case_id is not None:
                    cases.attach_reply(self._tx, row["mention_id"], case_id)
                    self._answer(case_id, row)

    def save(self) -> None:
        changed = [self._entries[case_id] for case_id in sorted(self._changed)]
        cases.insert(self._tx, [entry.found for entry in changed if entry.is_new])
        cases.save(self._tx, [entry.found for entry in changed if not entry.is_new])
        cases.add_members(self._tx, self._members)
        if self._answered:
            trends.add(self._tx, self._answered, trends.next_revision(self._tx, now_of(self._tx)))

    def _open(self, mention: Unread, facts: ComplaintFacts, policy: Policy) -> str:
        sight = self._watching.sight_of(mention.source)
        place = Place(
            mention.brand,
            mention.source,
            _author(mention),
            has_clock=sight.answerable and not self._joins_a_chorus(mention),
            sees_replies=sight.sees_replies,
        )
        case = following.open_case(facts, place, policy, id=new_id())
        found = Followed(case, mention.language or "und", mention.visibility)
        self._by_key[_key(mention)] = case.id
        self._entries[case.id] = _Entry(found, is_new=True)
        self._changed.add(case.id)
        self._count_answer(found, "no", 1)
        return case.id

    def _joins_a_chorus(self, mention: Unread) -> bool:
        """Whether this comments on somebody else's complaint: an answer there answers it, so it needs no own clock."""
        if mention.parent_id is None:
            return False
        parent = {"source": mention.source, "brand": mention.brand, "parent_id": mention.parent_id, "thread_id": None}
        case_id = self._post_case.get((mention.brand, mention.source, mention.parent_id)) or cases.case_answered_by(
            self._tx, parent
        )
        return case_id is not None and self._by_key.get(_key(mention)) != case_id

    def _join(self, case_id: str, facts: ComplaintFacts, policy: Policy) -> None:
        found = self._entries[case_id].found
        # A pause that is over ends here, too: it must not matter whether the tick or the next post comes first.
        after = following.join(following.resume(found.case, facts.at), facts, policy)
        self._put(case_id, after)
        if floor_hour(after.opened_at) != floor_hour(found.case.opened_at):
            value = "no" if found.first_answered_at is None else "yes"
            self._count_answer(found, value, -1)
            self._count_answer(self._entries[case_id].found, value, 1)

    def _answer(self, case_id: str, row: Mapping[str, Any]) -> None:
        found = self._entries[case_id].found
        reply = BrandReply(
            row["post_id"], row["at"], frozenset(row["acts"]), row["answered_by"], row["meets_policy"], row["why"]
        )
        after = following.answer(
            following.resume(found.case, reply.at), reply, self._watching.policy_of(found.case.brand)
        )
        self._put(case_id, after)
        if after.answered_at is not None and found.first_answered_at is None:
            self._entries[case_id].found = replace(self._entries[case_id].found, first_answered_at=after.answered_at)
            self._count_answer(found, "no", -1)
            self._count_answer(found, "yes", 1)

    def _put(self, case_id: str, case: Case) -> None:
        entry = self._entries[case_id]
        entry.found = replace(entry.found, case=case)
        self._changed.add(case_id)

    def _case_of_reply(self, row: Mapping[str, Any]) -> str | None:
        brand, source = row["brand"], row["source"]
        case_id = (
            self._post_case.get((brand, source, row["parent_id"]))
            or cases.case_answered_by(self._tx, {**row, "thread_id": None})
            or self._thread_case.get((brand, source, row["thread_id"]))
            or cases.case_answered_by(self._tx, {**row, "parent_id": None})
        )
        if case_id is not None:
            self._entry(case_id)
        return case_id

    def _entry(self, case_id: str) -> _Entry:
        if case_id not in self._entries:
            self._entries[case_id] = _Entry(cases.by_ids(self._tx, [case_id])[case_id], is_new=False)
        return self._entries[case_id]

    def _reply_row(self, said: ReadReply) -> dict[str, Any]:
        mention = said.mention
        rules = self._watching.policy_of(mention.brand).reply
        meets, why = following.meets_policy(said.acts, said.answered_by, rules)
        return {
            "mention_id": mention.mention_id,
            "post_id": mention.post_id,
            "brand": mention.brand,
            "source": mention.source,
            "parent_id": mention.parent_id,
            "thread_id": mention.thread_id,
            "case_id": None,
            "at": mention.event_at,
            "acts": sorted(said.acts),
            "answered_by": said.answered_by,
            "meets_policy": meets,
            "why": why,
        }

    def _count_answer(self, found: Followed, value: str, n: int) -> None:
        self._answered[answer_key(found, value)] += n


def _without_erased(tx: Transaction, read: Sequence[ReadMention]) -> list[ReadMention]:
    """The same, with no author where the post was removed while its text was in the reader."""
    removed = posts.removed_among(tx, [one.mention.post_id for one in read])
    return [
        replace(one, mention=one.mention._replace(author=None)) if one.mention.post_id in removed else one
        for one in read
    ]


def _facts(read: ReadMention, sample: EngagementSample | None) -> ComplaintFacts:
    mention = read.mention
    return ComplaintFacts(
        mention_id=mention.mention_id,
        post_id=mention.post_id,
        at=mention.event_at,
        complaint=read.merged.complaint or 0.0,
        labels=read.labels,
        followers=mention.followers,
        views=None if sample is None else sample.views,
        engagement=None if sample is None else sample.reactions,
        language=mention.language,
        verified=mention.is_verified,
        is_late=mention.is_late,
    )


def _author(mention: Unread) -> str:
    # A post without an author can never be joined by another: it is a case of its own.
    return mention.author or f"post:{mention.post_id}"


def _key(mention: Unread) -> CaseKey:
    return (mention.brand, mention.source, _author(mention), mention.visibility)
