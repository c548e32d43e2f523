"""The cards: one an owner for all that is past its clock, and one for everything that a first import brought."""

from datetime import datetime, timedelta

from app.escalation.alerts import Subject
from app.escalation.streams import judge_digest
from app.pipeline.alerting import Alerting
from app.pipeline.watching import Watching, group_of_digest
from app.storage import alerts, cases
from app.storage.database import Transaction


class Digests:
    """Brings the unanswered cards of all brands up to date."""

    def __init__(self, alerting: Alerting) -> None:
        self._alerting = alerting

    def run(self, tx: Transaction, watching: Watching, now: datetime) -> None:
        """Every brand, every owner; a queue that has become empty resolves its card."""
        for brand in watching.brands:
            self._brand(tx, watching, brand, now)

    def _brand(self, tx: Transaction, watching: Watching, brand: str, now: datetime) -> None:
        seen = set()
        for queue in cases.overdue(tx, brand, now):
            group = group_of_digest(brand, queue.owner, queue.visibility)
            seen.add(group)
            judgement = judge_digest(
                owner=queue.owner, count=queue.count, oldest=now - queue.oldest_at, gravest=queue.gravest
            )
            subject = Subject(
                group=group,
                brand=brand,
                owner=queue.owner,
                visibility=queue.visibility,
                classifier=watching.classifier,
                # A card that a person resolved comes back with the next case that runs out of time.
                changed_at=queue.newest_due_at,
            )
            self._alerting.card(tx, watching, subject, judgement, now)
        for card in alerts.live_cards(tx, brand):
            # The card of a first import is no queue: it stays until a person ends it.
            is_queue = card.group == group_of_digest(brand, card.owner, card.visibility)
            if is_queue and card.group not in seen:
                judgement = judge_digest(owner=card.owner, count=0, oldest=timedelta(0))
                subject = Subject(
                    group=card.group, brand=brand, owner=card.owner, visibility=card.visibility, changed_at=now
                )
                self._alerting.card(tx, watching, subject, judgement, now)
