"""The master key: made once, for its owner alone, and refused when it is damaged or open."""

from pathlib import Path

import pytest

from app.domain.errors import ConfigurationError
from app.settings import ensure_master_key, master_key


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret"
    key = ensure_master_key(path)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert ensure_master_key(path) == key == master_key(path)


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    assert ensure_master_key(tmp_path / "a") != ensure_master_key(tmp_path / "b")


def test_a_missing_key_is_named_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="fretwatch init"):
        master_key(tmp_path / "none")


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    ensure_master_key(tmp_path / "secret")
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        master_key(tmp_path / "secret")


@pytest.mark.parametrize(("content", "said"), [("no hex", "cannot be read"), ("abcd", "too short")])
def test_a_damaged_key_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "secret"
    path.write_text(content, encoding="ascii")
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match=said):
        master_key(path)
