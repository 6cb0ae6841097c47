"""What the ledger proves of itself: hash chains over its records, the walk along them, and signed heads."""
