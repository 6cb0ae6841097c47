"""Walk the hash chains and report whatever was edited, deleted, inserted or cut off.

An edited record no longer has the digest of its link. A deleted one is missing where its link leads, and an inserted
one has no link. Whoever repairs the links as well breaks the hashes after them, or has to remake all of them: that
contradicts a head that was signed before and kept elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Select, Text, and_, bindparam, cast, exists, literal, select

from heed.serving.ledger.audit.hash_chain import genesis_hash, link_hash, record_digest, record_name
from heed.serving.ledger.audit.signing import ShardHead, SignedHead, sign_head
from heed.serving.ledger.backend.repository import reads_now
from heed.serving.ledger.backend.transaction import ReadJob, Row, Transaction
from heed.serving.ledger.schema import CHAINED, LIMIT, SCHEMA, SHARDS, heads, links, pick


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


_HEADS = pick(heads, "shard position hash").order_by(heads.c.shard)


def shard_heads(transaction: Transaction) -> tuple[ShardHead, ...]:
    """The ends of all shards, of one moment."""
    return tuple(ShardHead(shard=row[0], position=row[1], hash=row[2]) for row in transaction.rows(_HEADS, {}))


@reads_now()
def signed_head(transaction: Transaction, now: datetime) -> SignedHead:
    """Where the chains end at this moment, signed."""
    return sign_head(transaction.key_ring, shard_heads(transaction), now)


Progress = Callable[[int], None]
"""Called after each read with how many links it had."""


def silent(links: int) -> None:
    """Progress that nobody watches."""


def _unlinked_rows(name: str) -> Select[Any]:
    table, key = SCHEMA.tables[name], CHAINED[name]
    part = cast(table.c[key[1]], Text) if len(key) > 1 else literal("")
    link = exists().where(links.c.kind == name, links.c.record == table.c[key[0]], links.c.part == part)
    return select(table).where(~link).order_by(*[table.c[column] for column in key]).limit(LIMIT)


_UNLINKED_ROWS: Mapping[str, Select[Any]] = {name: _unlinked_rows(name) for name in CHAINED}


def walk_chains(
    read: Callable[[ReadJob[Any]], Any], anchor: SignedHead | None = None, progress: Progress = silent
) -> Verification:
    """Walk every shard as far as it went when the walk began.

    Parameters
    ----------
    read : callable
        Reads from the ledger, one part after another, so that the service beside it is not held up.
    anchor : SignedHead, optional
        A head of this ledger from an earlier moment, whose signature has been checked.
    progress : callable, optional
        Called after each read with how many links it had.
    """
    ends = {end.shard: end for end in read(shard_heads)}
    findings: list[Finding] = []
    walked = 0
    for shard in range(SHARDS):
        along, found = _walk_shard(read, shard, ends.get(shard), progress)
        walked += along
        findings += found
    findings += read(_beyond_end)
    for table in _UNLINKED_ROWS:
        findings += read(partial(_unlinked, table=table))
    findings += [] if anchor is None else read(partial(_compare_with_head, anchor=anchor))
    return Verification(walked, tuple(findings))


_LINKS_PER_READ = 500


def _walk_shard(
    read: Callable[[ReadJob[Any]], Any], shard: int, end: ShardHead | None, progress: Progress
) -> tuple[int, list[Finding]]:
    """How many links of one shard there were, and what was found along them."""
    if end is None:
        return 0, [Finding("head", "the end of the shard is not on record", shard=shard)]
    walk, walked = _ShardWalk(shard), 0
    findings: list[Finding] = []
    while walk.position < end.position:
        upto = min(walk.position + _LINKS_PER_READ, end.position)
        found, digests = read(partial(_read_stretch, shard=shard, after=walk.position, upto=upto))
        findings += walk.along(found, digests, upto)
        walked += len(found)
        progress(len(found))
    return walked, [*findings, *walk.ended(end)]


class _ShardWalk:
    """Along one shard, from its beginning."""

    def __init__(self, shard: int) -> None:
        self.shard = shard
        self.position = 0
        # None after a gap, where nobody can say any more what stood before.
        self._before: str | None = genesis_hash(shard)

    def along(self, found: Sequence[_Link], rows: Mapping[tuple[str, str, str], str], upto: int) -> Iterator[Finding]:
        """What is wrong with the next links, up to a position."""
        for link in found:
            yield from self._gap(link.position - 1)
            if self._before is not None and link_hash(self._before, link.digest) != link.hash:
                yield _finding(link, "broken", "the link does not follow from the one before it")
            yield from _check_record(link, rows.get((link.table, link.record, link.part)))
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


def _check_record(link: _Link, digest: str | None) -> Iterator[Finding]:
    if digest is None:
        yield _finding(link, "deleted", "the record is gone")
    elif digest != link.digest:
        yield _finding(link, "edited", "the record is not what was written")


def _finding(link: _Link, what: str, says: str) -> Finding:
    decision_id = link.record if link.table == "decisions" else None
    return Finding(what, says, link.table, link.name, link.shard, link.position, decision_id)


_SHARD = bindparam("of_shard", type_=heads.c.shard.type)

_STRETCH = and_(links.c.shard == _SHARD, links.c.position > bindparam("after"), links.c.position <= bindparam("upto"))

_LINKS = pick(links, "position kind record part digest hash").where(_STRETCH).order_by(links.c.position)


def _linked_rows(name: str) -> Select[Any]:
    table, key = SCHEMA.tables[name], CHAINED[name]
    wanted = select(links.c.record).where(_STRETCH, links.c.kind == name)
    return select(table).where(table.c[key[0]].in_(wanted))


# Rows of a table to which the links of one read lead, and possibly more of the same first name.
_LINKED_ROWS: Mapping[str, Select[Any]] = {name: _linked_rows(name) for name in CHAINED}


def _read_stretch(
    transaction: Transaction, shard: int, after: int, upto: int
) -> tuple[list[_Link], dict[tuple[str, str, str], str]]:
    """The links of one read, and the digests of the records they lead to as they are now."""
    where = {"of_shard": shard, "after": after, "upto": upto}
    found = [_Link(shard, *row) for row in transaction.rows(_LINKS, where)]
    digests: dict[tuple[str, str, str], str] = {}
    for table in sorted({link.table for link in found} & _LINKED_ROWS.keys()):
        for row in transaction.rows(_LINKED_ROWS[table], where):
            record = _as_record(table, row)
            digests[(table, *record_name(table, record))] = record_digest(table, record)
    return found, digests


# So many findings of a kind are named.
_MOST_FINDINGS = 1_000


def _unlinked(transaction: Transaction, table: str) -> list[Finding]:
    rows = (_as_record(table, row) for row in transaction.rows(_UNLINKED_ROWS[table], {"limit": _MOST_FINDINGS}))
    return [_unlinked_finding(table, record) for record in rows]


def _unlinked_finding(table: str, record: Mapping[str, object]) -> Finding:
    first, part = record_name(table, record)
    decision_id = first if table == "decisions" else None
    name = f"{first}#{part}" if part else first
    return Finding("inserted", "no link leads to the record", table, name, decision_id=decision_id)


# One statement, so that a link that is added meanwhile is seen with the head that it moved or not at all.
_BEYOND = (
    pick(links, "shard position")
    .join(heads, and_(heads.c.shard == links.c.shard, links.c.position > heads.c.position))
    .order_by(links.c.shard, links.c.position)
    .limit(LIMIT)
)


def _beyond_end(transaction: Transaction) -> list[Finding]:
    """Links after the end of their shard, which nothing that writes in order can leave."""
    says = "a link stands after the end of the shard"
    rows = transaction.rows(_BEYOND, {"limit": _MOST_FINDINGS})
    return [Finding("head", says, shard=shard, position=position) for shard, position in rows]


_LINK_AT = select(links.c.hash).where(links.c.shard == _SHARD, links.c.position == bindparam("at_position"))


def _compare_with_head(transaction: Transaction, anchor: SignedHead) -> list[Finding]:
    """Where the chains no longer hold what a signed head said they held."""
    found = []
    for end in anchor.shards:
        row = transaction.row(_LINK_AT, {"of_shard": end.shard, "at_position": end.position})
        if row is None and end.position:
            says = f"the shard had {end.position} links at {anchor.at}, and has fewer"
            found.append(Finding("truncated", says, shard=end.shard, position=end.position))
        elif row is not None and row[0] != end.hash:
            says = f"the shard up to here is not what was signed at {anchor.at}"
            found.append(Finding("rewritten", says, shard=end.shard, position=end.position))
    return found


def _as_record(table: str, row: Row) -> dict[str, object]:
    return dict(zip(SCHEMA.tables[table].c.keys(), row, strict=True))
