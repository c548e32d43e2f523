"""A silent source and a disabled endpoint are themselves warnings: what is not heard looks like peace."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.alerts import Leg, Level, Reason
from app.domain.brands import silent_after
from app.escalation.judge import Judgement
from app.escalation.risk import level_of
from app.escalation.words import span

_RISK: Final = 0.5


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of a source's runs."""

    name: str
    interval: timedelta
    since: datetime
    """When it last succeeded, or when it was first asked for."""
    fails: int
    last_error: str | None
    paused_why: str | None


def judge_source(state: SourceState, now: datetime) -> Judgement:
    """Whether a source needs a person: it was paused, or no run succeeded for too long."""
    silence = now - state.since
    allowed = silent_after(state.interval)
    if state.paused_why is None and silence <= allowed:
        return _well("the source answers again")
    hours, limit = silence / timedelta(hours=1), allowed / timedelta(hours=1)
    reasons = [
        Reason("silent", "health", f"No run succeeded for {span(silence)}", round(hours, 2), "h", round(limit, 2)),
        Reason("fails", "health", f"{state.fails} runs failed in a row", float(state.fails), "runs"),
    ]
    why = state.paused_why or state.last_error
    if why:
        reasons.append(Reason("error", "health", why[:300]))
    verb = "is paused" if state.paused_why else "is silent"
    return Judgement(
        leg=Leg.HEALTH,
        level=level_of(_RISK) or Level.WARN,
        risk=_RISK,
        is_hard=False,
        title=f"The source {state.name} {verb}: nothing came through for {span(silence)}",
        reasons=tuple(reasons),
        next_eval_at=None,
    )


def judge_unnamed() -> Judgement:
    """A source or an endpoint that no file names any more needs nobody."""
    return _well("it is no longer named in fretwatch.toml")


def judge_endpoint(name: str, why: str | None) -> Judgement:
    """Whether an endpoint needs a person: it was disabled, and `why`. `None` = it is sent to."""
    if why is None:
        return _well("the endpoint was enabled again")
    return Judgement(
        leg=Leg.HEALTH,
        level=level_of(_RISK) or Level.WARN,
        risk=_RISK,
        is_hard=False,
        title=f"The endpoint {name} is disabled: nothing is sent there",
        reasons=(
            Reason("disabled", "health", why[:300]),
            Reason("remedy", "health", f"Put it right, then: fretwatch deliveries enable {name}"),
        ),
        next_eval_at=None,
    )


def _well(ended: str) -> Judgement:
    return Judgement(Leg.HEALTH, None, 0.0, False, "", (), None, ended=ended)
