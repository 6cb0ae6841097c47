"""Policy as data: rules are loaded, validated and compiled into pure functions from facts to verdicts."""
