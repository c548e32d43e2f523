"""A product whose readers are scripted; everything else is what `open_product` would compose."""

from collections.abc import Callable

import pytest

from app.domain.clock import Clock
from app.runtime.clocks import event_clock
from app.runtime.language import GuessLanguage
from app.runtime.wiring import Product
from app.settings import Configuration
from app.storage.database import Database
from tests.pipeline.monitor import Monitor

MakeProduct = Callable[..., Product]


@pytest.fixture(scope="session")
def guess_language() -> GuessLanguage:
    """The identifier, loaded once."""
    return GuessLanguage()


@pytest.fixture
def make_product(guess_language: GuessLanguage) -> MakeProduct:
    """Composes a product over a database."""

    def make(database: Database, clock: Clock | None = None) -> Product:
        monitor = Monitor(database)
        monitor.event_clock.follow(clock or event_clock(database))
        return Product(
            configuration=Configuration(),
            database=database,
            clock=monitor.event_clock,
            queue=monitor.queue,
            watching=monitor.watching,
            pipeline=monitor.pipeline,
            ticker=monitor.ticker,
            guess_language=guess_language,
            readers=monitor.readers,
        )

    return make


@pytest.fixture
def product(database: Database, make_product: MakeProduct) -> Product:
    """A product on each database."""
    return make_product(database)
