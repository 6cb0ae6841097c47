"""HTTP beneath the API: heads of requests, ids in paths, bodies of errors, and BentoML trimmed to it."""
