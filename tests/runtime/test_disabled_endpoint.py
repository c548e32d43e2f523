"""An endpoint that answers 410 is disabled, people hear of it by another way, and its alert ends once it is enabled."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from app.actions.alerts import Acting, Wish, act_on_alert
from app.domain.access import Principal, Scope
from app.domain.alerts import Alert, AlertState, Endpoint, Leg, OutcomeKind
from app.domain.clock import SystemClock
from app.domain.ids import new_id
from app.pipeline.alerting import Alerting
from app.pipeline.watchdog import Watchdog
from app.runtime.wiring import Product
from app.settings import Configuration
from app.storage import configuration, outbox_claims, tables
from app.storage.database import now_of
from app.storage.reads_rows import alert_of
from tests.egress.server import Reply, ScriptedServer, scripted_server
from tests.pipeline.monitor import WATCH

SECRET = "whsec_bWFkZSB1cCBmb3IgdGhlc2UgdGVzdHMsIDMyIGI="
AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def with_endpoints(product: Product, server: ScriptedServer) -> Product:
    """A product with an endpoint that is gone, and another one that hears of it."""
    gone = Endpoint("oncall", server.on("/gone", Reply(410)), brands=frozenset({"southwind"}), allow_private=True)
    desk = Endpoint("desk", server.on("/desk", Reply(204)), allow_private=True)
    with product.database.write() as tx:
        configuration.apply(tx, replace(WATCH, endpoints=(gone, desk)), now_of(tx))
    product.watching.forget()
    variables = {"oncall": ("HOOK",), "desk": ("HOOK",)}
    given = Configuration(endpoints=(gone, desk), secret_variables=variables, environ={"HOOK": SECRET})
    return replace(product, configuration=given)


def seed(product: Product, count: int) -> None:
    rows = [
        {
            "id": new_id(),
            "change": -number,
            "alert_id": "alert",
            "endpoint": "oncall",
            "level": "page",
            "body": b"{}",
            "state": "pending",
            "event_at": AT,
            "created_at": AT,
            "due_at": AT,
            "attempts": 0,
        }
        for number in range(count)
    ]
    with product.database.write() as tx:
        tx.execute(tables.delivery.insert(), rows)


def rows_of(product: Product, table: Any) -> Sequence[Any]:
    with product.database.read() as tx:
        return tx.execute(select(table)).mappings().all()


def health(product: Product) -> list[Alert]:
    return [found for found in map(alert_of, rows_of(product, tables.alert)) if found.leg is Leg.HEALTH]


def look(product: Product) -> None:
    with product.database.write() as tx:
        Watchdog(Alerting()).run(tx, product.watching(tx), now_of(tx))


async def test_410_raises_an_alert_that_the_others_hear_and_that_ends_with_enabling(product: Product) -> None:
    async with scripted_server() as server:
        product = with_endpoints(product, server)
        seed(product, 3)
        egress = product.egress()
        try:
            assert await product.dispatcher(egress).run_once() == 3
        finally:
            await egress.close()
    (alert,) = health(product)
    assert (alert.group, alert.brand, alert.state) == ("health:endpoint:oncall", "southwind", AlertState.OPEN)
    assert "oncall is disabled" in alert.title
    said = " ".join(reason.text for reason in alert.reasons)
    assert "410 Gone" in said
    assert "fretwatch deliveries enable oncall" in said
    (news,) = [row for row in rows_of(product, tables.delivery) if row["alert_id"] == alert.id]
    assert (news["endpoint"], json.loads(news["body"])["type"]) == ("desk", "endpoint.disabled")

    look(product)
    assert [found.state for found in health(product)] == [AlertState.OPEN]
    with product.database.write() as tx:
        assert outbox_claims.enable_endpoint(tx, "oncall")
    look(product)
    assert [found.state for found in health(product)] == [AlertState.RESOLVED]


async def test_endpoints_are_those_that_another_process_applied(product: Product) -> None:
    async with scripted_server() as server:
        product = with_endpoints(product, server)
        moved = Endpoint("oncall", server.on("/moved", Reply(204)), allow_private=True)
        later = Endpoint("later", server.on("/later", Reply(204)), allow_private=True)
        with product.database.write() as tx:
            configuration.apply(tx, replace(WATCH, endpoints=(moved, later)), now_of(tx))
        seed(product, 1)
        egress = product.egress()
        try:
            dispatcher = product.dispatcher(egress)
            assert await dispatcher.run_once() == 1
            assert (await dispatcher.send_test("later")).kind is OutcomeKind.RETRY
            assert (await dispatcher.send_test("desk")).kind is OutcomeKind.REFUSED
            configured = product.dispatcher(egress, as_configured=True)
            assert (await configured.send_test("desk")).kind is OutcomeKind.DELIVERED
        finally:
            await egress.close()
    (row,) = rows_of(product, tables.delivery)
    assert row["state"] == "delivered"


def test_an_alert_that_a_person_resolved_stays_so_while_the_endpoint_stays_disabled(product: Product) -> None:
    with product.database.write() as tx:
        outbox_claims.disable_endpoint(tx, "oncall", why="410 Gone", now=now_of(tx))
    look(product)
    (alert,) = health(product)
    ada = Principal("ada", "Ada", frozenset({Scope.READ, Scope.WRITE}))
    acting = Acting(product.database, SystemClock())
    act_on_alert(acting, ada, alert.id, Wish("resolve"))
    look(product)
    assert [found.state for found in health(product)] == [AlertState.RESOLVED]
