"""Every statement of the ledger, by name. Values are bound by name; none is ever pasted into the text."""
