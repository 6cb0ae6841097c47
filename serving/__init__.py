"""The service: the ledger, the decision's way through it, the review queue, and the wiring."""
