"""Evaluations for people: one page, tables and figures."""
