"""Taking in again, sealed, what was told of people while facts were kept in the clear.

A step puts the facts aside, in tables whose names begin with `clear_`, and they are taken in here, one customer after
another. Contact points come in the one spelling that they have now.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    select,
    union,
    update,
)

from heed.decisioning.canonical import canonical_json
from heed.decisioning.customer import ContactPoint, Suppression
from heed.decisioning.normalize import normalize_name
from heed.serving.ledger.backend.times import moment, moment_or_none
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.encryption.data_keys import DataKey, get_or_create_key
from heed.serving.ledger.encryption.pii import (
    BASIS,
    CONTACT_POINT,
    REASON,
    VALUE,
    Profile,
    sealed_profile,
    sealed_signals,
)
from heed.serving.ledger.facts.profiles import each_once, keep_contact_points
from heed.serving.ledger.facts.signals import keep_last, last_of_each
from heed.serving.ledger.queries.consents import ADD_SUPPRESSION
from heed.serving.ledger.queries.customers import CHANGE_CUSTOMER
from heed.serving.ledger.queries.merging import CHANGE_VALUE
from heed.serving.ledger.queries.parts import OF_WHOM
from heed.serving.ledger.queries.signals import ADD_SIGNAL
from heed.serving.ledger.tables.people import consents

_ASIDE = MetaData()


def _aside(name: str, texts: str, *others: Column[Any]) -> Table:
    return Table(f"clear_{name}", _ASIDE, *[Column(one, Text) for one in texts.split()], *others)


_PROFILES = _aside("customers", "customer_id attributes time_zone jurisdiction", Column("identity", Float))
_POINTS = _aside("contact_points", "customer_id channel contact_point time_zones", Column("position", Integer))
_CONSENTS = _aside("consents", "customer_id consent_id contact_point basis")
_SUPPRESSIONS = _aside(
    "suppressions",
    "customer_id reason channel",
    *[Column(name, BigInteger) for name in ("recorded_at", "until", "received_at")],
)
_SIGNALS = _aside("signals", "customer_id signal_id entry", Column("at", BigInteger), Column("received_at", BigInteger))
_VALUES = _aside("outcomes", "customer_id outcome_id", Column("value", Float))

TABLES = tuple(_ASIDE.tables)

_EVERYBODY = union(*[select(table.c.customer_id) for table in _ASIDE.tables.values()]).subquery()
_WHO = select(_EVERYBODY.c.customer_id).order_by(_EVERYBODY.c.customer_id)


def _of(table: Table, *columns: Column[Any], by: Sequence[Column[Any]]) -> Select[Any]:
    return select(*columns).where(table.c.customer_id == OF_WHOM).order_by(*by)


_P, _C, _S, _G, _V = _POINTS.c, _CONSENTS.c, _SUPPRESSIONS.c, _SIGNALS.c, _VALUES.c
_PROFILE_OF = _of(_PROFILES, *[one for one in _PROFILES.c if one.name != "customer_id"], by=())
_POINTS_OF = _of(_POINTS, _P.contact_point, _P.channel, _P.time_zones, by=(_P.position,))
_CONSENTS_OF = _of(_CONSENTS, _C.consent_id, _C.contact_point, _C.basis, by=(_C.consent_id,))
_SUPPRESSIONS_OF = _of(
    _SUPPRESSIONS, _S.reason, _S.recorded_at, _S.channel, _S.until, _S.received_at, by=(_S.recorded_at, _S.reason)
)
_SIGNALS_OF = _of(_SIGNALS, _G.signal_id, _G.at, _G.received_at, _G.entry, by=(_G.at, _G.signal_id))
_VALUES_OF = _of(_VALUES, _V.outcome_id, _V.value, by=(_V.outcome_id,))
_SEAL_CONSENT = (
    update(consents)
    .where(consents.c.consent_id == bindparam("of"))
    .values(contact_point=bindparam("point"), basis=bindparam("sealed_basis"))
)


def seal_facts(transaction: Transaction, now: datetime) -> None:
    """Seal what was put aside and take it in again."""
    parts: tuple[Callable[[Transaction, DataKey, str], None], ...]
    parts = (_profile, _points, _consents, _suppressions, _signals, _values)
    for (customer_id,) in transaction.rows(_WHO, {}):
        key = get_or_create_key(transaction, now, customer_id)
        for seal in parts:
            seal(transaction, key, customer_id)


def _profile(transaction: Transaction, key: DataKey, customer_id: str) -> None:
    for attributes, *rest in transaction.rows(_PROFILE_OF, {"customer_id": customer_id}):
        sealed = sealed_profile(key, Profile(orjson.loads(attributes), *rest))
        transaction.run(CHANGE_CUSTOMER, {"customer_id": customer_id, "profile": sealed})


def _points(transaction: Transaction, key: DataKey, customer_id: str) -> None:
    rows = transaction.rows(_POINTS_OF, {"customer_id": customer_id})
    points = [ContactPoint(name, channel, tuple(orjson.loads(zones))) for name, channel, zones in rows]
    respelt = [replace(one, contact_point=normalize_name(one.contact_point)) for one in points]
    keep_contact_points(transaction, key, customer_id, each_once(respelt))


def _consents(transaction: Transaction, key: DataKey, customer_id: str) -> None:
    for consent_id, point, basis in transaction.rows(_CONSENTS_OF, {"customer_id": customer_id}):
        told = {
            "point": None if point is None else key.sealed_fact(CONTACT_POINT, consent_id, normalize_name(point)),
            "sealed_basis": None if basis is None else key.sealed_fact(BASIS, consent_id, basis),
        }
        transaction.run(_SEAL_CONSENT, {"of": consent_id, **told})


def _suppressions(transaction: Transaction, key: DataKey, customer_id: str) -> None:
    rows = transaction.rows(_SUPPRESSIONS_OF, {"customer_id": customer_id})
    for reason, recorded_at, channel, until, received_at in rows:
        said = Suppression(reason, moment(recorded_at), channel, moment_or_none(until))
        own_id = transaction.seal.suppression(canonical_json([customer_id, said]).decode())
        values = {
            "suppression_id": own_id,
            "customer_id": customer_id,
            "reason": key.sealed_fact(REASON, own_id, reason),
            "recorded_at": recorded_at,
            "channel": channel,
            "until": until,
            "received_at": received_at,
        }
        transaction.run(ADD_SUPPRESSION, values)


def _signals(transaction: Transaction, key: DataKey, customer_id: str) -> None:
    rows = transaction.rows(_SIGNALS_OF, {"customer_id": customer_id})
    if not rows:
        return
    told = [(signal_id, orjson.loads(entry)) for signal_id, *_, entry in rows]
    sealed = sealed_signals(key, [entry for _, entry in told])
    for (signal_id, at, received_at, _), entry in zip(rows, sealed, strict=True):
        values = {"signal_id": signal_id, "customer_id": customer_id, "at": at, "received_at": received_at}
        transaction.run(ADD_SIGNAL, {**values, "entry": entry})
    keep_last(transaction, last_of_each((key, customer_id, signal_id, entry) for signal_id, entry in told))


def _values(transaction: Transaction, key: DataKey, customer_id: str) -> None:
    for outcome_id, value in transaction.rows(_VALUES_OF, {"customer_id": customer_id}):
        if value is not None:
            sealed = key.sealed_fact(VALUE, outcome_id, value)
            transaction.run(CHANGE_VALUE, {"outcome": outcome_id, "value": sealed})
