"""One of several processes that deliver one ledger's messages to one executor until the outbox is empty.

python -m tests.support.webhook_worker_process HOME DATABASE EXECUTOR SECRET
"""

import asyncio
import sys
from pathlib import Path

from heed.serving.bootstrap import bootstrap
from heed.serving.settings import Settings
from tests.support.doubles import FixedScorer
from tests.support.in_process_service import OFFERS, POLICY, active_versions
from tests.support.postgres_server import KEY

WIDTH = 4


async def main(home: str, database: str, executor: str, secret: str) -> None:
    webhook = {"webhook_url": executor, "webhook_secret": secret, "webhook_allow_private": True, "webhook_width": WIDTH}
    settings = Settings(home=Path(home), database_url=database, ledger_key=KEY, **webhook)
    loaded = active_versions(FixedScorer({}), OFFERS, POLICY)
    runtime = bootstrap(settings, load=lambda: loaded)
    runtime.deployment.try_load()
    (webhook_worker,) = runtime.webhook_workers
    # Everybody is ready before anybody begins.
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    while runtime.ledger.outbox.ready(1):
        await webhook_worker.start_ready()
        await asyncio.sleep(0.01)
    await webhook_worker.finish()
    await webhook_worker.stop()
    runtime.ledger.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
