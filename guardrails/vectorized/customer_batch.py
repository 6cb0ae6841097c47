"""Many customers at one moment, with what rules look at as columns, each made when first asked for."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

import polars as pl

from heed.decisioning.canonical import Scalar
from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Customer, Facts, Volume, microseconds
from heed.guardrails.conditions.cel import CelType
from heed.guardrails.conditions.cel_env import BUILT_IN
from heed.guardrails.field_types import MAX_WINDOW
from heed.guardrails.vectorized.history_arrays import Contacts, Permissions, contacts_of, permissions_of
from heed.guardrails.vectorized.integer_codes import Codes, encode
from heed.guardrails.vectorized.value_columns import value_column

# Microseconds since 1970 are exact as floats until the year 2255.
_LATEST_YEAR = 2250
_LATEST = microseconds(datetime(_LATEST_YEAR, 1, 1, tzinfo=UTC))
# Readers of what customers are do not look at the action that they are handed.
_ANY = Action("", "", "", "", 0.0, "", 0.0)


@dataclass(frozen=True)
class CustomerBatch:
    """The facts of many decisions made at one moment in one context.

    Its columns stay, so that several policies can be asked about the same customers.

    Attributes
    ----------
    customers : sequence of Customer
        In the order of the rows of all columns.
    window : timedelta
        How far back from `now` contacts are columns; as far at least as a policy that is asked about them looks.
    """

    customers: Sequence[Customer]
    now: datetime
    context: Mapping[str, Scalar] = field(default_factory=dict)
    volumes: tuple[Volume, ...] | None = None
    window: timedelta = MAX_WINDOW

    def __len__(self) -> int:
        return len(self.customers)

    def facts(self, place: int) -> Facts:
        """The facts of one decision."""
        return Facts(self.customers[place], self.now, self.context, self.volumes)

    @cached_property
    def odd(self) -> tuple[int, ...]:
        """Places of customers whose times cannot stand in columns; usually none."""
        try:
            latest = max(one.at.max(initial=0) for one in (self.contacts, self.permissions.consents))
        except TypeError:  # a time without an offset
            latest = _LATEST
        if latest < _LATEST:
            return ()
        return tuple(place for place, customer in enumerate(self.customers) if _out_of_range(customer))

    def without(self, places: Sequence[int]) -> "CustomerBatch":
        """The same with customers of whom nothing is known in these places."""
        gone = frozenset(places)
        left = [Customer("") if place in gone else one for place, one in enumerate(self.customers)]
        return replace(self, customers=left)

    @cached_property
    def contacts(self) -> Contacts:
        """All contacts that a rule may look at as columns."""
        return contacts_of(self.customers, self.now - self.window)

    @cached_property
    def permissions(self) -> Permissions:
        """All consents and contact points as columns."""
        return permissions_of(self.customers)

    @cached_property
    def jurisdictions(self) -> tuple[Codes, list[int]]:
        """Code of each customer's jurisdiction, and where each first comes."""
        return encode(customer.jurisdiction for customer in self.customers)

    def grouped(self, name: str, key: Callable[[Customer], Hashable]) -> tuple[Codes, list[int]]:
        """Code of each customer's key, and where each first comes; looked up again by the name of the grouping."""
        if name not in self._groupings:
            self._groupings[name] = encode(map(key, self.customers))
        return self._groupings[name]

    def column(self, name: str, kind: CelType) -> pl.Series:
        """Values of a variable of customers in conditions, null where unknown."""
        if (name, kind) not in self._columns:
            self._columns[name, kind] = value_column(name, self._values(name), kind)
        return self._columns[name, kind]

    def _values(self, name: str) -> list[Scalar]:
        if name in BUILT_IN:
            return [BUILT_IN[name][1](self.facts(place), _ANY) for place in range(len(self))]
        attribute = name.partition(".")[2]
        return [customer.attributes.get(attribute) for customer in self.customers]

    @cached_property
    def _groupings(self) -> dict[str, tuple[Codes, list[int]]]:
        return {}

    @cached_property
    def _columns(self) -> dict[tuple[str, CelType], pl.Series]:
        return {}


def _out_of_range(customer: Customer) -> bool:
    """Whether a time of the customer's cannot stand in a column: one without an offset, or centuries ahead."""
    ends = [one.expires_at for one in customer.consents if one.expires_at is not None]
    times = [*(one.at for one in customer.contacts), *(one.recorded_at for one in customer.consents)]
    return any(one.tzinfo is None for one in (*times, *ends)) or any(one.year >= _LATEST_YEAR - 1 for one in times)
