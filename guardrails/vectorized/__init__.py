"""Policies over many customers at once, as columns; the same verdicts as one by one."""
