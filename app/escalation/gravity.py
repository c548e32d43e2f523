"""Gravity 0-4: what is at stake in a complaint, read off its labels. Not severity, which is how strongly it reproaches.

| gravity | means | from the labels |
|---|---|---|
| 0 | no complaint | `complaint` is no |
| 1 | annoyance | a complaint with failure `other` or none, and severity below `accusation` |
| 2 | service failure, recoverable | a named failure, or severity `accusation` or `blame` |
| 3 | failed again, refused, unjust | `repeated`, `handed_on`, `refused_redress`; `blame` with a broken justice |
| | | also `unanswered` once the clock has run out |
| 4 | a person may be harmed | failure `safety`, or `vulnerable` |

After ESCALATION section 5; `handed_on` and `refused_redress` are ours: both are a failed recovery after a failure.
"""

from collections.abc import Set
from typing import Final

from app.domain.predictions import Labels

SEVERITY_RANK: Final = {None: 0, "no_reproach": 1, "disapproval": 2, "accusation": 3, "blame": 4}
"""Severity low to high."""
FAILED_RECOVERY: Final = frozenset({"repeated", "handed_on", "refused_redress"})
"""Signals that the recovery failed as well as the service."""
_REPROACHES: Final = frozenset({"accusation", "blame"})
UNNAMED: Final = frozenset({None, "other"})
"""Failures that say nothing of what went wrong."""


def gravity_of(labels: Labels, *, signals: Set[str] = frozenset()) -> int:
    """Gravity of one complaint; `signals` are those that its case has besides the complaint's own."""
    if not labels.complaint:
        return 0
    if labels.failure == "safety" or "vulnerable" in labels.signals or "vulnerable" in signals:
        return 4
    has_failed_again = not FAILED_RECOVERY.isdisjoint(labels.signals) or not FAILED_RECOVERY.isdisjoint(signals)
    if has_failed_again or (labels.severity == "blame" and labels.justice):
        return 3
    return 2 if labels.failure not in UNNAMED or labels.severity in _REPROACHES else 1


def gravity_past_clock(gravity: int, signals: Set[str]) -> int:
    """Gravity once the clock has run out: who says that nobody answers, and is right, is at 3."""
    return 3 if gravity in (1, 2) and "unanswered" in signals else gravity
