"""API keys as the ledger keeps them, on both databases: two live ones of a name, one role, and no way back."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from heed.decisioning.errors import Conflict, NotFound
from heed.serving.auth.api_key import ApiKey, create_key
from heed.serving.auth.scopes import ROLES, Role, Scope
from heed.serving.ledger.ledger import Ledger
from tests.support.ledger_builders import NOON, Clock, wait
from tests.support.ledger_stores import Store

HOUR = timedelta(hours=1)


def made(name: str = "crm", role: Role = Role.SERVICE, **more: object) -> ApiKey:
    return replace(create_key(name, role, frozenset(ROLES[role]), NOON).key, **more)


def test_a_key_comes_back_as_it_was_made_and_is_there_after_a_restart(store: Store, clock: Clock) -> None:
    narrow = create_key("press", Role.SERVICE, frozenset({Scope("scores:read")}), NOON, NOON + HOUR).key
    with store.open(clock) as ledger:
        wait(ledger.api_keys.add(narrow))
        assert ledger.api_keys.list() == (narrow,)
    with store.open(clock) as ledger:
        assert ledger.api_keys.list() == (narrow,)


def test_of_one_name_two_live_at_once_however_many_are_made_at_the_same_time(ledger: Ledger) -> None:
    async def press() -> list[BaseException | None]:
        return await asyncio.gather(*(ledger.api_keys.add(made()) for _ in range(6)), return_exceptions=True)

    refused = [one for one in wait(press()) if isinstance(one, Conflict)]
    assert len(refused) == 4
    assert all("2 live keys have this name" in str(one) for one in refused)
    assert len(ledger.api_keys.list()) == 2


@pytest.mark.parametrize("gone", ["revoked", "expired"])
def test_one_that_is_gone_makes_room(ledger: Ledger, clock: Clock, gone: str) -> None:
    first = made(expires_at=NOON + HOUR)
    wait(ledger.api_keys.add(first))
    wait(ledger.api_keys.add(made()))
    if gone == "revoked":
        assert wait(ledger.api_keys.revoke(first.key_id)).revoked_at == clock.now
    else:
        clock.advance(hours=1)
    wait(ledger.api_keys.add(made()))
    assert len(ledger.api_keys.list()) == 3


def test_a_name_has_one_role(ledger: Ledger) -> None:
    wait(ledger.api_keys.add(made()))
    with pytest.raises(Conflict, match=r"a name has one role .*the name is that of a service: choose another"):
        wait(ledger.api_keys.add(made(role=Role.AUDITOR)))


def test_what_was_revoked_stays_so_from_the_first_time_on(ledger: Ledger, clock: Clock) -> None:
    key = made()
    wait(ledger.api_keys.add(key))
    first = wait(ledger.api_keys.revoke(key.key_id))
    clock.advance(hours=1)
    assert wait(ledger.api_keys.revoke(key.key_id)) == first
    with pytest.raises(NotFound, match=r"no such key .*`heed keys list` names them"):
        wait(ledger.api_keys.revoke("0" * 12))


def test_when_keys_were_used_is_kept_for_each(ledger: Ledger) -> None:
    keys = [made(name) for name in ("crm", "shop", "press")]
    for one in keys:
        wait(ledger.api_keys.add(one))
    used = {one.key_id: NOON + number * HOUR for number, one in enumerate(keys[:2])}
    wait(ledger.api_keys.mark_used(used))
    assert {one.key_id: one.used_at for one in ledger.api_keys.list()} == {**used, keys[2].key_id: None}
