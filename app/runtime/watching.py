"""The configuration as the stages use it, kept until somebody applies another."""

from app.pipeline.watching import Watching
from app.storage.database import Transaction


class WatchingCache:
    """Loaded once, and again after `forget`."""

    def __init__(self, *, public_url: str, classifier: str) -> None:
        self._public_url = public_url
        self._classifier = classifier
        self._loaded: Watching | None = None

    def __call__(self, tx: Transaction) -> Watching:
        """What is watched."""
        if self._loaded is None:
            self._loaded = Watching.load(tx, public_url=self._public_url, classifier=self._classifier)
        return self._loaded

    def forget(self) -> None:
        """Load it anew the next time: after an `apply`, and every minute, since another process may have applied."""
        self._loaded = None
