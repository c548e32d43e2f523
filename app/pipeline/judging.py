"""Judging cases inside a transaction. The recording stages and the tick both come through here: one judgement."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.alerts import Alert
from app.domain.cases import Case
from app.domain.posts import EngagementSample
from app.escalation.alerts import eval_at
from app.escalation.following import resume
from app.escalation.judge import judge
from app.escalation.spread import sampled
from app.pipeline.alerting import Alerting, Judged
from app.pipeline.usual import UsualCache
from app.pipeline.watching import Watching
from app.storage import cases, posts
from app.storage.cases import CaseOutcome, Followed
from app.storage.database import Transaction


class JudgeCases:
    """Refreshes the spread of cases, judges them, saves what that changes and raises what must be raised."""

    def __init__(self, usual: UsualCache, alerting: Alerting) -> None:
        self._usual = usual
        self._alerting = alerting

    def run(self, tx: Transaction, watching: Watching, found: Sequence[tuple[Followed, datetime]]) -> None:
        """Judge each case at its instant."""
        judged = [self._judge(tx, watching, one, at) for one, at in found]
        current = self._alerting.follow_cases(tx, watching, judged)
        after = [(one, _outcome(one, current.get(one.found.case.id))) for one in judged]
        cases.save_judgements(tx, [outcome for one, outcome in after if _differs(outcome, one.found)])

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


def _outcome(one: Judged, alert: Alert | None) -> CaseOutcome:
    case, judgement = one.found.case, one.judgement
    again = judgement.next_eval_at if alert is None else eval_at(alert, judgement)
    level = None if judgement.level is None else judgement.level.value
    # A case keeps its level while its alert lives, so that the next judgement still looks at the alert.
    if level is None and alert is not None and alert.resolved_at is None:
        level = case.level or alert.level.value
    return CaseOutcome(case.id, judgement.risk, level, again)


def _differs(outcome: CaseOutcome, found: Followed) -> bool:
    case = found.case
    is_same = outcome.level == case.level and outcome.next_eval_at == case.next_eval_at
    return not is_same or abs(outcome.risk - case.risk) > 1e-4


def _with_spread(case: Case, samples: Sequence[EngagementSample], at: datetime) -> Case:
    if not samples:
        return case
    last = max(sample.at for sample in samples)
    if case.engagement_at is not None and last <= case.engagement_at:
        return case
    views = _sum(sample.views for sample in samples)
    return sampled(case, at=min(last, at), views=views, engagement=_sum(sample.reactions for sample in samples))


def _sum(values: Iterable[int | None]) -> int | None:
    told = [value for value in values if value is not None]
    return sum(told) if told else None
