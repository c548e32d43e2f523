"""The brand's public replies, read against the policy: what stops a clock, and in what tone it was said."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain.policies import ReplyRules
from app.domain.taxonomy import title

_CALMING: Final = frozenset({"apologise", "own", "remedy"})


@dataclass(frozen=True, slots=True)
class BrandReply:
    """A public reply by the brand, read against the policy; `why` says in words what it lacks."""

    post_id: str
    at: datetime
    acts: frozenset[str]
    answered_by: str = "unknown"
    meets: bool = False
    why: str = ""


def meets_policy(acts: Set[str], answered_by: str, rules: ReplyRules) -> tuple[bool, str]:
    """Whether a reply stops the clock, and in words why or why not. A template never does, whatever else it holds."""
    if "template" in acts:
        author = "an automated answer" if answered_by == "bot" else "a template"
        return False, f"{author}: nothing in it speaks to this customer's matter"
    forbidden = sorted(acts & rules.forbid)
    if forbidden:
        return False, f"the policy forbids it to {_listed(forbidden, 'or')}"
    missing = [_listed(sorted(wanted), "or") for wanted in rules.require_any if wanted.isdisjoint(acts)]
    if missing:
        return False, f"the policy asks it to {' and to '.join(missing)}"
    return True, "meets the policy"


def tone_of(acts: Set[str]) -> str:
    """The tone of a reply, as the score knows it: what calms, and what fuels [Herhausen et al. 2019]."""
    if "deny" in acts or "threaten" in acts:
        return "denying"
    if "template" in acts:
        return "template"
    return "plain" if _CALMING.isdisjoint(acts) else "calming"


def _listed(acts: list[str], word: str) -> str:
    names = [title(act) for act in acts]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
