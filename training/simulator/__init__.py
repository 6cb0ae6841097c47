"""A world with known truth: customers, consents, actions and responses, for demo, tests and benchmarks."""
