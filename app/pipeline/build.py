"""THE order of the pipeline, on one screen.

collect -> normalise -> match -> dedupe -> [queue] -> classify -> record -> follow -> escalate -> [outbox] -> deliver

Before the queue, a stage works on one item and touches no database; `Intake` then stores the batch by its natural keys
(which is where duplicates end) and hands the mentions over. `classify` works on a micro-batch outside any transaction.
The stages after it run inside the one recording transaction. Deliveries are rows of it; they are sent afterwards.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.domain.brands import Brand
from app.domain.clock import Clock
from app.pipeline.batch import IntakeStage, RecordStage
from app.pipeline.classify import Classify, ReplyReader
from app.pipeline.escalate import Escalate
from app.pipeline.follow import Follow
from app.pipeline.judging import JudgeCases
from app.pipeline.match import Match
from app.pipeline.normalise import LanguageGuess, Normalise
from app.pipeline.record import Record
from app.pipeline.side_by_side import SideBySide
from app.pipeline.watching import Watching
from app.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The stages after the queue."""

    classify: Classify
    record: tuple[RecordStage, ...]


def before_queue(brands: Iterable[Brand], guess_language: LanguageGuess) -> tuple[IntakeStage, ...]:
    """The stages before the queue, in order."""
    return (Normalise(guess_language), Match(brands))


def after_queue(
    readers: SideBySide,
    replies: ReplyReader,
    watching: Callable[[Transaction], Watching],
    cases: JudgeCases,
    clock: Clock,
) -> Pipeline:
    """The stages after the queue, in order."""
    return Pipeline(
        classify=Classify(readers, replies),
        record=(Record(), Follow(watching), Escalate(watching, cases, clock)),
    )
