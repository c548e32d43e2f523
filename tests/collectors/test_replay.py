"""Files of posts: mappings, encodings, order, bad lines, and what a record costs."""

import json
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.domain.brands import SourceConfig
from app.domain.errors import ConfigurationError, SourceUnreadable
from app.domain.ports import Checkpoint, CollectRequest
from app.domain.posts import EngagementSample, OwnerReply, Post, PostKind, Tombstone, Visibility
from app.egress import Egress
from collectors import records
from collectors.mapping import mapping_from
from collectors.replay import MalformedLine, Record, Replay, Truth, read_mapping, read_records, slug
from collectors.values import count, decimal, time_parser

AIRLINE = """
brand = { column = "airline" }
id = "tweet_id"
text = "text"
author = "name"
created_at = { column = "tweet_created", format = "%Y-%m-%d %H:%M:%S %z" }
"""
ROW = {
    "tweet_id": "1",
    "airline": "US Airways",
    "text": "Lost bag",
    "name": "ann",
    "tweet_created": "2015-02-16 23:36:05 -0800",
}


def written(path: Path, *rows: Any) -> Path:
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def mapped(folder: Path, text: str = AIRLINE) -> Any:
    file = folder / "mapping.toml"
    file.write_text(text, encoding="utf-8")
    return read_mapping(file)


def posts(found: list[Record]) -> list[Post]:
    assert not [one for one in found if isinstance(one, MalformedLine)], found
    return [one for one in found if isinstance(one, Post)]


def test_rows_of_json_lines(tmp_path: Path) -> None:
    (post,) = posts(list(read_records(written(tmp_path / "a.jsonl", ROW), mapped(tmp_path), source="x")))
    assert (post.key, post.text, post.brands, post.author.handle) == (("x", "1"), "Lost bag", ("us-airways",), "ann")
    assert post.created_at == datetime(2015, 2, 17, 7, 36, 5, tzinfo=UTC)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1258"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_in_every_encoding_and_with_every_separator(tmp_path: Path, encoding: str, delimiter: str) -> None:
    words = "Hành lý bị\nmất; thật, à" if encoding != "cp1258" else "Hành lí\nmâ\u0301t; thât, à"
    header = delimiter.join(["Mã", "lời", "ngày", "sao", "lượt"]) if encoding != "cp1258" else delimiter.join(
        ["Ma", "loi", "ngay", "sao", "luot"]
    )  # fmt: skip
    cells = delimiter.join(["7.0", f'"{words}"', "2026-03-02T12:00:00+07:00", '"4,5"', "12"])
    file = tmp_path / "a.csv"
    file.write_bytes(f"{header}\r\n{cells}\r\n".encode(encoding))
    names = dict(zip(("id", "text", "created_at", "rating", "likes"), header.split(delimiter), strict=True))
    extra = {"encoding": encoding} if encoding == "cp1258" else {}
    mapping = mapping_from({**names, "brand": {"value": "Hãng Đông"}, **extra}, name="m.toml")
    (post,) = posts(list(read_records(file, mapping)))
    assert (post.external_id, post.text, post.rating, post.brands) == ("7", words, 4.5, ("hang-dong",))
    assert post.created_at == datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
    assert post.engagement == EngagementSample("replay", "7", post.created_at, likes=12)


