from pathlib import Path

import pytest

from decisioning.errors import InvalidInput
from serving.settings import Settings


def test_the_ledger_is_under_the_home_unless_a_url_names_its_file(monkeypatch):
    monkeypatch.setenv("HEED_HOME", "/srv/heed")
    assert Settings().ledger_path == Path("/srv/heed/ledger.db")
    monkeypatch.setenv("HEED_DATABASE_URL", "sqlite:////var/lib/heed/other.db")
    assert Settings().ledger_path == Path("/var/lib/heed/other.db")


def test_another_kind_of_database_is_refused_and_its_password_kept(monkeypatch):
    monkeypatch.setenv("HEED_DATABASE_URL", "postgresql://heed:secret@db/heed")
    with pytest.raises(InvalidInput, match="unknown kind of database in `HEED_DATABASE_URL`: `postgresql`") as raised:
        _ = Settings().ledger_path
    assert "secret" not in str(raised.value) + repr(Settings())
