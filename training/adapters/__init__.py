"""Adapters from public data sets to engagement data, one module each."""
