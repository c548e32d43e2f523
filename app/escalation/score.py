"""The case leg: an additive scorecard. Each row adds to the log-odds that this complaint escalates.

The weights are an expert prior (ESCALATION section 5), not fitted: `BASE` says that of ordinary complaints two in a
hundred need somebody now. All weights of risks are at least 0, so that one more signal never lowers the risk. An input
that the source does not tell adds 0. `docs/escalation.md` shows the table, and a test compares it with this file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import log1p, log10
from typing import Final

from app.domain.cases import Case
from app.escalation.risk import logit
from app.escalation.spread import growth, is_fresh

BASE: Final = -4.0
"""Log-odds of an ordinary complaint (probability 0.9, gravity 1, no reproach, fresh, of usual reach): 1.8 %."""
COMPLAINT_WEIGHT: Final = 0.3
"""Times logit p(complaint) less that of 0.9."""
_USUAL_LOGIT: Final = logit(0.9)
SEVERITY: Final[Mapping[str | None, float]] = {
    None: 0.0,
    "no_reproach": 0.0,
    "disapproval": 0.2,
    "accusation": 0.5,
    "blame": 0.9,
}
GRAVITY: Final = (-2.0, 0.0, 0.4, 1.2, 2.2)
SIGNALS: Final[Mapping[str, float]] = {
    "unanswered": 0.4,
    "repeated": 0.5,
    "handed_on": 0.5,
    "refused_redress": 0.8,
    "churn": 0.3,
    "threat": 1.6,
    "rally": 1.4,
    "bot_frustration": 0.3,
    "vulnerable": 0.3,
}
"""`resolved` and `loyal` add nothing here: they end a case, they do not weigh against another signal."""
FOLLOWERS: Final = (0.5, 1.5)
"""Weight times log10(followers / brand's usual), at most the cap."""
VERIFIED: Final = 0.2
SPREAD: Final = (0.6, 2.4)
"""The same of views, or of engagement where that stands out more."""
VELOCITY: Final = (0.6, 1.8)
"""The same of what came in the last hour."""
UNANSWERED: Final = (0.37, 2.6)
"""Weight times ln(1 + waited / allowed) once the clock has run out, at most the cap."""
TONE: Final[Mapping[str | None, float]] = {None: 0.0, "plain": 0.0, "calming": -0.4, "template": 0.4, "denying": 0.8}
"""Tone of the brand's last reply [Herhausen et al. 2019]."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for the brand: 95 of 100 of its posts stay under these. The defaults are for an unknown brand."""

    followers_p95: float = 10_000
    views_p95: float = 5_000
    engagement_p95: float = 50
    views_hour_p95: float = 1_000
    engagement_hour_p95: float = 20


ORDINARY: Final = Usual()
Parts = dict[str, float]
"""Row of the scorecard -> what it adds, in the order of the table; rows that add nothing are left out."""


def scorecard(case: Case, *, gravity: int, waited: float, usual: Usual, now: datetime) -> Parts:
    """What each row adds. `waited` is time since the clock began over time allowed, 0 while it has not run out."""
    parts: Parts = {
        "complaint": COMPLAINT_WEIGHT * (logit(case.complaint) - _USUAL_LOGIT),
        "severity": SEVERITY.get(case.severity, 0.0),
        "gravity": GRAVITY[gravity],
    }
    for signal in case.signals:
        if signal in SIGNALS:
            parts[signal] = SIGNALS[signal]
    if case.followers is not None and case.followers > usual.followers_p95:
        parts["followers"] = _tenfolds(case.followers, usual.followers_p95, FOLLOWERS)
    if case.verified:
        parts["verified"] = VERIFIED
    if case.engagement_at is not None:
        _add_spread(parts, case, usual, now)
    if waited > 0:
        parts["waited"] = min(UNANSWERED[1], UNANSWERED[0] * log1p(waited))
    if case.reply_tone is not None:
        parts["reply"] = TONE.get(case.reply_tone, 0.0)
    return parts


def log_odds(parts: Parts) -> float:
    """The sum of the scorecard."""
    return BASE + sum(parts.values())


def standing(case: Case, usual: Usual) -> tuple[str, float, float]:
    """The reach that stands out most against the usual: its name, its value, the usual."""
    found = ("followers", float(case.followers or 0), usual.followers_p95)
    for name, value, limit in (
        ("views", float(case.views or 0), usual.views_p95),
        ("engagement", float(case.engagement or 0), usual.engagement_p95),
    ):
        if value / limit > found[1] / found[2]:
            found = (name, value, limit)
    return found


def _add_spread(parts: Parts, case: Case, usual: Usual, now: datetime) -> None:
    spread = max(
        _tenfolds(case.views or 0, usual.views_p95, SPREAD),
        _tenfolds(case.engagement or 0, usual.engagement_p95, SPREAD),
    )
    if spread > 0:
        parts["spread"] = spread
    if not is_fresh(case, now):
        return
    views, engagement = growth(case.views, case.views_before), growth(case.engagement, case.engagement_before)
    velocity = max(
        _tenfolds(views.gain if views else 0, usual.views_hour_p95, VELOCITY),
        _tenfolds(engagement.gain if engagement else 0, usual.engagement_hour_p95, VELOCITY),
    )
    if velocity > 0:
        parts["velocity"] = velocity


def _tenfolds(value: float, usual: float, row: tuple[float, float]) -> float:
    return min(row[1], row[0] * log10(value / usual)) if value > usual else 0.0
