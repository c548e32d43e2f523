"""The one writer of alerts by rule: judgements in, changes with their deliveries out, in the caller's transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.domain.alerts import Alert, AlertChange, AlertState, Evidence
from app.domain.ids import new_id
from app.escalation import alerts as states
from app.escalation.alerts import Subject
from app.escalation.burst import Burst
from app.escalation.judge import Judgement
from app.escalation.streams import judge_stream
from app.observability import ALERT_CHANGES
from app.pipeline.watching import Watching, group_of_case, group_of_stream
from app.storage import alerts, cases
from app.storage.cases import Followed
from app.storage.database import Transaction, now_of

_BUDGET_OVER: Final = timedelta(hours=24)
_MOST_EVIDENCE: Final = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with its judgement at one instant."""

    found: Followed
    judgement: Judgement
    at: datetime


class Alerting:
    """Turns judgements into changes. Holds no state: what it needs is read in the transaction."""

    def follow_cases(self, tx: Transaction, watching: Watching, judged: Sequence[Judged]) -> int:
        """The alerts of these cases after their judgement; how many changes that made."""
        speaking = [one for one in judged if one.judgement.level is not None or one.found.case.level is not None]
        if not speaking:
            return 0
        day = _Day(tx, speaking)
        changes: list[AlertChange] = []
        for one in sorted(speaking, key=lambda one: (one.at, -one.judgement.risk, one.found.case.id)):
            found = self._follow(watching, one, day)
            day.note(found)
            changes += found
        return self.save(tx, watching, changes)

    def _follow(self, watching: Watching, one: Judged, day: "_Day") -> list[AlertChange]:
        case = one.found.case
        policy = watching.policy_of(case.brand)
        found = states.step(
            day.current.get(group_of_case(case.id)),
            one.judgement,
            subject=_subject(watching, one, day.members.get(case.id, ())),
            policy=policy,
            now=one.at,
            new_id=new_id,
            stream_alert=day.streams.get(case.brand),
            left=states.budget_left(policy.budget, day.opened(case.brand, one.at - _BUDGET_OVER)),
        )
        return _with_visibility(found, one.found.visibility)

    def raise_stream(
        self, tx: Transaction, watching: Watching, brand: str, burst: Burst, failure: str | None, at: datetime
    ) -> None:
        """A burst fired: open the brand's stream alert, or say that it goes on; fold the cases that belong to it."""
        group = group_of_stream(brand)
        judgement = judge_stream(burst, failure=failure)
        policy = watching.policy_of(brand)
        subject = Subject(
            group=group,
            brand=brand,
            failure=failure,
            owner=policy.row_for(failure, None).owner,
            evidence=_stream_evidence(tx, brand, at, burst),
            classifier=watching.classifier,
            changed_at=at,
        )
        current = alerts.latest_of_groups(tx, [group]).get(group)
        found = states.step(current, judgement, subject=subject, policy=policy, now=at, new_id=new_id)
        self.save(tx, watching, found)
        stream = alerts.live_stream_alerts(tx, [brand]).get(brand)
        if stream is not None:
            self._fold_under(tx, watching, stream, at)

    def relax_stream(self, tx: Transaction, watching: Watching, stream: Alert, burst: Burst, at: datetime) -> None:
        """How an open stream alert stands without a new burst: it leaves its level when the stream has stayed low."""
        judgement = judge_stream(burst, failure=stream.failure)
        policy = watching.policy_of(stream.brand)
        subject = Subject(
            group=stream.group,
            brand=stream.brand,
            failure=stream.failure,
            owner=stream.owner,
            evidence=stream.evidence,
            classifier=watching.classifier,
            changed_at=at,
        )
        found = states.step(stream, judgement, subject=subject, policy=policy, now=at, new_id=new_id)
        self.save(tx, watching, found)
        if any(change.alert.state is AlertState.RESOLVED for change in found):
            alerts.unfold(tx, stream.id, at)

    def _fold_under(self, tx: Transaction, watching: Watching, stream: Alert, at: datetime) -> None:
        open_cases = alerts.live_case_alerts(tx, stream.brand)
        folding = [found for found in open_cases if not found.is_hard and stream.failure in (None, found.failure)]
        self.save(tx, watching, [states.fold(found, stream, at) for found in folding])

    def card(self, tx: Transaction, watching: Watching, subject: Subject, judgement: Judgement, at: datetime) -> None:
        """A card that stands for many: told when it appears and when it ends, brought up to date in silence."""
        current = alerts.latest_of_groups(tx, [subject.group]).get(subject.group)
        if current is None and judgement.level is None:
            return
        policy = watching.policy_of(subject.brand)
        found = states.step(current, judgement, subject=subject, policy=policy, now=at, new_id=new_id)
        visibility = "private" if subject.group.endswith(":private") else "public"
        self.save(tx, watching, _with_visibility(found, visibility))

    def save(self, tx: Transaction, watching: Watching, changes: Sequence[AlertChange]) -> int:
        """Write the changes with their deliveries; how many there were."""
        if not changes:
            return 0
        alerts.save_changes(tx, changes, watching.announcing(), now_of(tx))
        for change in changes:
            ALERT_CHANGES.labels(change.kind.value, change.alert.level.value).inc()
        return len(changes)


class _Day:
    """What the cases of one transaction are followed against: their alerts, their brands' streams and spent budgets."""

    def __init__(self, tx: Transaction, speaking: Sequence[Judged]) -> None:
        found = [one.found.case for one in speaking]
        brands = sorted({case.brand for case in found})
        self.current = alerts.latest_of_groups(tx, [group_of_case(case.id) for case in found])
        self.streams = alerts.live_stream_alerts(tx, brands)
        self.members = cases.posts_of_cases(tx, [case.id for case in found])
        since = min(one.at for one in speaking) - _BUDGET_OVER
        self._risen = alerts.risen_since(tx, brands, since)

    def opened(self, brand: str, since: datetime) -> Counter[str]:
        """The brand's case alerts that came to their level since an instant, by level."""
        return Counter(level for found, level, at in self._risen.values() if found == brand and at > since)

    def note(self, changes: Sequence[AlertChange]) -> None:
        """What was just decided counts for the next case."""
        for change in changes:
            alert = change.alert
            self._risen[alert.id] = (alert.brand, alert.level.value, alert.level_since)


def _subject(watching: Watching, one: Judged, members: Sequence[str]) -> Subject:
    case = one.found.case
    return Subject(
        group=group_of_case(case.id),
        brand=case.brand,
        case=case.id,
        failure=case.failure,
        owner=case.owner,
        evidence=_case_evidence(members or [case.first_post]) if one.judgement.level is not None else (),
        classifier=watching.classifier,
        changed_at=case.last_post_at,
    )


def _case_evidence(members: Sequence[str]) -> tuple[Evidence, ...]:
    first, latest = members[0], members[-1]
    middle = [Evidence(post, "repeat") for post in members[1:-1][-(_MOST_EVIDENCE - 2) :]]
    last = [Evidence(latest, "latest")] if latest != first else []
    return (Evidence(first, "first_complaint"), *middle, *last)


def _stream_evidence(tx: Transaction, brand: str, at: datetime, burst: Burst) -> tuple[Evidence, ...]:
    since = at - timedelta(minutes=burst.window_minutes)
    return tuple(
        Evidence(post, "in_burst") for post in cases.strongest_complaints(tx, brand, since, at, _MOST_EVIDENCE)
    )


def _with_visibility(changes: Iterable[AlertChange], visibility: str) -> list[AlertChange]:
    return [replace(change, alert=replace(change.alert, visibility=visibility)) for change in changes]
