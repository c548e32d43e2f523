"""Signatures after Standard Webhooks, checked by its own library, and endpoints that cannot be signed for."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.delivery.webhook import WebhookNotifier, signed_headers
from app.domain.alerts import Endpoint, OutcomeKind, OutgoingMessage
from app.domain.messages import MAX_BODY
from app.egress.client import Egress

OLD = "whsec_b2xkIHNlY3JldCwgbWFkZSB1cCBmb3IgYSB0ZXN0IQ=="
NEW = "whsec_bmV3IHNlY3JldCwgbWFkZSB1cCBmb3IgYSB0ZXN0IQ=="


def to(*secrets: str) -> Endpoint:
    return Endpoint("oncall", "http://127.0.0.1:1/", secrets=secrets, allow_private=True)


def test_the_published_test_vector() -> None:
    message = OutgoingMessage(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', datetime.fromtimestamp(1614265330, UTC)
    )
    headers = signed_headers(to("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), message)
    assert headers == {
        "content-type": "application/json",
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_during_a_rotation_the_old_and_the_new_secret_both_verify() -> None:
    body = '{"title":"Gitarre zerstört"}'.encode()
    headers = dict(signed_headers(to(NEW, OLD), OutgoingMessage("id", body, datetime.now(UTC))))
    for secret in (OLD, NEW):
        assert Webhook(secret).verify(body, headers) == {"title": "Gitarre zerstört"}
    other = Webhook("whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCwgMzIgYnl0ZXM=")
    with pytest.raises(WebhookVerificationError):
        other.verify(body, headers)


def test_a_time_in_another_zone_signs_the_same_second() -> None:
    utc = OutgoingMessage("id", b"{}", datetime(2026, 3, 2, 12, tzinfo=UTC))
    denver = OutgoingMessage("id", b"{}", utc.at.astimezone(timezone(timedelta(hours=-7))))
    assert signed_headers(to(NEW), utc) == signed_headers(to(NEW), denver)


@pytest.mark.parametrize(
    ("endpoint", "body", "says"),
    [
        (to(), b"{}", "secret_env"),
        (to("whsec_"), b"{}", "secret_env"),
        (to("whsec_%%%é"), b"{}", "secret_env"),
        (to("whsec_abcde"), b"{}", "secret_env"),
        (to(NEW), b"x" * MAX_BODY, "20000"),
    ],
)
def test_what_cannot_be_signed_is_refused_and_says_what_to_do(endpoint: Endpoint, body: bytes, says: str) -> None:
    notifier = WebhookNotifier(Egress())
    outcome = asyncio.run(notifier.send(endpoint, OutgoingMessage("id", body, datetime(2026, 3, 2, tzinfo=UTC))))
    assert outcome.kind is OutcomeKind.REFUSED
    assert says in str(outcome.error)
    assert "abcde" not in str(outcome.error)
