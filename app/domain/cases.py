"""A case: one author's complaint mentions of one brand on one source, with its unanswered clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

REOPEN_WITHIN: Final = timedelta(days=30)
"""A new complaint joins a closed case unless it closed longer ago than this."""


class CaseState(StrEnum):
    """Where the case stands with its clock."""

    WAITING = "waiting"
    """The clock runs: no reply seen that meets the policy."""
    PAUSED = "paused"
    """A reply was seen that does not meet the policy; the clock waits for the next-contact deadline."""
    ANSWERED = "answered"
    """A reply that meets the policy stopped the clock."""
    UNSATISFIED = "unsatisfied"
    """The customer complained again after a reply: the clock runs again."""
    CLOSED = "closed"


RUNNING: Final = frozenset({CaseState.WAITING, CaseState.UNSATISFIED})
UNANSWERED: Final = RUNNING | {CaseState.PAUSED}
"""Past its deadline, a case in one of these is in the unanswered queue: a pause ends at the next-contact deadline."""


@dataclass(frozen=True, slots=True)
class Case:
    """The unit of escalation. `gravity` 0-4 says what is at stake; `severity` how strongly the author reproaches.

    `has_clock` is false where the brand cannot answer (news, feeds); `live` is false for a case that came in with a
    first import: such a case never pages by itself. `clock_from` is when the present clock started, `due_at` when it
    runs out. `engagement` is the latest sum of likes, shares and replies over its posts, `engagement_before` the sum an
    hour earlier; so `views` and `views_before`. `reply_tone` is that of the brand's last reply: `calming`, `template`,
    `denying` or `plain`.
    """

    id: str
    brand: str
    source: str
    author: str
    state: CaseState
    opened_at: datetime
    last_post_at: datetime
    clock_from: datetime | None
    due_at: datetime | None
    next_eval_at: datetime | None
    has_clock: bool = True
    sees_replies: bool = True
    live: bool = True
    failure: str | None = None
    severity: str | None = None
    gravity: int = 1
    signals: frozenset[str] = frozenset()
    complaint: float = 0.0
    complaint_count: int = 1
    reply_count: int = 0
    last_reply_at: datetime | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    followers: int | None = None
    views: int | None = None
    engagement: int | None = None
    engagement_before: int | None = None
    engagement_at: datetime | None = None
    first_post: str = ""
    last_post: str = ""
    owner: str | None = None
    risk: float = 0.0
    level: str | None = None
    verified: bool = False
    views_before: int | None = None
    reply_tone: str | None = None

    @property
    def clock_runs(self) -> bool:
        """Whether an unanswered clock is running."""
        return self.has_clock and self.state in RUNNING
