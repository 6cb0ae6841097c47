"""A simulator with known ground truth: customers, consents, actions and responses, for demo, tests and benchmarks."""
