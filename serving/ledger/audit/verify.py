"""Walking the chains: whatever was edited, removed, slipped in or cut off is found and named.

A record that was edited no longer has the digest of its link. One that was removed is missing where its link leads, and
one that was slipped in has no link. Whoever mends the links as well breaks the hashes after them, or has to remake all
of them: that contradicts a head that was signed before and kept elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from heed.serving.ledger.audit.chain_hash import link_hash
from heed.serving.ledger.audit.hash_chain import genesis_hash, record_digest, record_name
from heed.serving.ledger.audit.signing import ShardHead, SignedHead
from heed.serving.ledger.backend.transaction import Row, Transaction, Work
from heed.serving.ledger.queries.chain import BEYOND, HEADS, LINK_AT, LINKED_ROWS, LINKS, UNLINKED_ROWS
from heed.serving.ledger.tables.chains import SHARDS
from heed.serving.ledger.tables.schema import SCHEMA

_STRETCH = 500
# So many strangers of a kind are named.
_MOST = 1_000

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was written.

    Attributes
    ----------
    what : str
        ``edited``, ``deleted``, ``inserted`` (records), ``broken``, ``missing`` (links), ``truncated``, ``rewritten``
        (against a head) or ``head`` (the end of a shard as the ledger notes it).
    table, record : str or None
        Which record; of several names the second comes after a number sign.
    shard, position : int or None
        Where in the chains.
    decision_id : str or None
        The decision, where the record is one or belongs to one that is still known.
    """

    what: str
    says: str
    table: str | None = None
    record: str | None = None
    shard: int | None = None
    position: int | None = None
    decision_id: str | None = None


@dataclass(frozen=True)
class Verification:
    """How many links were walked, and what was found."""

    links: int
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether everything is as it was written."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class _Link:
    shard: int
    position: int
    table: str
    record: str
    part: str
    digest: str
    hash: str

    @property
    def name(self) -> str:
        return f"{self.record}#{self.part}" if self.part else self.record


def heads(transaction: Transaction) -> tuple[ShardHead, ...]:
    """The ends of all shards, of one moment."""
    return tuple(ShardHead(shard=row[0], position=row[1], hash=row[2]) for row in transaction.rows(HEADS, {}))


def verify(
    read: Callable[[Work[Any]], Any], anchor: SignedHead | None = None, told: Progress = lambda _: None
) -> Verification:
    """Walk every shard as far as it went when the walk began.

    Parameters
    ----------
    read : callable
        Reads from the ledger, one stretch after another, so that the service beside it is not held up.
    anchor : SignedHead, optional
        A head of this ledger from an earlier moment, whose signature has been checked.
    told : callable, optional
        Is told after each stretch how many links it had.
    """
    ends = {one.shard: one for one in read(heads)}
    findings: list[Finding] = []
    walked = 0
    for shard in range(SHARDS):
        along, found = _walked(read, shard, ends.get(shard), told)
        walked += along
        findings += found
    findings += read(_beyond)
    for table in UNLINKED_ROWS:
        findings += read(partial(_inserted, table=table))
    findings += [] if anchor is None else read(partial(_against, anchor=anchor))
    return Verification(walked, tuple(findings))


def _walked(
    read: Callable[[Work[Any]], Any], shard: int, end: ShardHead | None, told: Progress
) -> tuple[int, list[Finding]]:
    """How many links of one shard there were, and what was found along them."""
    if end is None:
        return 0, [Finding("head", "the end of the shard is not on record", shard=shard)]
    walk, walked = _Walk(shard), 0
    findings: list[Finding] = []
    while walk.position < end.position:
        upto = min(walk.position + _STRETCH, end.position)
        found, digests = read(partial(_stretch, shard=shard, after=walk.position, upto=upto))
        findings += walk.along(found, digests, upto)
        walked += len(found)
        told(len(found))
    return walked, [*findings, *walk.ended(end)]


