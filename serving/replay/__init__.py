"""Receipts of decisions, and replaying them: as recorded, or under another policy."""
