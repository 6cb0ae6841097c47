"""Bringing a ledger to the present shape: numbered steps, and taking in again what earlier shapes kept otherwise."""
