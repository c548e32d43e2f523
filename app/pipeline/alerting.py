"""The one writer of alerts by rule: judgements in, changes with their deliveries out, in the caller's transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.alerts import Alert, AlertChange, AlertState, Evidence, Level
from app.domain.ids import new_id
from app.domain.policies import Policy
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

    def follow_cases(self, tx: Transaction, watching: Watching, judged: Sequence[Judged]) -> dict[str, Alert]:
        """Save what the judgements say; the alerts of these cases as they are then, by the case."""
        speaking = [one for one in judged if one.judgement.level is not None or one.found.case.level is not None]
        if not speaking:
            return {}
        day = _Day(tx, speaking)
        changes: list[AlertChange] = []
        for one in sorted(speaking, key=lambda one: (one.at, -one.judgement.risk, one.found.case.id)):
            found = self._follow(watching, one, day)
            day.note(found)
            changes += found
        self.save(tx, watching, changes)
        return {alert.case: alert for alert in day.current.values() if alert.case is not None}

    def _follow(self, watching: Watching, one: Judged, day: "_Day") -> list[AlertChange]:
        case = one.found.case
        policy = watching.policy_of(case.brand)
        return states.step(
            day.current.get(group_of_case(case.id)),
            one.judgement,
            subject=_subject(watching, one, day.members.get(case.id, ())),
            policy=policy,
            now=one.at,
            new_id=new_id,
            stream_alert=day.streams.get(case.brand),
            left=states.budget_left(policy.budget, day.opened(case.brand, one.at - _BUDGET_OVER)),
        )

    def has_stream_alert(self, tx: Transaction, brand: str) -> bool:
        """Whether the brand's stream has an alert that is not resolved."""
        return brand in alerts.live_stream_alerts(tx, [brand])

    def follow_stream(
        self, tx: Transaction, watching: Watching, brand: str, burst: Burst, failure: str | None, at: datetime
    ) -> bool:
        """The brand's stream alert after one look; whether it is open now.

        A burst opens it. While the stream is hot it is told by fresh evidence, may rise, and the cases that belong to
        it fold; `failure` is what names the burst. Calm for long enough, it falls and ends.
        """
        current = alerts.latest_of_groups(tx, [group_of_stream(brand)]).get(group_of_stream(brand))
        evidence: tuple[Evidence, ...] = ()
        if burst.is_hot:
            evidence = _stream_evidence(tx, brand, at, burst)
        elif current is not None:
            failure, evidence = current.failure, current.evidence
        judgement = judge_stream(burst, failure=failure)
        policy = watching.policy_of(brand)
        subject = Subject(
            group=group_of_stream(brand),
            brand=brand,
            failure=failure,
            owner=policy.row_for(failure, None).owner,
            evidence=evidence,
            classifier=watching.classifier,
            changed_at=at,
        )
        left = _left_of_day(tx, policy, brand, at) if judgement.level is Level.PAGE else None
        found = states.step(current, judgement, subject=subject, policy=policy, now=at, new_id=new_id, left=left)
        self.save(tx, watching, found)
        stream = found[-1].alert if found else current
        if stream is None or stream.state is AlertState.RESOLVED:
            if found:
                alerts.unfold(tx, found[-1].alert.id, at)
            return False
        if burst.is_hot and stream.state is not AlertState.SUPPRESSED:
            self._fold_under(tx, watching, stream, at)
        return True

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
        self.save(tx, watching, found)

    def save(self, tx: Transaction, watching: Watching, changes: Sequence[AlertChange]) -> int:
        """Write the changes with their deliveries; how many there were."""
        if not changes:
            return 0
        alerts.save_changes(tx, changes, watching.announcing(), now_of(tx))
        for change in changes:
            ALERT_CHANGES.labels(change.kind.value, change.alert.level.value).inc()
        return len(changes)


def _left_of_day(tx: Transaction, policy: Policy, brand: str, at: datetime) -> dict[str, int]:
    risen = alerts.risen_since(tx, [brand], at - _BUDGET_OVER)
    return states.budget_left(policy.budget, Counter(level for _, level, since in risen.values() if since <= at))


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
        """The brand's alerts within the day's budget that came to their level since an instant, by level."""
        return Counter(level for found, level, at in self._risen.values() if found == brand and at > since)

    def note(self, changes: Sequence[AlertChange]) -> None:
        """What was just decided counts for the next case."""
        for change in changes:
            alert = change.alert
            self.current[alert.group] = alert
            self._risen[alert.id] = (alert.brand, alert.level.value, alert.level_since)


def _subject(watching: Watching, one: Judged, members: Sequence[str]) -> Subject:
    case = one.found.case
    return Subject(
        group=group_of_case(case.id),
        brand=case.brand,
        case=case.id,
        visibility=one.found.visibility,
        failure=case.failure,
        owner=case.owner,
        evidence=_case_evidence(members or [case.first_post]) if one.judgement.level is not None else (),
        classifier=watching.classifier,
        # A clock that ran out is news, too: it must not wait until a resolved alert has grown old.
        changed_at=max(case.last_post_at, case.due_at if case.due_at and case.due_at <= one.at else case.last_post_at),
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
