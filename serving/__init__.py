"""The service: use cases over the ledger, the doors that lead to them, and the wiring.

`app` is the FastAPI application, `bento` serves it under BentoML, `worker` runs the background jobs and `bootstrap`
wires the parts. Each package imports only from those below it:

- `api`: HTTP routes, each with its scope.
- `operations`: API keys, policy, health, metrics and the kill switch.
- `delivery`: leasing messages to executors after a recheck, and pushing them by webhook. `reviews`: cases for people.
- `decisions`: from a request to the committed decision. `facts`: what is reported about customers.
- `replay`: repeating a recorded decision. `observability`: metrics, logs and traces.
- `deployment`: the model, policy and catalogue in force.
- `schemas`: request and response models.
- `ledger`: the record. `auth`: who may call what. `http`: problems, limits and paths.
"""
