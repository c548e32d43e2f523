"""`docs/escalation.md` says what the code does: its tables are compared with the constants."""

import re
from pathlib import Path

import pytest

from app.domain.alerts import ACTIONS, AlertState
from app.domain.policies import DailyBudget
from app.escalation import score
from app.escalation.ageing import AGEING, QUEUE_RISK
from app.escalation.risk import RULE_VERSION, STREAM

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "escalation.md").read_text(encoding="utf-8")


def table(heading: str, place: int = 0) -> list[list[str]]:
    """The rows below the head of the n-th table under a heading."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    tables = re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in tables[place].strip().split("\n")[2:]]


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", text)]


def named(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"(\w+):? (-?\d+\.\d+)", text)}


ROWS = {row[0]: row[1] for row in table("Case leg: the scorecard")}


def test_the_scorecard() -> None:
    assert numbers(ROWS["base"]) == [score.BASE]
    assert numbers(ROWS["complaint"])[0] == score.COMPLAINT_WEIGHT
    assert {name: numbers(ROWS[name])[0] for name in score.SIGNALS} == dict(score.SIGNALS)
    assert named(ROWS["severity"]) == {name: value for name, value in score.SEVERITY.items() if value}
    assert tuple(named(ROWS["gravity"]).values()) == score.GRAVITY
    assert named(ROWS["reply"]) == {name: value for name, value in score.TONE.items() if name is not None}
    assert numbers(ROWS["verified"]) == [score.VERIFIED]


@pytest.mark.parametrize(
    ("row", "pair"), [("followers", score.FOLLOWERS), ("spread", score.SPREAD), ("velocity", score.VELOCITY)]
)
def test_the_rows_of_reach(row: str, pair: tuple[float, float]) -> None:
    assert (numbers(ROWS[row])[0], numbers(ROWS[row])[-1]) == pair


def test_the_row_of_waiting() -> None:
    found = numbers(ROWS["waited"])
    assert (found[0], found[-1]) == score.UNANSWERED


def test_no_row_is_missing() -> None:
    rows = {
        "base",
        "complaint",
        "severity",
        "gravity",
        "followers",
        "verified",
        "spread",
        "velocity",
        "waited",
        "reply",
    }
    assert set(ROWS) == rows | set(score.SIGNALS)


def test_the_ageing_table() -> None:
    rows = table("Ageing leg")
    assert numbers(rows[0][2]) == [QUEUE_RISK]
    for row in rows[1:]:
        assert next(tuple(numbers(row[2])) == pair for level, pair in AGEING.items() if level.value == row[1])


def test_the_stream_table_the_budget_and_the_version() -> None:
    assert tuple((float(one), float(other)) for one, other in table("Stream leg")) == STREAM
    assert {level: int(count) for level, count in table("The day's budget")} == {
        level: DailyBudget().of(level) for level in ("watch", "warn", "page")
    }
    assert f"rule version ({RULE_VERSION})" in TEXT


def test_the_states() -> None:
    assert {state: tuple(actions.split(", ")) for state, actions, _ in table("Alerts")} == {
        state.value: ACTIONS[state] for state in AlertState
    }