def test_a_file_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes("id,text\n1,à\n".encode("cp1258"))
    with pytest.raises(ConfigurationError, match="cp1258"):
        read_records(file, mapping_from({"id": "id", "text": "text"}, name="m"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("txt = 'a'", r"unknown key 'txt' \(did you mean 'text'\?\)\. Known: "),
        ("id = 'a'", "text is not mapped"),
        ("text = 5", "text must be a column name"),
        ("text = { colum = 'a' }", "did you mean 'column'"),
        ("text = { column = 'a', value = 'b' }", "either column or value"),
        ("text = 'a'\nencoding = 'utf-99'", "unknown encoding"),
        ("text = 'a'\ndelimiter = ';;'", "one character"),
        ("text = ", "is not TOML"),
    ],
)
def test_a_wrong_mapping_file_is_explained(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        mapped(tmp_path, text)
    with pytest.raises(ConfigurationError, match="there is no mapping file"):
        read_mapping(tmp_path / "absent.toml")


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_mapped_column_that_is_not_there_stops_before_the_first_record(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    if name.endswith("csv"):
        file.write_text("tweet_id,text,name,tweet_created,airlines\n1,a,b,c,d\n", encoding="utf-8")
    else:
        written(file, {**{key: value for key, value in ROW.items() if key != "airline"}, "airlines": "x"})
    with pytest.raises(ConfigurationError) as caught:
        list(read_records(file, mapped(tmp_path)))
    assert "brand is mapped to the column 'airline', which" in caught.value.message
    assert "did you mean 'airlines'" in caught.value.message
    assert "tweet_created" in caught.value.message


def test_bad_lines_are_named_and_their_neighbours_pass(tmp_path: Path) -> None:
    file = written(
        tmp_path / "a.jsonl",
        ROW, "{not json", {**ROW, "tweet_id": ""}, {**ROW, "tweet_created": "soon"}, {**ROW, "text": ["a"]},
        "[1, 2]", "",
        "[" * 100_000, {**ROW, "tweet_id": "2", "text": "nul \x00 and \ud800 and " + "x" * 1_000_000},
    )  # fmt: skip
    found = list(read_records(file, mapped(tmp_path)))
    bad = {one.line_no: one.reason for one in found if isinstance(one, MalformedLine)}
    assert sorted(bad) == [2, 3, 4, 5, 6, 8]
    assert bad[2].startswith("is not JSON")
    assert bad[3] == "has no id"
    assert "'soon' where a time like '%Y-%m-%d %H:%M:%S %z' was expected" in bad[4]
    assert [one.external_id for one in found if isinstance(one, Post)] == ["1", "2"]


def test_bad_rows_of_a_table(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", "id,text,likes", "1,a,3", "2,b", "3,c,-1", "4,d,1.5", '5,"e', 'f",', "")
    found = list(read_records(file, mapping_from({"id": "id", "text": "text", "likes": "likes"}, name="m")))
    bad = {one.line_no: one.reason for one in found if isinstance(one, MalformedLine)}
    assert bad[3] == "has 2 cells, and the header has 3"
    assert sorted(bad) == [3, 4, 5]
    assert [one.text for one in found if isinstance(one, Post)] == ["a", "e\nf"]


def test_a_table_without_a_mapping_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--mapping FILE"):
        read_records(written(tmp_path / "a.csv", "id,text", "1,a"))
    with pytest.raises(ConfigurationError, match="there is no file"):
        read_records(tmp_path / "absent.jsonl")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_records(tmp_path)


def test_records_come_in_time_order_and_timeless_ones_stay_behind_their_neighbour(tmp_path: Path) -> None:
    rows = [{"id": str(n), "text": "a", "created_at": f"2026-03-0{n}T00:00:00Z"} for n in (3, 1, 2)]
    rows.insert(1, {"id": "after 3", "text": "a"})
    found = posts(list(read_records(written(tmp_path / "a.jsonl", *rows))))
    assert [post.external_id for post in found] == ["1", "2", "3", "after 3"]


def test_a_large_file_is_streamed_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "SORTED_UP_TO", 10)
    rows = [{"id": str(n), "text": "a", "created_at": f"2026-03-0{n}T00:00:00Z"} for n in (3, 1, 2)]
    stream = read_records(written(tmp_path / "a.jsonl", *rows))
    assert [post.external_id for post in posts(list(stream))] == ["3", "1", "2"]


def test_normalised_lines(tmp_path: Path) -> None:
    file = written(
        tmp_path / "a.jsonl",
        {"kind": "survey", "source": "helpdesk", "external_id": 1, "text": "Bad", "author": {"id": "a", "followers": 4},
         "created_at": "2026-03-02T12:00:00Z", "brands": ["Northwind Air"], "engagement": {"likes": 3},
         "owner_reply": {"text": "Sorry"}, "extra": {"order": 7}},
        {"kind": "reply", "id": "2", "parent_id": "1", "text": "Sorry", "author": "nw", "created_at": 1772452860},
        {"kind": "engagement", "post": "1", "at": "2026-03-02T12:02:00Z", "views": 900},
        {"kind": "tombstone", "post": "1", "at": "2026-03-02T12:03:00Z"},
        {"kind": "truth", "case_post": "1", "escalated_at": "2026-03-02T12:04:00Z", "peak_at": None},
    )  # fmt: skip
    survey, reply, sample, gone, truth = list(read_records(file))
    assert isinstance(survey, Post)
    assert (survey.kind, survey.visibility, survey.brands) == (PostKind.SURVEY, Visibility.PRIVATE, ("northwind-air",))
    assert (survey.author.external_id, survey.author.followers) == ("a", 4)
    assert (survey.owner_reply, survey.extra) == (OwnerReply("Sorry"), {"order": 7})
    assert survey.engagement == EngagementSample("helpdesk", "1", datetime(2026, 3, 2, 12, tzinfo=UTC), likes=3)
    assert isinstance(reply, Post)
    assert (reply.by_brand, reply.kind, reply.parent_id) == (True, PostKind.POST, "1")
    assert isinstance(sample, EngagementSample)
    assert sample.views == 900
    assert isinstance(gone, Tombstone)
    assert isinstance(truth, Truth)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"id": "1", "txt": "a"}, "unknown key 'txt' (did you mean 'text'?)"),
        ({"kind": "revue", "id": "1", "text": "a"}, "unknown kind 'revue' (did you mean 'review'?)"),
        ({"kind": ["post"], "id": "1", "text": "a"}, "unknown kind"),
        ({"text": "a"}, "has no external_id"),
        ({"id": "1"}, "has no text"),
        ({"id": "1", "text": "a", "author": {"nam": "b"}}, "did you mean 'name'"),
        ({"id": "1", "text": "a", "author": ["b"]}, "list where one value"),
        ({"id": "1", "text": "a", "visibility": "secret"}, "public or private"),
        ({"id": "1", "text": "a", "engagement": {"likes": 1}}, "engagement without a time"),
        ({"id": "1", "text": "a", "followers": 1e400}, "whole number"),
        ({"id": "1", "text": "a", "followers": 2**63}, "out of range"),
        ({"id": "1", "text": "a", "created_at": "2026-13-01"}, "ISO 8601"),
        ({"id": "1", "text": "a", "by_brand": "maybe"}, "true or false"),
        ({"id": "1", "text": "a", "extra": [1]}, "no object"),
        ({"kind": "engagement", "post": "1"}, "has no at"),
    ],
)
def test_a_line_that_is_no_post_says_why(tmp_path: Path, line: Any, says: str) -> None:
    (bad,) = list(read_records(written(tmp_path / "a.jsonl", line)))
    assert isinstance(bad, MalformedLine)
    assert says in bad.reason


