"""Vectorized policies: verdicts for many customers at once, equal to those of the guard."""
