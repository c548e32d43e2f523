"""The day's budget of a brand: how many alerts may interrupt people. It bounds interruptions, not the record.

What it does not allow stays in the unanswered queue and on its owner's card. A page that it does not allow is a warn.
Harm (gravity 4 alone) may open as long as anything of the day is left, whatever its level has; retaliation and reach
always page. A stream alert is bounded by its own quiet day; only its page is one of the day's pages.
"""

from collections.abc import Mapping

from app.domain.alerts import LEVELS, Leg, Level
from app.domain.policies import DailyBudget
from app.escalation.judge import Judgement


def budget_left(budget: DailyBudget, opened: Mapping[str, int]) -> dict[str, int]:
    """What is left of a brand's day; `opened` counts its case alerts by level, those that took it in the last 24 h,
    and the pages of its stream.

    So each alert counts once, at the level it has now, and a rise to page spends the day's page. Hard triggers may take
    more than their level has: then it goes below zero and the day's sum shrinks with it.
    """
    return {level.value: budget.of(level.value) - opened.get(level.value, 0) for level in LEVELS}


def may_afford_page(judgement: Judgement, left: Mapping[str, int] | None) -> bool:
    """Whether a page is allowed now; `left` `None` = no bound."""
    return left is None or judgement.beyond_budget or left["page"] > 0


def affordable(judgement: Judgement, left: Mapping[str, int] | None) -> Level | None:
    """The level at which a new alert may open, or `None`: it waits in the queue."""
    level = judgement.level
    if level is None or left is None or judgement.beyond_budget:
        return level
    if level is Level.PAGE:
        if left["page"] > 0:
            return level
        level = Level.WARN
    if judgement.leg is Leg.STREAM:
        return level
    if sum(left.values()) <= 0:
        return None
    return level if judgement.is_hard or left[level.value] > 0 else None
