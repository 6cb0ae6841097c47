"""Taking records from before there were chains into them, in order of the tables' keys."""

from heed.serving.ledger.audit.hash_chain import append, genesis_hash, record_digest, record_name
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.queries.chain import ADD_HEAD, HEADS, UNLINKED_ROWS
from heed.serving.ledger.tables.chains import SHARDS
from heed.serving.ledger.tables.schema import SCHEMA

_AT_ONCE = 100


def adopt(transaction: Transaction) -> None:
    """Begin the chains where there are none, and link every record that has no link yet."""
    begun = {row[0] for row in transaction.rows(HEADS, {})}
    for shard in set(range(SHARDS)) - begun:
        transaction.run(ADD_HEAD, {"shard": shard, "position": 0, "hash": genesis_hash(shard)})
    for table, unlinked in UNLINKED_ROWS.items():
        columns = SCHEMA.tables[table].c.keys()
        while rows := transaction.rows(unlinked, {"limit": _AT_ONCE}):
            records = [dict(zip(columns, row, strict=True)) for row in rows]
            append(transaction, [(table, *record_name(table, one), record_digest(table, one)) for one in records])
