"""Delivery by Standard Webhooks: signed, retried for days, to public addresses only."""
