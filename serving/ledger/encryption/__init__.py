"""Personal data encrypted under one key per customer, which is deleted when the customer is erased."""
