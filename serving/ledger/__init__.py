"""The record of customers, decisions, reviews, contacts, consents and outcomes.

`opening` opens one, `migrating` makes one, and `ledger` says what every one promises; `records` and `reports` are what
goes in and comes out. Its rooms, each of which imports only from those below it:

- `sqlite`, `postgres`: the two databases that keep it.
- `migrations`: from one shape of it to the next. `rights`: what a person may ask of whoever keeps it.
- `reviews`: cases that a person must decide. `outbox`: messages for executors.
- `decisions`: from what is known to the recorded decision.
- `facts`: what was told of customers, and what is known by it.
- `people`: who is on record, under which keys. `proofs`: chains and signed heads. `operations`: stops, keys, counts.
- `store`: transactions, locks and moments, whatever database keeps them.
- `queries`, `tables`: every statement, and what they are about.
"""
