"""`fretwatch.toml`: every field arrives, and every slip is named with its file, its line and the nearest right word."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.alerts import Endpoint
from app.domain.brands import Brand, SourceConfig
from app.domain.errors import ConfigurationError, NotFound
from app.domain.policies import Policy
from app.settings import Configuration, load

SECRET = "whsec_bWFkZS11cC1zZWNyZXQtb2YtMzItYnl0ZXMtISE="
FULL = """\
public_url = "https://watch.example/"
database_url = "sqlite:///other.db"
queue_url = "sqlite:///queue.db"
secret_file = "keep/secret"
policies = ["policies/*.toml"]

[server]
host = "0.0.0.0"
port = 9000

[reader]
model = "my/model"
workers = 3

[[brand]]
slug = "northwind"
name = "Northwind Air"
timezone = "America/Denver"
handles = { mastodon = ["@northwind@social.example"] }
query = '"northwind air" OR @northwind'
rivals = ["southwind"]
policy = "airline"

[[source]]
name = "mastodon-northwind"
kind = "mastodon"
brands = ["northwind"]
base_url = "https://mastodon.example"
interval = "1h30m"
token_env = "MASTODON_TOKEN"
allow_private = true
money_cap = "5 USD/day"
tags = ["northwind"]

[[source]]
name = "news"
kind = "rss"
brands = ["northwind"]
url = "https://news.example/feed"
options = { max_items = 5 }

