"""Webhooks: one signed POST per attempt, after Standard Webhooks. It never retries; `retry` decides what follows."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.client import responses
from typing import Final

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from app.delivery.retry import LONGEST_RETRY_AFTER
from app.domain.alerts import Endpoint, Outcome, OutcomeKind, OutgoingMessage
from app.domain.errors import AddressRefused, AnswerTooLarge, ConfigurationError, EgressError
from app.domain.messages import MAX_BODY
from app.egress.client import Answer, Egress
from app.egress.waiting import retry_after

DEADLINE: Final = timedelta(seconds=20)
"""For the whole exchange, look-up and answer included; Standard Webhooks asks for 15 to 30 s."""

MAX_ANSWER: Final = 64 * 1024
"""Bytes of an answer that are read at most; nothing of it is kept but the status."""


class WebhookNotifier:
    """Sends to endpoints of kind `webhook`. `deadline` and `timer` are seams of the tests."""

    kind = "webhook"

    def __init__(
        self, egress: Egress, *, deadline: timedelta = DEADLINE, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._egress = egress
        self._deadline = deadline
        self._timer = timer

    async def send(self, endpoint: Endpoint, message: OutgoingMessage) -> Outcome:
        """Sign for every secret of the endpoint and post; 2xx is a success, 410 ends it, all else is tried again."""
        try:
            headers = signed_headers(endpoint, message)
        except ConfigurationError as error:
            return Outcome(OutcomeKind.REFUSED, error=error.message)
        started = self._timer()
        try:
            answer = await self._egress.request(
                "POST",
                endpoint.url,
                headers=headers,
                content=message.body,
                allow_private=endpoint.allow_private,
                max_bytes=MAX_ANSWER,
                deadline=self._deadline,
            )
        except EgressError as error:
            return _without_answer(error, timedelta(seconds=self._timer() - started), message.at)
        return _outcome(answer, message.at)


def signed_headers(endpoint: Endpoint, message: OutgoingMessage) -> Mapping[str, str]:
    """The headers of one attempt: one signature a secret, newest first, so that a secret can be rotated.

    Raises `ConfigurationError` where there is no secret, or one that cannot be read, or the body is too large.
    """
    if len(message.body) >= MAX_BODY:
        raise ConfigurationError(f"the body has {len(message.body)} bytes; webhooks are sent under {MAX_BODY}")
    if not endpoint.secrets:
        raise ConfigurationError(
            f"The endpoint {endpoint.name} has no secret: set the environment variable that `secret_env` names in its "
            f"[[endpoint]] of fretwatch.toml, then: fretwatch deliveries replay --dead --endpoint {endpoint.name}"
        )
    # The library reads any time as if it were UTC, whatever its zone.
    at = message.at.astimezone(UTC)
    text = message.body.decode("utf-8")
    signatures = [_signer(endpoint.name, secret).sign(message.id, at, text) for secret in endpoint.secrets]
    return {
        "content-type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _signer(name: str, secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except (ValueError, EmptyWebhookSecretError):
        pass
    # Raised here, so that no traceback shows the secret.
    raise ConfigurationError(
        f"A secret of the endpoint {name} cannot be read: the variable that `secret_env` names must hold "
        "`whsec_` and 24 to 64 random bytes in base64."
    )


def _outcome(answer: Answer, now: datetime) -> Outcome:
    status = answer.status
    if 200 <= status < 300:
        return Outcome(OutcomeKind.DELIVERED, status=status, took=answer.took)
    if status == HTTPStatus.GONE:
        return Outcome(OutcomeKind.GONE, status=status, error="answered 410 Gone", took=answer.took)
    wait = retry_after(answer.headers.get("retry-after"), now, longest=LONGEST_RETRY_AFTER)
    return Outcome(OutcomeKind.RETRY, status=status, error=_said(status), retry_after=wait, took=answer.took)


def _without_answer(error: EgressError, took: timedelta, now: datetime) -> Outcome:
    if isinstance(error, AddressRefused):
        return Outcome(OutcomeKind.REFUSED, error=error.message, took=took)
    if isinstance(error, AnswerTooLarge):
        # The body is of no interest: what counts is the status that came before it.
        return _outcome(Answer(error.status or 0, {}, b"", "", took), now)
    return Outcome(OutcomeKind.RETRY, error=error.message, took=took)


def _said(status: int) -> str:
    phrase = responses.get(status, "an unknown status")
    hint = "; redirects are not followed: set the new URL" if 300 <= status < 400 else ""
    return f"answered {status} {phrase}{hint}"
