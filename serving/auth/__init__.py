"""Who may ask for what: keys, roles, scopes, the table of routes, limits, and the gate before everything."""
