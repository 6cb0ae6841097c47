"""Running heed: kill switch, API keys, the policy in force, health and metrics."""
