"""Conditions in CEL: compiled, checked and evaluated."""
