"""heed's numbers held against the known truth of simulated worlds."""
