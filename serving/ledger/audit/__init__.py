"""What the ledger proves of itself: chains over its records, the walk along them, and signed heads."""
