"""One module per kind of rule: its fields, and a pure function from facts to a verdict."""
