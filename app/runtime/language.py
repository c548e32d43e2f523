"""Language identification of short texts, where the source does not say."""

import re
from typing import Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_NOISE: Final = re.compile(r"https?://\S+|[@#]\w+")
_SHORTEST: Final = 12
"""Characters without handles and addresses; below it any guess would be noise."""
_LIKELY: Final = ("en", "vi", "es", "fr", "de", "it", "pt", "ar", "hi", "id", "nl", "ja", "zh", "ko", "ru", "tr", "pl")


class GuessLanguage:
    """py3langid over the languages that our sources are written in; its model is inside the package."""

    def __init__(self) -> None:
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
        self._identifier.set_languages(list(_LIKELY))

    def __call__(self, text: str) -> str | None:
        """The likeliest language, or `None` for a text too short to tell."""
        words = _NOISE.sub(" ", text[:1000])
        if len(words.strip()) < _SHORTEST:
            return None
        return str(self._identifier.classify(words)[0])
