"""The ledger's tables. Times are integer microseconds in UTC; documents are JSON text."""
