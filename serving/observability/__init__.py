"""What is told of decisions: metrics, lines of the log, traces, and how rules live."""
