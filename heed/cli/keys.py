"""`heed keys`: who may ask the service for what."""

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
import orjson
from rich.console import Console
from rich.table import Column, Table

from heed.cli.options import service_client, url_option
from heed.cli.output import json_option, print_json
from heed.client import Json
from heed.serving.auth.scopes import ROLES, Role, Scope
from heed.serving.settings import Settings

if TYPE_CHECKING:
    from heed.serving.ledger.ledger import Ledger

T = TypeVar("T")


@click.group()
def keys() -> None:
    """Make, list and revoke API keys.

    With HEED_API_KEY set a running service does it; otherwise the ledger is opened here, which on SQLite takes that no
    service runs. The first key is made so.
    """


@keys.command()
@click.option("--name", required=True, help="Whose key it is; two live keys may share a name, for rotation.")
@click.option("--role", required=True, type=click.Choice([one.value for one in Role]))
@click.option("--scope", "scopes", multiple=True, type=click.Choice([one.value for one in Scope]), help="Only these.")
@click.option("--expires", metavar="SPAN", help="After how long it stops working: 90d, 12h, 30m. Never otherwise.")
@url_option
@json_option
def create(
    name: str,
    role: str,
    scopes: tuple[str, ...],
    expires: str | None,
    url: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Make a key and print it, once."""
    from heed.serving.auth.api_key import parse_duration

    expires_at = None if expires is None else datetime.now(UTC) + parse_duration(expires)
    if _asks(url):
        with service_client(url) as client:
            made = client.create_key(name, role, scopes=scopes, expires_at=expires_at)
    else:
        made = _on_ledger(lambda ledger: _made(ledger, name, Role(role), scopes, expires_at))
    if as_json:
        print_json(made)
    else:
        click.echo(f"key {made['key']['key_id']} of {name}, {role}: keep it, it is not shown again", err=True)
        click.echo(made["token"])


@keys.command("list")
@url_option
@json_option
def list_keys(url: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List all keys, without their secrets."""
    if _asks(url):
        with service_client(url) as client:
            found = client.keys()
    else:
        found = _on_ledger(_listed, readonly=True)
    print_json(found) if as_json else _show(found)


@keys.command()
@click.argument("key_id")
@url_option
def revoke(key_id: str, url: str | None) -> None:
    """Take a key back for good."""
    if _asks(url):
        with service_client(url) as client:
            client.revoke_key(key_id)
    else:
        _on_ledger(lambda ledger: asyncio.run(ledger.revoke_key(key_id)))
    click.echo(f"key {key_id} opens nothing any more")


def _asks(url: str | None) -> bool:
    """Whether a running service is to do it."""
    return url is not None or "HEED_API_KEY" in os.environ


def _on_ledger(work: "Callable[[Ledger], T]", *, readonly: bool = False) -> T:
    """Do it here; a ledger that is not there yet is made.

    Raises
    ------
    LedgerLocked
        If a service writes to the ledger.
    """
    from heed.serving.errors import LedgerLocked
    from heed.serving.ledger.connect import open_ledger
    from heed.serving.ledger.migrate import upgrade

    settings = Settings()
    place = settings.ledger_location
    if isinstance(place, Path) and not place.exists():
        upgrade(place)
    try:
        with open_ledger(place, readonly=readonly, key=settings.sealing_key) as ledger:
            return work(ledger)
    except LedgerLocked as error:
        remedy = "set HEED_API_KEY to a policy admin's key, so that the service does it, or stop the service first"
        raise LedgerLocked(error.message, field=error.field, value=error.value, remedy=remedy) from error


def _made(ledger: "Ledger", name: str, role: Role, scopes: tuple[str, ...], expires_at: datetime | None) -> Json:
    from heed.serving.auth.api_key import create_key
    from heed.serving.auth.key_schemas import KeyMade, key_view
    from heed.serving.auth.scopes import narrow_scopes

    now = datetime.now(UTC)
    made = create_key(name, role, narrow_scopes(role, scopes), now, expires_at)
    asyncio.run(ledger.add_key(made.key))
    answer: Json = orjson.loads(orjson.dumps(KeyMade(made.token, key_view(made.key, now))))
    return answer


def _listed(ledger: "Ledger") -> list[Json]:
    from heed.serving.auth.key_schemas import key_view

    now = datetime.now(UTC)
    found: list[Json] = orjson.loads(orjson.dumps([key_view(one, now) for one in ledger.api_keys()]))
    return found


def _show(found: list[Json]) -> None:
    whole_words = [Column(name, no_wrap=True) for name in ("key", "name", "role")]
    table = Table(*whole_words, "scopes", "made", "expires", "last used", "state", box=None)
    for one in found:
        state = "live" if one["live"] else "expired" if one["revoked_at"] is None else "revoked"
        days = [_day(one[name]) for name in ("created_at", "expires_at", "used_at")]
        whole = set(one["scopes"]) == ROLES[Role(one["role"])]
        scopes = "all of the role" if whole else ", ".join(one["scopes"])
        table.add_row(one["key_id"], one["name"], one["role"], scopes, *days, state)
    Console().print(table)


def _day(moment: str | None) -> str:
    return "" if moment is None else moment[:10]
