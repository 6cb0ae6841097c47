"""The ledger in a file: SQLite, to which one thread of one process writes."""
