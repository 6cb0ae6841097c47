from pathlib import Path

import pytest

from heed.decisioning.errors import InvalidInput
from heed.serving.ledger.backend.location import PostgresLocation
from heed.serving.settings import Settings


def test_the_ledger_is_under_the_home_unless_a_url_names_its_file(monkeypatch):
    monkeypatch.setenv("HEED_HOME", "/srv/heed")
    assert Settings().ledger_path == Path("/srv/heed/ledger.db")
    monkeypatch.setenv("HEED_DATABASE_URL", "sqlite:////var/lib/heed/other.db")
    assert Settings().ledger_path == Path("/var/lib/heed/other.db")


def test_a_url_of_postgresql_is_taken_and_its_password_never_shown(monkeypatch):
    monkeypatch.setenv("HEED_DATABASE_URL", "postgresql://heed:pa55word@db:5433/ledger")
    place = Settings().ledger_location
    assert isinstance(place, PostgresLocation)
    assert str(place) == "postgresql://db:5433/ledger"
    assert "pa55word" not in repr(place) + repr(Settings())
    with pytest.raises(InvalidInput, match="the ledger is in no file") as raised:
        _ = Settings().ledger_path
    assert "pa55word" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        pytest.param("mysql://heed:pa55word@db/heed", "unknown kind of database .*: `mysql`", id="another kind"),
        pytest.param("postgresql://heed:pa55word@db/heed?pa55word", "cannot be read", id="a parameter without a value"),
        pytest.param("postgresql://heed:pa55word@[db/heed", "cannot be read", id="an open bracket"),
        pytest.param("postgresql://heed:pa55word@db/heed?pa55words=1", "cannot be read", id="an unknown parameter"),
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_its_password(monkeypatch, url, complaint):
    monkeypatch.setenv("HEED_DATABASE_URL", url)
    with pytest.raises(InvalidInput, match=complaint) as raised:
        _ = Settings().ledger_location
    assert "pa55word" not in str(raised.value) + repr(Settings())


def test_several_workers_need_postgresql(monkeypatch):
    monkeypatch.setenv("HEED_WORKERS", "4")
    with pytest.raises(
        InvalidInput, match="a ledger in SQLite allows one worker in `HEED_WORKERS`: `4`; set HEED_DATA"
    ):
        _ = Settings().service_workers
    monkeypatch.setenv("HEED_DATABASE_URL", "postgresql://heed@db/heed")
    assert Settings().service_workers == 4