class _Walk:
    """Along one shard, from its beginning."""

    def __init__(self, shard: int) -> None:
        self.shard = shard
        self.position = 0
        # None after a gap, where nobody can say any more what stood before.
        self._before: str | None = genesis_hash(shard)

    def along(self, found: Sequence[_Link], rows: Mapping[tuple[str, str, str], str], upto: int) -> Iterator[Finding]:
        """What is wrong with the next stretch, up to a position."""
        for link in found:
            yield from self._gap(link.position - 1)
            if self._before is not None and link_hash(self._before, link.digest) != link.hash:
                yield _of(link, "broken", "the link does not follow from the one before it")
            yield from _record(link, rows.get((link.table, link.record, link.part)))
            self.position, self._before = link.position, link.hash
        yield from self._gap(upto)

    def ended(self, end: ShardHead) -> Iterator[Finding]:
        """Whether the shard ends as the ledger notes it."""
        if self._before is not None and self._before != end.hash:
            says = "the last link is not the one that the ledger notes as the end of the shard"
            yield Finding("head", says, shard=self.shard, position=end.position)

    def _gap(self, upto: int) -> Iterator[Finding]:
        """A finding for each position that is skipped on the way to the one after `upto`."""
        for position in range(self.position + 1, upto + 1):
            yield Finding("missing", "the link is gone", shard=self.shard, position=position)
            self._before = None
        self.position = max(self.position, upto)


def _record(link: _Link, digest: str | None) -> Iterator[Finding]:
    if digest is None:
        yield _of(link, "deleted", "the record is gone")
    elif digest != link.digest:
        yield _of(link, "edited", "the record is not what was written")


def _of(link: _Link, what: str, says: str) -> Finding:
    decision_id = link.record if link.table == "decisions" else None
    return Finding(what, says, link.table, link.name, link.shard, link.position, decision_id)


def _stretch(
    transaction: Transaction, shard: int, after: int, upto: int
) -> tuple[list[_Link], dict[tuple[str, str, str], str]]:
    """The links of a stretch, and the digests of the records they lead to as they are now."""
    where = {"of_shard": shard, "after": after, "upto": upto}
    found = [_Link(shard, *row) for row in transaction.rows(LINKS, where)]
    digests: dict[tuple[str, str, str], str] = {}
    for table in sorted({link.table for link in found} & LINKED_ROWS.keys()):
        for row in transaction.rows(LINKED_ROWS[table], where):
            record = _columns(table, row)
            digests[(table, *record_name(table, record))] = record_digest(table, record)
    return found, digests


def _inserted(transaction: Transaction, table: str) -> list[Finding]:
    rows = (_columns(table, row) for row in transaction.rows(UNLINKED_ROWS[table], {"limit": _MOST}))
    return [_stranger(table, record) for record in rows]


def _stranger(table: str, record: Mapping[str, object]) -> Finding:
    first, part = record_name(table, record)
    decision_id = first if table == "decisions" else None
    name = f"{first}#{part}" if part else first
    return Finding("inserted", "no link leads to the record", table, name, decision_id=decision_id)


def _beyond(transaction: Transaction) -> list[Finding]:
    """Links after the end of their shard, which nothing that writes in order can leave."""
    says = "a link stands after the end of the shard"
    rows = transaction.rows(BEYOND, {"limit": _MOST})
    return [Finding("head", says, shard=shard, position=position) for shard, position in rows]


def _against(transaction: Transaction, anchor: SignedHead) -> list[Finding]:
    """Where the chains no longer hold what a signed head said they held."""
    found = []
    for end in anchor.shards:
        row = transaction.row(LINK_AT, {"of_shard": end.shard, "at_position": end.position})
        if row is None and end.position:
            says = f"the shard had {end.position} links at {anchor.at}, and has fewer"
            found.append(Finding("truncated", says, shard=end.shard, position=end.position))
        elif row is not None and row[0] != end.hash:
            says = f"the shard up to here is not what was signed at {anchor.at}"
            found.append(Finding("rewritten", says, shard=end.shard, position=end.position))
    return found


def _columns(table: str, row: Row) -> dict[str, object]:
    return dict(zip(SCHEMA.tables[table].c.keys(), row, strict=True))
