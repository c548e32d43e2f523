import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text import MAX_CHARACTERS, comparison_key, normalise


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("@united  you lost\n my bag", "@user you lost my bag"),
        ("@a @b.c @d hello", "@user.c @user hello"),
        ("@a @b hello", "@user hello"),
        ("@air@social.example late again", "@user late again"),
        ("mail bob@example.com now", "mail bob@example.com now"),
        ("see https://t.co/abc?x=1 and www.example.org", "see http and http"),
        ("rude &amp; late", "rude & late"),
        ("don\u2019t", "don't"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
        ("law\u200byer", "lawyer"),
        ("so \U0001f621\U0001f621", "so angry angry"),
        ("a\x00b\x07c", "abc"),
        ("\ud800 lost", "\ufffd lost"),
        ("\u200b\ufeff\u2060", ""),
        ("", ""),
    ],
)
def test_one_normal_form(raw: str, expected: str) -> None:
    assert normalise(raw).text == expected


@given(st.text(st.characters(), max_size=300))
def test_any_text_becomes_valid_single_spaced_text(raw: str) -> None:
    text = normalise(raw).text
    text.encode("utf-8")
    assert "\x00" not in text
    assert text == " ".join(text.split())


def test_a_long_text_is_cut_and_says_so() -> None:
    normal = normalise("late " * 200_000)
    assert normal.truncated
    assert len(normal.text) <= MAX_CHARACTERS


def test_a_megabyte_of_handles_costs_little() -> None:
    started = time.perf_counter()
    for raw in ("@" * 1_000_000, "@a " * 300_000, "&" * 1_000_000, "http://" * 150_000, "\u200b" * 1_000_000):
        normalise(raw)
    assert time.perf_counter() - started < 2.0


def test_copies_of_a_post_share_their_key_however_they_were_masked() -> None:
    assert comparison_key("@united my bag is LOST! http://t.co/x") == comparison_key("@user @user my bag is lost http")
    assert comparison_key("my bag") != comparison_key("my bags")
