"""What every part of the ledger stands on, whatever database keeps it: transactions, locks, moments and the key."""
