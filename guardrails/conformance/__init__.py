"""Conformance suite: documented failures and known traps as scenarios, run over HTTP.

Nothing here imports the service. Any system that can set its clock, load a policy, take facts and decide can be tested
with an adapter that implements :class:`heed.guardrails.conformance.system.System`.
"""
