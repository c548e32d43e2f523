"""Hard triggers: what must reach a person whatever the score says; and what forbids a page.

| trigger | when | beyond the day's budget of pages |
|---|---|---|
| harm | gravity 4, complaint probability at least 0.5 | no: the first pages, the others warn |
| retaliation | `threat` or `rally`, with `refused_redress`; probability at least 0.5 | from probability 0.8 on |
| reach | 1,000,000 followers, or verified and more than usual; probability at least 0.8 | yes |

A complaint probability below 0.5 never pages, and neither does a case that came in with a first import or a backfill.
"""

from collections.abc import Set
from dataclasses import dataclass
from typing import Final

from app.domain.cases import Case
from app.escalation.score import Usual

RETALIATION: Final = frozenset({"threat", "rally"})
FAMOUS: Final = 1_000_000
"""Followers from which on a sure complaint pages."""
SURE: Final = 0.8
"""Complaint probability of the triggers that speak of who, not of what."""
LEAST: Final = 0.5
"""A complaint probability below this can never page."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Which hard trigger; `beyond_budget` says that it pages even when the day's pages are spent."""

    code: str
    beyond_budget: bool


def hard_trigger(case: Case, *, gravity: int, usual: Usual) -> Trigger | None:
    """The strongest hard trigger of a case."""
    if case.complaint < LEAST:
        return None
    if case.complaint >= SURE and _is_famous(case, usual):
        return Trigger("reach", beyond_budget=True)
    if is_retaliation(case.signals):
        return Trigger("retaliation", beyond_budget=case.complaint >= SURE)
    return Trigger("harm", beyond_budget=False) if gravity >= 4 else None


def is_retaliation(signals: Set[str]) -> bool:
    """A threat, or a call on others, by somebody whom the brand refused."""
    return "refused_redress" in signals and not RETALIATION.isdisjoint(signals)


def may_page(case: Case) -> bool:
    """Whether anything about this case may page."""
    return case.live and case.complaint >= LEAST


def _is_famous(case: Case, usual: Usual) -> bool:
    if (case.followers or 0) >= FAMOUS:
        return True
    # A tick can be bought: without a following it says nothing about reach.
    return case.verified and (case.followers is None or case.followers > usual.followers_p95)
