"""Logs and counters. Logs are JSON lines without any text of a post; counters are served under /metrics."""

import logging
import sys
from typing import TextIO, cast

import structlog
from prometheus_client import Counter, Gauge, Histogram

TAKEN_POSTS = Counter("fretwatch_posts_taken", "Posts that came in, by what became of them", ["outcome"])
READ_POSTS = Counter("fretwatch_mentions_read", "Mentions that were read and recorded")
READING_SECONDS = Histogram("fretwatch_reading_seconds", "Seconds to read one micro-batch")
QUEUE_PENDING = Gauge("fretwatch_queue_chunks", "Chunks that wait to be read")
ATTEMPTS = Counter("fretwatch_delivery_attempts", "Attempts to deliver, by how they went", ["outcome"])
RUNS = Counter("fretwatch_collector_runs", "Runs of collectors, by source and outcome", ["source", "outcome"])
ALERT_CHANGES = Counter("fretwatch_alert_changes", "Changes of alerts, by kind and level", ["kind", "level"])


class _StandardError:
    """Whatever standard error is when a line is written; what was it at the start may be closed by then."""

    def write(self, text: str) -> int:
        """Write."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush."""
        sys.stderr.flush()


def configure_logging(*, level: str = "INFO", as_json: bool = True) -> None:
    """Set up structlog once, at the start of a process; logs go to standard error."""
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _StandardError())),
        cache_logger_on_first_use=True,
    )
