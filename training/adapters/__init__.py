"""Public data sets turned into engagement data, one module each."""
