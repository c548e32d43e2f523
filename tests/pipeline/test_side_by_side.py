"""Several classifiers over the same texts: one row a text, and one that is unreadable spoils only its own row."""

from app.domain.predictions import Reading, Unreadable
from app.pipeline.side_by_side import SideBySide
from tests.pipeline.scripted import ScriptedClassifier


def test_each_text_is_read_by_each_classifier() -> None:
    closed: list[str] = []
    readers = SideBySide((ScriptedClassifier("one@1"), ScriptedClassifier("two@3")), close=lambda: closed.append("x"))
    first, second = readers.read([Reading("a", "complaint=0.9"), Reading("b", "unreadable=empty")])
    assert isinstance(first, tuple)
    assert [part.classifier for part in first] == ["one@1", "two@3"]
    assert second == Unreadable("b", "empty")
    assert readers.version == "one@1+two@3"
    assert readers.read([]) == []
    readers.close()
    assert closed == ["x"]
