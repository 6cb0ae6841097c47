"""Many customers at one moment, with lazily built columns of the facts that rules need."""

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
# Readers of customer variables ignore the action.
_ANY = Action("", "", "", "", 0.0, "", 0.0)


@dataclass(frozen=True)
class CustomerBatch:
    """The facts of many decisions at one moment in one context.

    Columns are cached, so that several policies can evaluate the same customers.

    Attributes
    ----------
    customers : sequence of Customer
        In the order of the rows of all columns.
    window : timedelta
        How far back from `now` contacts are in columns; at least the longest window of a policy.
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
        """Indices of customers with times that do not fit into columns; usually none."""
        try:
            latest = max(contact.at.max(initial=0) for contact in (self.contacts, self.permissions.consents))
        except TypeError:  # a time without an offset
            latest = _LATEST
        if latest < _LATEST:
            return ()
        return tuple(place for place, customer in enumerate(self.customers) if _out_of_range(customer))

    def without(self, places: Sequence[int]) -> "CustomerBatch":
        """The same batch with empty customers at these indices."""
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
        """Code of each customer's jurisdiction, and the index where each first occurs."""
        return encode(customer.jurisdiction for customer in self.customers)

    def grouped(self, name: str, key: Callable[[Customer], Hashable]) -> tuple[Codes, list[int]]:
        """Code of each customer's key, and the index where each first occurs; cached by the grouping's name."""
        if name not in self._groupings:
            self._groupings[name] = encode(map(key, self.customers))
        return self._groupings[name]

    def column(self, name: str, kind: CelType) -> pl.Series:
        """Values of a customer variable of conditions, null where unknown."""
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
    """Whether a time of the customer does not fit into a column: one without an offset, or centuries ahead."""
    ends = [consent.expires_at for consent in customer.consents if consent.expires_at is not None]
    times = [*(contact.at for contact in customer.contacts), *(consent.recorded_at for consent in customer.consents)]
    return any(time.tzinfo is None for time in (*times, *ends)) or any(time.year >= _LATEST_YEAR - 1 for time in times)
