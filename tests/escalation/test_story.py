"""A made-up musician's guitar, day by day, through the pure functions: one alert from the first day to the song."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.domain.alerts import Alert, AlertChange, AlertState, ChangeKind, Leg, Level
from app.domain.cases import Case
from app.escalation.alerts import eval_at
from app.escalation.following import answer, join, open_case, resume
from app.escalation.judge import judge
from app.escalation.score import Usual
from app.escalation.spread import sampled
from tests.escalation.made import DAY, GOOD, HOUR, PLACE, POLICY, SUBJECT, T0, TEMPLATE, brand_reply, facts, steps

USUAL = Usual(followers_p95=5_000, views_p95=310, engagement_p95=12, views_hour_p95=60, engagement_hour_p95=4)


@dataclass
class Story:
    """One case followed by a virtual clock that stops at every evaluation that falls due."""

    case: Case
    now: datetime
    alert: Alert | None = None
    told: list[AlertChange] = field(default_factory=list)
    look_at: datetime | None = None

    @property
    def open_alert(self) -> Alert:
        assert self.alert is not None
        return self.alert

    def evaluate(self) -> None:
        self.case = resume(self.case, self.now)
        judgement = judge(self.case, POLICY, now=self.now, usual=USUAL)
        subject = replace(SUBJECT, changed_at=self.case.last_post_at)
        for change in steps(self.alert, judgement, self.now, subject=subject):
            self.alert = change.alert
            if change.endpoints is None:
                self.told.append(change)
        self.look_at = judgement.next_eval_at if self.alert is None else eval_at(self.alert, judgement)

    def go_to(self, at: datetime) -> None:
        while self.look_at is not None and self.look_at < at:
            self.now = self.look_at
            self.evaluate()
        self.now = at

    def say(self, *signals: str, severity: str = "accusation", justice: Sequence[str] = ()) -> None:
        said = facts(*signals, at=self.now, post=f"p{self.case.complaint_count + 1}", severity=severity)
        said = replace(said, labels=replace(said.labels, justice=tuple(justice)))
        self.case = join(self.case, said, POLICY)
        self.evaluate()

    def reply(self, acts: frozenset[str], *, meets: bool = False) -> None:
        self.case = answer(self.case, brand_reply(acts, self.now, meets=meets), POLICY)
        self.evaluate()

    def sample(self, views: int, engagement: int) -> None:
        self.case = sampled(self.case, at=self.now, views=views, engagement=engagement)
        self.evaluate()


def test_the_guitar() -> None:
    story = Story(open_case(facts(followers=400), PLACE, POLICY, id="case-1"), T0)
    story.evaluate()
    assert not story.told, "a fresh complaint like any other"

    story.go_to(T0 + 2 * DAY)
    assert story.told[0].at == T0 + DAY, "(a) ageing: at the clock, by itself"
    assert (story.told[0].alert.leg, story.told[0].alert.level) == (Leg.AGEING, Level.WATCH)

    story.go_to(T0 + 7 * DAY)
    story.say("handed_on")
    assert (story.open_alert.level, story.told[-1].kind) == (Level.WARN, ChangeKind.ESCALATED)
    story.reply(TEMPLATE)
    story.go_to(T0 + 30 * DAY)
    assert story.told[-1].at == T0 + 7 * DAY, "a template stops nothing, and lowers nothing"
    story.say("refused_redress", "handed_on", severity="blame", justice=("distributive",))
    assert story.told[-1].alert.level is Level.WARN

    threat_at = T0 + 277 * DAY
    story.go_to(threat_at)
    story.say("rally", "refused_redress", severity="blame", justice=("interactional",))
    assert story.open_alert.level is Level.PAGE, "(b) announced retaliation: the day it is written"
    assert story.told[-1].at == threat_at
    assert "277 days" in " ".join(reason.text for reason in story.open_alert.reasons)

    upload = threat_at + 4 * DAY
    story.go_to(upload)
    story.say("rally", "refused_redress", severity="blame")
    before_song = len(story.told)
    for hours, views, engagement in (
        (1, 240, 6),
        (6, 2_900, 61),
        (19, 41_000, 388),
        (30, 137_000, 1_265),
        (48, 502_000, 3_000),
        (72, 1_300_000, 9_000),
    ):
        story.go_to(upload + hours * HOUR)
        story.sample(views, engagement)
    velocity = next(change for change in story.told[before_song:] if "spreads" in change.alert.title)
    assert velocity.at <= upload + 24 * HOUR, "(c) velocity: within the first day"
    assert any(reason.code == "velocity" for reason in velocity.alert.reasons)
    assert {change.alert.id for change in story.told} == {"alert-1"}, "one alert from the first day on"
    assert len([change for change in story.told if upload <= change.at <= upload + 72 * HOUR]) <= 6

    story.reply(GOOD, meets=True)
    assert story.open_alert.state is AlertState.OPEN, "answered, and still spreading"
    assert story.told[-1].note == "the brand replied"
    story.go_to(story.now + 2 * DAY)
    assert story.told[-1].kind is ChangeKind.RESOLVED
    assert story.told[-1].note == "answered by a reply that meets the policy"


def test_a_reply_on_the_first_day_leaves_no_alert() -> None:
    story = Story(open_case(facts(), PLACE, POLICY, id="case-1"), T0)
    story.evaluate()
    story.go_to(T0 + 20 * HOUR)
    story.reply(GOOD, meets=True)
    story.go_to(T0 + 400 * DAY)
    assert story.told == []
    assert story.look_at is None


def test_who_comes_back_unsatisfied_is_the_same_alert() -> None:
    story = Story(open_case(facts("repeated"), PLACE, POLICY, id="case-1"), T0)
    story.evaluate()
    story.go_to(T0 + 25 * HOUR)
    story.reply(GOOD, meets=True)
    assert story.told[-1].kind is ChangeKind.RESOLVED
    story.go_to(T0 + 30 * HOUR)
    story.say("refused_redress")
    story.go_to(T0 + 30 * HOUR + DAY + timedelta(minutes=1))
    assert (story.open_alert.id, story.open_alert.state, story.open_alert.level) == (
        "alert-1",
        AlertState.OPEN,
        Level.WARN,
    )
