"""Restraint put to the test from outside: documented failures and known traps as data, run over HTTP.

Nothing here imports a service. A system that can set its clock, load a policy, take facts and decide can be put
through the scenarios by an adapter that keeps :class:`heed.guardrails.conformance.system.System`.
"""
