"""Handing messages to an executor by Standard Webhooks: signed, tried for days, to public addresses only."""
