"""The ledger on PostgreSQL: any number of processes and hosts write at once, one customer at a time."""
