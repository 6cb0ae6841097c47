"""Numbered steps from one shape of the ledger to the next, run by `serving.ledger.migrating.upgrade`."""
