"""The record of customers, decisions, reviews, contacts, consents and outcomes.

`connect` opens one, `migrate` makes one, and `ledger` lists what every feature offers and in which module it is read:
the SQL of a feature stands above the function that runs it, with the locks of a write declared on the function. A table
is written by one module alone; other features call its functions. Each room imports only from those below it:

- `sqlite`, `postgres`: the two databases that keep it. `migrations`: the schema in numbered revisions.
- `privacy`: what a person may ask of whoever keeps it. `merge`, `leases`, `timeline`: what spans several features.
- `decisions`: from what is known to the recorded decision. `reviews`: cases that a person must decide.
- `facts`: what was reported of customers, and what is known by it. `outbox`: messages for executors.
- `operations`: stops, keys, figures. `audit`: hash chains and signed heads. `encryption`: one key per customer.
- `backend`: transactions, locks, moments and the ledger's key. `schema`: every table.
"""
