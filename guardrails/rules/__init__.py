"""One file per kind of rule: its settings, and a pure function from facts to a verdict."""
