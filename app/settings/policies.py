"""Policy files into domain policies."""

from pathlib import Path

from app.domain.policies import (
    BusinessHours,
    DailyBudget,
    Policy,
    PolicyRow,
    QuietHours,
    Repeats,
    ReplyRules,
    Settlement,
    Step,
)
from app.settings.files import TomlFile
from app.settings.raw_policy import RawPolicy, RawQuietHours, RawRepeat, RawReply, RawRow


def load_policy(path: Path) -> Policy:
    """The policy of one file. Raises `ConfigurationError` with the file, the line and the key."""
    file = TomlFile.read(path)
    return _policy(file.validate(RawPolicy))


def _policy(raw: RawPolicy) -> Policy:
    default = Policy()
    acknowledge = raw.acknowledge_within
    return Policy(
        name=raw.name,
        version=raw.version,
        timezone=raw.timezone,
        business_hours=BusinessHours(raw.business_hours) if raw.business_hours else None,
        quiet_hours=_quiet(raw.quiet_hours),
        group_wait={**default.group_wait, **raw.group_wait.given()},
        acknowledge_within=default.acknowledge_within if acknowledge is None else acknowledge.given(),
        repeat=_repeats(raw.repeat),
        steps=tuple(Step(step.after, step.endpoint) for step in sorted(raw.steps, key=lambda step: step.after)),
        promises=tuple(raw.promises),
        reply=_reply(raw.reply),
        rows=tuple(_row(row) for row in raw.row) or default.rows,
        budget=DailyBudget(raw.budget.watch, raw.budget.warn, raw.budget.page),
    )


def _quiet(raw: RawQuietHours | None) -> QuietHours | None:
    return None if raw is None else QuietHours(raw.start, raw.end, frozenset(raw.exempt))


def _repeats(raw: RawRepeat | None) -> Repeats:
    return Repeats() if raw is None else Repeats(raw.given(), raw.most)


def _reply(raw: RawReply) -> ReplyRules:
    default = ReplyRules()
    require = raw.require_any
    return ReplyRules(
        require_any=default.require_any if require is None else tuple(frozenset(acts) for acts in require),
        forbid=default.forbid if raw.forbid is None else frozenset(raw.forbid),
        next_contact_within=raw.next_contact_within or default.next_contact_within,
    )


def _row(raw: RawRow) -> PolicyRow:
    settle = raw.settle
    return PolicyRow(
        failure=raw.failure,
        severity=raw.severity,
        owner=raw.owner,
        reply_within=raw.reply_within,
        settle=Settlement(settle.limit, settle.currency, settle.what) if settle else None,
    )
