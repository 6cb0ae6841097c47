"""Metrics, logs, traces, and monitors of rules and background jobs."""
