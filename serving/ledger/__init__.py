"""The record of customers, decisions, reviews, contacts, consents and outcomes."""
