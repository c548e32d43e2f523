"""Judging cases inside a transaction. The recording stages and the tick both come through here: one judgement."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.cases import Case
from app.domain.posts import EngagementSample
from app.escalation.alerts import eval_at
from app.escalation.following import resume
from app.escalation.judge import judge
from app.escalation.spread import sampled
from app.pipeline.alerting import Alerting, Judged
from app.pipeline.usual import UsualCache
from app.pipeline.watching import Watching, group_of_case
from app.storage import alerts, cases, posts
from app.storage.cases import Followed
from app.storage.database import Transaction


class JudgeCases:
    """Refreshes the spread of cases, judges them, saves what that changes and raises what must be raised."""

    def __init__(self, usual: UsualCache, alerting: Alerting) -> None:
        self._usual = usual
        self._alerting = alerting

    def run(self, tx: Transaction, watching: Watching, found: Sequence[tuple[Followed, datetime]]) -> int:
        """Judge each case at its instant; how many alert changes that made."""
        judged = [self._judge(tx, watching, one, at) for one, at in found]
        changes = self._alerting.follow_cases(tx, watching, judged)
        self._save(tx, judged)
        return changes

    def refreshed(self, tx: Transaction, found: Sequence[tuple[Followed, datetime]]) -> list[tuple[Followed, datetime]]:
        """The cases with the newest engagement of their posts, and with pauses that are over ended."""
        members = cases.posts_of_cases(tx, [one.case.id for one, _ in found])
        newest = posts.latest_samples(tx, [post for group in members.values() for post in group])
        after = []
        for one, at in found:
            told = [newest[post] for post in members.get(one.case.id, ()) if post in newest]
            case = resume(_with_spread(one.case, told, at), at)
            after.append((one if case is one.case else replace(one, case=case), at))
        changed = [one for (one, _), (before, _) in zip(after, found, strict=True) if one is not before]
        cases.save(tx, changed)
        return after

    def _judge(self, tx: Transaction, watching: Watching, found: Followed, at: datetime) -> Judged:
        case = found.case
        usual = self._usual.of(tx, case.brand, at)
        return Judged(found, judge(case, watching.policy_of(case.brand), now=at, usual=usual), at)

    def _save(self, tx: Transaction, judged: Sequence[Judged]) -> None:
        speaking = [one for one in judged if one.judgement.level is not None or one.found.case.level is not None]
        current = alerts.latest_of_groups(tx, [group_of_case(one.found.case.id) for one in speaking])
        rows = []
        for one in judged:
            alert = current.get(group_of_case(one.found.case.id))
            again = one.judgement.next_eval_at if alert is None else eval_at(alert, one.judgement)
            level = None if one.judgement.level is None else one.judgement.level.value
            # A case keeps its level while its alert lives, so that the next judgement still looks at the alert.
            if level is None and alert is not None and alert.resolved_at is None:
                level = one.found.case.level or alert.level.value
            rows.append((one.found.case.id, one.judgement.risk, level, again))
        cases.save_judgements(tx, [row for row, one in zip(rows, judged, strict=True) if _differs(row, one.found)])


def _differs(row: tuple[str, float, str | None, datetime | None], found: Followed) -> bool:
    case = found.case
    return row[2] != case.level or row[3] != case.next_eval_at or abs(row[1] - case.risk) > 1e-4


def _with_spread(case: Case, samples: Sequence[EngagementSample], at: datetime) -> Case:
    if not samples:
        return case
    last = max(sample.at for sample in samples)
    if case.engagement_at is not None and last <= case.engagement_at:
        return case
    return sampled(case, at=min(last, at), views=_sum(samples, "views"), engagement=_engagement(samples))


def _sum(samples: Sequence[EngagementSample], name: str) -> int | None:
    told = [value for value in (getattr(sample, name) for sample in samples) if value is not None]
    return sum(told) if told else None


def _engagement(samples: Sequence[EngagementSample]) -> int | None:
    told = [_sum(samples, name) for name in ("likes", "shares", "replies")]
    return None if all(value is None for value in told) else sum(value or 0 for value in told)
