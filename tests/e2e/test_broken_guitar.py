"""The demo as a test: the whole product, the real reader, a real receiver, and what the story must make of them."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from app.runtime.demo import run_demo
from app.storage.audit import audit
from app.storage.database import Database


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_song_is_heard_before_it_is_sung(tmp_path: Path) -> None:
    report = run_demo(host="127.0.0.1", port=0, seconds=0, folder=tmp_path / "demo", keep_serving=False)
    song_at = report.song_at

    # Ageing: by the policy's clock of 24 h after the first public complaint, nine months before the song.
    assert report.first_ageing_at is not None
    assert song_at - report.first_ageing_at > timedelta(days=270)
    # The threat raises it on the day that it is written, four days before the song.
    assert report.threat_raised_at is not None
    assert timedelta(days=3) < song_at - report.threat_raised_at < timedelta(days=5)
    # Velocity: within the first day after the upload.
    assert report.velocity_at is not None
    assert report.velocity_at - song_at < timedelta(hours=24)
    # One grouped alert, and few messages.
    assert report.alerts_of_the_case == 1
    assert 1 <= report.webhook_ids_in_72_hours["oncall"] <= 6
    assert report.failed == 0

    received = [json.loads(line) for line in (tmp_path / "demo" / "receiver.jsonl").read_text().splitlines()]
    assert all(line["verified"] for line in received)
    assert len({line["webhook_id"] for line in received}) == report.delivered

    database = Database(f"sqlite:///{tmp_path}/demo/fretwatch.db")
    with database.read() as tx:
        assert audit(tx, database.now()).findings == []
    database.close()
