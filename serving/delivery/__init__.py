"""Delivery: messages are leased to executors or pushed by webhooks, after guardrails are checked again.

The life of an act, and where each step is:

1. It is decided (`decisions.service`), or a person approves it (`reviews.service`).
2. `guardrails.recheck` asks whether it may still happen; the ledger then reserves the contact slot and puts the message
   into the outbox (`ledger.decisions.commit`, `ledger.reviews`).
3. An executor or the webhook worker leases the message (`service`, `ledger.leases`); `message_recheck` asks once more.
4. `webhooks.webhook_worker` sends it, or the executor does.
5. The lease is settled: delivered, tried again later (`retry`), or withdrawn.
"""

from heed.serving.delivery.service import DeliveryService, EndpointStatus, OutboxStatus
from heed.serving.ledger.leases import Lease
from heed.serving.ledger.outbox import MessageState, OutboxMessage

__all__ = ["DeliveryService", "EndpointStatus", "Lease", "MessageState", "OutboxMessage", "OutboxStatus"]
