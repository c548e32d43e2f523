"""The query language: what it means, what it refuses and where, and that nothing typed into it can crash it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.brands import Brand
from app.domain.errors import ConfigurationError
from app.domain.query import brand_matcher, compile_query, words_of

EXAMPLE = '"northwind air" OR @northwind OR (northwind AND (flight OR luggage OR gate)) NOT "northwind traders"'


def matches(query: str, text: str) -> bool:
    return compile_query(query)(words_of(text))


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("northwind", "I flew NORTHWIND today", True),
        ("northwind", "northwinds", False),
        ("north wind", "the wind from the north", True),
        ('"north wind"', "the wind from the north", False),
        ('"north wind"', "a North, wind!", True),
        ("a b OR c", "c", True),
        ("a (b OR c)", "a", False),
        ("a AND b OR c AND d", "c d", True),
        ("a AND (b OR c) AND d", "c d", False),
        ("NOT a", "b", True),
        ("NOT NOT a", "a", True),
        ("NOT (a OR b)", "b", False),
        ("a NOT b", "a c", True),
        ("a NOT b", "a b", False),
        ("a OR NOT b", "c", True),
        ("@northwind", "thanks @northwind!", True),
        ("@northwind", "thanks northwind", False),
        ("#northwindfail", "so #NorthwindFail", True),
        ('"OR"', "this or that", True),
        ('"or" a', "a", False),
        ('"NOT a"', "why not a", True),
        ('"("', "", None),
        ("or", "this or that", True),
        ("((((a))))", "a", True),
        ("đồ", "ĐỒ ăn", True),
        ("at&t", "AT&T is down", True),
        ("3.5", "version 3.5 broke", True),
    ],
)
def test_what_a_query_means(query: str, text: str, expected: bool | None) -> None:
    if expected is None:
        with pytest.raises(ConfigurationError):
            compile_query(query)
        return
    assert matches(query, text) is expected


def test_the_documented_example() -> None:
    assert matches(EXAMPLE, "Northwind Air lost it")
    assert matches(EXAMPLE, "hey @northwind")
    assert matches(EXAMPLE, "northwind lost my luggage")
    assert not matches(EXAMPLE, "northwind is a nice word")
    assert not matches(EXAMPLE, "Northwind Traders lost my luggage, northwind")


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("", "expected a word"),
        ("a OR", "expected a word"),
        ("AND a", "expected a word"),
        ("(a", "expected )"),
        ("a)", "did not expect ')'"),
        ("()", "expected a word"),
        ('"a', "from position 0"),
        ('b "a', "quotation mark missing"),
        ('""', "holds no word"),
        ("a !!!", "'!!!' holds no word"),
        ("(" * 60 + "a" + ")" * 60, "nested too deeply"),
    ],
)
def test_an_error_says_what_and_where(query: str, what: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        compile_query(query)
    assert what in caught.value.message
    assert "the query" in caught.value.message


@given(
    st.lists(st.sampled_from(['"', "(", ")", "AND", "OR", "NOT", "a", "bb", "@c", " ", "!", "ệ", "\x00"])), st.text()
)
@settings(max_examples=300, deadline=None)
def test_nothing_typed_crashes_it(parts: list[str], text: str) -> None:
    for query in (" ".join(parts), "".join(parts), text):
        try:
            matcher = compile_query(query)
        except ConfigurationError:
            continue
        assert matcher(words_of(text)) in (True, False)


WORDS = st.sampled_from(["aa", "bb", "cc"])
QUERIES = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" AND ", " OR ", " "]), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        inner.map(lambda query: f"(NOT {query})"),
    ),
    max_leaves=8,
)


def meaning(query: str, present: set[str]) -> bool:
    """The same by Python's own parser."""
    words = query.replace("(NOT ", "(not ").replace(" AND ", " and ").replace(" OR ", " or ")
    for word in ("aa", "bb", "cc"):
        words = words.replace(word, str(word in present))
    for left in ("True", "False", ")"):
        for right in ("True", "False", "("):
            for _ in range(2):
                words = words.replace(f"{left} {right}", f"{left} and {right}")
    return bool(eval(words))


@given(QUERIES, st.sets(WORDS))
@settings(max_examples=150, deadline=None)
def test_it_agrees_with_logic(query: str, present: set[str]) -> None:
    assert matches(query, " ".join(present)) is meaning(query, present)


def test_a_brand_without_a_query_is_found_by_name_and_handles() -> None:
    brand = Brand("n", "Northwind Air", handles={"mastodon": ("@northwind@social.example",), "x": ("@nw_care", "")})
    matcher = brand_matcher(brand)
    assert matcher(words_of("flying Northwind Air"))
    assert matcher(words_of("hello @nw_care"))
    assert matcher(words_of("cc @northwind@social.example please"))
    assert not matcher(words_of("the northwind blows"))


def test_a_possessive_is_the_name() -> None:
    brand = Brand("n", "Northwind Air")
    for text in ("Northwind Air's crew was rude", "Northwind Air\u2019s crew was rude"):
        assert brand_matcher(brand)(words_of(text))
    assert matches("mcdonald's", "at McDonald's again")


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert matches("Hãng", "Hãng Đông")
