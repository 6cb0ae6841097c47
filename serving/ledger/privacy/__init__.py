"""What a person may ask of whoever keeps a ledger: everything that is held about them, and that it be erased."""
