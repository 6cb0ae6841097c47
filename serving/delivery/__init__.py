"""Messages for executors: whether they may be handed over now, and when they are tried again."""
