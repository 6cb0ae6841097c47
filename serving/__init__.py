"""The service: the ledger, the decision's way through it, the review queue, and the wiring.

`service` is what BentoML serves, `bootstrap` puts it together, and `answer` is what callers get back. Its rooms, each
of which imports only from those below it:

- `api`: the HTTP face, with the pages of the record. `webhooks`: handing messages to an executor by HTTP.
- `executors`: whether a message may be handed over now.
- `deciding`: from a request to the committed decision, by the model or by a person.
- `observing`: metrics, logs and traces. `replay`: making a recorded decision again.
- `in_force`: the model, the policy, the catalogue, and what is stopped. `requests`: what callers may send.
- `ledger`: the record. `access`: who may ask for what. `http`: what lies beneath the API.
"""