[[endpoint]]
name = "oncall"
kind = "webhook"
url = "https://example.org/hook"
secret_env = ["NEW_SECRET", "OLD_SECRET"]
levels = ["watch", "page"]
brands = ["northwind"]
allow_private = true
max_per_hour = 5
"""
POLICY = 'name = "airline"\nversion = 4\n'


def written(folder: Path, text: str, *, policy: str = POLICY) -> Path:
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "airline.toml").write_text(policy, encoding="utf-8")
    path = folder / "fretwatch.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str, **environ: str) -> Configuration:
    return load(written(folder, text), environ=environ)


def refused(folder: Path, text: str, **environ: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, text, **environ)
    return caught.value.message


def test_every_field_of_the_file_arrives(tmp_path: Path) -> None:
    configuration = read(tmp_path, FULL)
    assert configuration.public_url == "https://watch.example"
    assert configuration.database_url == "sqlite:///other.db"
    assert configuration.queue_url == "sqlite:///queue.db"
    assert configuration.secret_file == Path("keep/secret")
    assert (configuration.host, configuration.port) == ("0.0.0.0", 9000)
    assert (configuration.model, configuration.workers) == (Path("my/model"), 3)
    assert configuration.brands == (
        Brand(
            slug="northwind",
            name="Northwind Air",
            timezone="America/Denver",
            handles={"mastodon": ("@northwind@social.example",)},
            query='"northwind air" OR @northwind',
            rivals=("southwind",),
            policy="airline",
        ),
    )
    assert configuration.sources == (
        SourceConfig(
            name="mastodon-northwind",
            kind="mastodon",
            brands=("northwind",),
            interval=timedelta(minutes=90),
            base_url="https://mastodon.example",
            token_env="MASTODON_TOKEN",
            allow_private=True,
            money_cap="5 USD/day",
            options={"tags": ["northwind"]},
        ),
        SourceConfig("news", "rss", ("northwind",), url="https://news.example/feed", options={"max_items": 5}),
    )
    assert configuration.endpoints == (
        Endpoint(
            name="oncall",
            url="https://example.org/hook",
            levels=frozenset({"watch", "page"}),
            brands=frozenset({"northwind"}),
            allow_private=True,
            max_per_hour=5,
        ),
    )
    assert configuration.policies == (Policy(name="airline", version=4), Policy())


def test_a_configuration_finds_what_it_names_and_says_what_there_is(tmp_path: Path) -> None:
    configuration = read(tmp_path, FULL)
    assert configuration.brand("northwind").name == "Northwind Air"
    assert configuration.policy("airline").version == 4
    for ask in (configuration.brand, configuration.policy, configuration.endpoint):
        with pytest.raises(NotFound, match="there are: "):
            ask("nobody")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("query =", "qery =", 'line 20: unknown key "qery" in [[brand]]; did you mean "query"?'),
        ("levels =", "levls =", 'unknown key "levls" in [[endpoint]]; did you mean "levels"?'),
        ("interval =", "intervall =", 'line 29: unknown key "intervall" in [[source]]; did you mean "interval"?'),
        ("[server]", "[sever]", 'line 7: unknown key "sever"; did you mean "server"?'),
        ("port = 9000", "prot = 9000", 'line 9: unknown key "prot" in [server]; did you mean "port"?'),
        ("port = 9000", "port = 90000", '"port" in [server]: input should be less than or equal to 65535'),
        ('"1h30m"', '"5 parsecs"', "'5 parsecs' is no span of time; write 30s, 5m, 24h or 7d"),
        ('"America/Denver"', '"America/Denvr"', "'America/Denvr' is no time zone"),
        ('slug = "northwind"', 'slug = "North Wind"', "use small letters, digits and hyphens"),
        ('slug = "northwind"\n', "", '"slug" is missing in [[brand]]'),
        ('["watch", "page"]', '["watch", "pge"]', '"pge" is no level; did you mean "page"?'),
        ('"https://example.org/hook"', '"example.org"', "write a whole address"),
        ('kind = "rss"', 'kind = "rs"', 'line 37: there is no kind of source "rs"; did you mean "rss"?'),
        ('url = "https://news.example/feed"\n', "", 'a source of kind "rss" needs "url"'),
        ('policy = "airline"', 'policy = "airlines"', 'no policy "airlines"; did you mean "airline"?'),
        ('kind = "webhook"', 'kind = "webhok"', 'no kind of endpoint "webhok"; did you mean "webhook"?'),
        ("policies/*.toml", "polices/*.toml", 'no file matches "polices/*.toml"'),
        ('name = "news"', 'name = "mastodon-northwind"', 'the name "mastodon-northwind" is used by two [[source]]'),
        ("OR @northwind'", "OR'", "line 20: the query '\"northwind air\" OR': expected a word"),
        ("[server]", "[server", "is no valid TOML"),
    ],
)
def test_a_slip_is_named_with_its_place_and_the_nearest_right_word(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in FULL
    message = refused(tmp_path, FULL.replace(old, new, 1))
    assert said in message
    assert "fretwatch.toml" in message


def test_a_source_and_an_endpoint_must_name_a_brand_that_is_watched(tmp_path: Path) -> None:
    source = refused(tmp_path, FULL.replace('brands = ["northwind"]\nbase_url', 'brands = ["northwnd"]\nbase_url'))
    assert 'line 27: there is no brand "northwnd"; did you mean "northwind"?' in source
    endpoint = refused(tmp_path, FULL.replace('brands = ["northwind"]\nallow', 'brands = ["xyz"]\nallow'))
    assert 'there is no brand "xyz"; there are: northwind' in endpoint


def test_a_step_must_name_an_endpoint_there_is(tmp_path: Path) -> None:
    path = written(tmp_path, FULL, policy=POLICY + 'steps = [{ after = "0m", endpoint = "onccall" }]\n')
    with pytest.raises(ConfigurationError, match=r'step of policy "airline"\) "onccall"; did you mean "oncall"'):
        load(path, environ={})


def test_all_slips_are_named_at_once(tmp_path: Path) -> None:
    message = refused(tmp_path, FULL.replace("query =", "qery =").replace("rivals =", "rivls ="))
    assert message.count("did you mean") == 2


def test_a_file_that_is_not_there_is_named_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="fretwatch init"):
        load(tmp_path / "no.toml", environ={})


def test_the_environment_stands_over_the_file(tmp_path: Path) -> None:
    configuration = read(
        tmp_path,
        FULL,
        FRETWATCH_DATABASE_URL="postgresql://db.example/fretwatch",
        FRETWATCH_QUEUE_URL="nats://queue.example",
        FRETWATCH__SERVER__PORT="9100",
        FRETWATCH__PUBLIC_URL="https://other.example",
    )
    assert configuration.database_url == "postgresql://db.example/fretwatch"
    assert configuration.queue_url == "nats://queue.example"
    assert (configuration.host, configuration.port) == ("0.0.0.0", 9100)
    assert configuration.public_url == "https://other.example"


def test_a_file_variant_gives_what_its_file_says(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("sqlite:///from-file.db\n", encoding="utf-8")
    configuration = read(tmp_path, FULL, FRETWATCH_DATABASE_URL_FILE=str(tmp_path / "url"))
    assert configuration.database_url == "sqlite:///from-file.db"
    assert "cannot be read" in refused(tmp_path, FULL, FRETWATCH__PUBLIC_URL_FILE=str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("FRETWATCH__SERVR__PORT", "1", 'FRETWATCH__SERVR__PORT: unknown key "servr"; did you mean "server"?'),
        (
            "FRETWATCH__SERVER__PROT",
            "1",
            'FRETWATCH__SERVER__PROT: unknown key "prot" in [server]; did you mean "port"',
        ),
        ("FRETWATCH__SERVER__PORT", "eight", "environment variable FRETWATCH__SERVER__PORT"),
        ("FRETWATCH__POLICIES", "not json", "written as JSON"),
    ],
)
def test_a_slip_in_the_environment_names_the_variable(tmp_path: Path, variable: str, value: str, said: str) -> None:
    assert said in refused(tmp_path, FULL, **{variable: value})


def test_foreign_variables_are_left_alone(tmp_path: Path) -> None:
    assert read(tmp_path, FULL, FRETWATCH_TEST_POSTGRES="x", HOME="/nowhere").port == 9000


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    configuration = load(environ={})
    assert configuration.path is None
    assert configuration.brands == ()
    assert configuration.database_url == "sqlite:///var/fretwatch.db"


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, FULL)
    assert load(environ={"FRETWATCH_CONFIG": str(path)}).path == path


def test_secrets_are_looked_up_when_they_are_needed(tmp_path: Path) -> None:
    configuration = read(tmp_path, FULL)  # none is set, and nothing is refused yet
    with pytest.raises(ConfigurationError, match='NEW_SECRET is not set; endpoint "oncall" needs it'):
        configuration.endpoint("oncall")
    with pytest.raises(ConfigurationError, match="MASTODON_TOKEN is not set; source"):
        configuration.token(configuration.sources[0])
    assert configuration.token(configuration.sources[1]) is None


def test_two_secrets_come_newest_first_and_one_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "old").write_text(SECRET + "\n", encoding="utf-8")
    configuration = read(
        tmp_path, FULL, NEW_SECRET=SECRET.replace("b", "c"), OLD_SECRET_FILE=str(tmp_path / "old"), MASTODON_TOKEN="t"
    )
    assert configuration.endpoint("oncall").secrets == (SECRET.replace("b", "c"), SECRET)
    assert configuration.token(configuration.sources[0]) == "t"
    assert SECRET not in repr(configuration)


@pytest.mark.parametrize("secret", ["hunter2", "whsec_c2hvcnQ=", "whsec_???"])
def test_a_secret_that_cannot_sign_is_refused_with_its_variable(tmp_path: Path, secret: str) -> None:
    configuration = read(tmp_path, FULL, NEW_SECRET=secret, OLD_SECRET=SECRET)
    with pytest.raises(ConfigurationError, match="NEW_SECRET holds no signing secret") as caught:
        configuration.endpoint("oncall")
    assert secret not in caught.value.message