def test_a_json_array_is_read_too(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps([{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]), encoding="utf-8")
    assert len(posts(list(read_records(file)))) == 2
    file.write_text("[1, ", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="JSON array"):
        list(read_records(file))


def test_posts_without_an_id_are_known_by_their_words(tmp_path: Path) -> None:
    mapping = mapping_from({"text": "t", "author": "a"}, name="m")
    file = written(tmp_path / "a.jsonl", {"t": "x", "a": "ann"}, {"t": "x", "a": "bob"})
    first, second = [post.external_id for post in posts(list(read_records(file, mapping)))]
    assert first != second
    assert [post.external_id for post in posts(list(read_records(file, mapping)))] == [first, second]


def test_brands_own_rows_are_marked(tmp_path: Path) -> None:
    mapping = mapping_from({"text": "t", "id": "i", "by_brand": {"column": "inbound", "is": "false"}}, name="m")
    file = written(tmp_path / "a.jsonl", {"t": "x", "i": 1, "inbound": False}, {"t": "y", "i": 2, "inbound": True})
    assert [post.by_brand for post in posts(list(read_records(file, mapping)))] == [True, False]


def test_values() -> None:
    assert [slug(name) for name in ("US Airways", "Air / Côte", "한국 항공", "!!")] == [
        "us-airways",
        "air-cote",
        "한국-항공",
        "",
    ]
    assert [count(value) for value in ("12", "12.0", 12, "nan", None, "")] == [12, 12, 12, None, None, None]
    assert decimal("4,5") == decimal(4.5) == 4.5
    assert (
        time_parser("unix_ms")("1772452800000")
        == time_parser("unix")("1772452800")
        == datetime(2026, 3, 2, 12, tzinfo=UTC)
    )
    assert time_parser("%d/%m/%Y %H:%M")("02/03/2026 12:00") == datetime(2026, 3, 2, 12, tzinfo=UTC)
    for pattern in (None, "unix", "%d/%m/%Y"):
        with pytest.raises(ValueError, match="expected"):
            time_parser(pattern)("never")


async def test_the_checkpoint_counts_malformed_lines(tmp_path: Path) -> None:
    file = written(tmp_path / "a.jsonl", {"id": "1", "text": "a"}, "x", {"kind": "truth", "case_post": "1"})
    config = SourceConfig("r", "replay", (), options={"file": str(file)})
    events = [event async for event in Replay(Egress()).collect(CollectRequest(config, ()), None)]
    assert [type(event) for event in events] == [Post, Checkpoint]
    assert isinstance(events[-1], Checkpoint)
    assert (events[-1].value["records"], events[-1].value["malformed"]) == (3, 1)
    missing = SourceConfig("r", "replay", (), options={"file": str(tmp_path / "absent")})
    with pytest.raises(SourceUnreadable, match="there is no file"):
        [event async for event in Replay(Egress()).collect(CollectRequest(missing, ()), None)]


@pytest.mark.external
def test_the_airline_file_whole_and_quickly(shared: Path, tmp_path: Path) -> None:
    file = shared / "data" / "airline_us_2015" / "train.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    started = time.process_time()
    found = posts(list(read_records(file, mapped(tmp_path))))
    spent = time.process_time() - started
    assert len({post.external_id for post in found}) == len({json.loads(line)["tweet_id"] for line in lines}) == 11_359
    assert Counter(post.brands[0] for post in found)["us-airways"] == 2_374
    assert [post.created_at for post in found] == sorted(post.created_at for post in found if post.created_at)
    assert spent / len(found) < 100e-6, "the goal is 40 µs of CPU a record; this leaves room for a busy machine"


def test_a_file_with_nothing_readable_says_so(tmp_path: Path) -> None:
    for line, says in (("{", "is not JSON"), ("[]", "is no JSON object"), ("3", "is no JSON object")):
        file = written(tmp_path / "a.jsonl", "5" if line == "[]" else line)
        with pytest.raises(ConfigurationError, match=says):
            list(read_records(file, mapped(tmp_path)))
