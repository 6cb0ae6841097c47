"""HTTP beneath the API: limits on requests, ids in paths, and one body for every error."""
