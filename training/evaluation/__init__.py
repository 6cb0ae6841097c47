"""Model evaluation: metrics, uplift, off-policy value, fairness, and the gates to promotion."""
