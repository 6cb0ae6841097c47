"""Facts about customers: each taken once, and read back as what is known of one of them."""
