"""`heed keys`: API keys."""

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

from heed.cli.command import group
from heed.cli.options import service_client, url_option
from heed.cli.output import announce, json_option, print_json
from heed.client import Json
from heed.serving.auth.scopes import ROLES, Role, Scope
from heed.serving.settings import Settings

if TYPE_CHECKING:
    from heed.serving.ledger.ledger import Ledger

T = TypeVar("T")


@group()
def keys() -> None:
    """Create, list and revoke API keys.

    With HEED_API_KEY or --url the running service does it. Otherwise the command opens the ledger itself, which on
    SQLite requires that no service is running. This is how the first key is created.
    """


@keys.command()
@click.option("--name", required=True, help="Whose key it is. Two live keys may share a name, for rotation.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="What it may do.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="Only this scope of the role; repeatable. Default: all of them.",
)
@click.option("--expires", metavar="DURATION", help="When it expires: 90d, 12h, 30m. Default: never.")
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
    """Create a key and print it. It is not shown again."""
    from heed.serving.auth.api_key import parse_duration

    expires_at = None if expires is None else datetime.now(UTC) + parse_duration(expires)
    order = f"creating a {role} key for {name}"
    if _through_service(url):
        with service_client(url, order=order) as client:
            created = client.create_key(name, role, scopes=scopes, expires_at=expires_at)
    else:
        created = _on_ledger(lambda ledger: _create(ledger, name, Role(role), scopes, expires_at), order=order)
    if as_json:
        print_json(created)
    else:
        announce(f"key {created['key']['key_id']} for {name}, {role}; keep it, it is not shown again")
        click.echo(created["token"])


@keys.command("list")
@url_option
@json_option
def list_keys(url: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List all keys, without their secrets."""
    order = "listing the keys"
    if _through_service(url):
        with service_client(url, order=order) as client:
            listed = client.keys()
    else:
        listed = _on_ledger(_list, order=order, readonly=True)
    print_json(listed) if as_json else _show(listed)


@keys.command()
@click.argument("key_id")
@url_option
def revoke(key_id: str, url: str | None) -> None:
    """Revoke a key for good."""
    order = f"revoking key {key_id}"
    if _through_service(url):
        with service_client(url, order=order) as client:
            client.revoke_key(key_id)
    else:
        _on_ledger(lambda ledger: asyncio.run(ledger.api_keys.revoke(key_id)), order=order)
    click.echo(f"key {key_id} is revoked")


def _through_service(url: str | None) -> bool:
    return url is not None or "HEED_API_KEY" in os.environ


def _on_ledger(work: "Callable[[Ledger], T]", *, order: str, readonly: bool = False) -> T:
    """Run `work` on the ledger, which is created if need be."""
    from heed.serving.errors import LedgerLocked
    from heed.serving.ledger.connect import open_ledger
    from heed.serving.ledger.migrate import upgrade

    settings = Settings()
    location = settings.ledger_location
    announce(f"{order} in the ledger at {location}")
    if isinstance(location, Path) and not location.exists():
        upgrade(location)
    try:
        with open_ledger(location, readonly=readonly, key=settings.sealing_key) as ledger:
            return work(ledger)
    except LedgerLocked as error:
        remedy = "set HEED_API_KEY to a policy admin's key, so that the service does it, or stop the service first"
        raise LedgerLocked(error.message, field=error.field, value=error.value, remedy=remedy) from error


def _create(ledger: "Ledger", name: str, role: Role, scopes: tuple[str, ...], expires_at: datetime | None) -> Json:
    from heed.serving.auth.api_key import create_key
    from heed.serving.auth.key_schemas import KeyMade, key_view
    from heed.serving.auth.scopes import narrow_scopes

    now = datetime.now(UTC)
    created = create_key(name, role, narrow_scopes(role, scopes), now, expires_at)
    asyncio.run(ledger.api_keys.add(created.key))
    answer: Json = orjson.loads(orjson.dumps(KeyMade(created.token, key_view(created.key, now))))
    return answer


def _list(ledger: "Ledger") -> list[Json]:
    from heed.serving.auth.key_schemas import key_view

    now = datetime.now(UTC)
    answer: list[Json] = orjson.loads(orjson.dumps([key_view(key, now) for key in ledger.api_keys.list()]))
    return answer


def _show(listed: list[Json]) -> None:
    unbroken = [Column(name, no_wrap=True) for name in ("key", "name", "role")]
    table = Table(*unbroken, "scopes", "created", "expires", "last used", "state", box=None)
    for key in listed:
        state = "live" if key["live"] else "expired" if key["revoked_at"] is None else "revoked"
        dates = [_date(key[name]) for name in ("created_at", "expires_at", "used_at")]
        complete = set(key["scopes"]) == ROLES[Role(key["role"])]
        scopes = "all of the role" if complete else ", ".join(key["scopes"])
        table.add_row(key["key_id"], key["name"], key["role"], scopes, *dates, state)
    Console().print(table)


def _date(moment: str | None) -> str:
    return "" if moment is None else moment[:10]
