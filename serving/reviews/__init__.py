"""Review cases and the people who settle them."""
