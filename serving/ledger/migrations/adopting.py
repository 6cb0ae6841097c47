"""Taking records from before there were chains into them, in order of the tables' keys."""

from serving.ledger.proofs.chaining import append, genesis, named, record_digest
from serving.ledger.queries.chain import ADD_HEAD, HEADS, UNLINKED_ROWS
from serving.ledger.store.transaction import Transaction
from serving.ledger.tables.chains import SHARDS
from serving.ledger.tables.schema import SCHEMA

_AT_ONCE = 100


def adopt(transaction: Transaction) -> None:
    """Begin the chains where there are none, and link every record that has no link yet."""
    begun = {row[0] for row in transaction.rows(HEADS, {})}
    for shard in set(range(SHARDS)) - begun:
        transaction.run(ADD_HEAD, {"shard": shard, "position": 0, "hash": genesis(shard)})
    for table, unlinked in UNLINKED_ROWS.items():
        columns = SCHEMA.tables[table].c.keys()
        while rows := transaction.rows(unlinked, {"limit": _AT_ONCE}):
            records = [dict(zip(columns, row, strict=True)) for row in rows]
            append(transaction, [(table, *named(table, one), record_digest(table, one)) for one in records])
