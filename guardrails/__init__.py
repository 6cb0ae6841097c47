"""Policy as data: schema, loading, rules, and how their verdicts combine. What is not allowed is suppressed."""
