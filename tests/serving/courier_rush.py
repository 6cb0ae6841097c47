"""One of several processes that all carry the messages of one ledger to one executor, until nothing waits any more.

python -m tests.serving.courier_rush HOME DATABASE EXECUTOR SECRET
"""

import asyncio
import sys
from pathlib import Path

from serving.bootstrap import bootstrap
from serving.settings import Settings
from tests.decisioning.doubles import FixedScorer
from tests.serving.postgres import KEY
from tests.serving.running import OFFERS, POLICY, in_force

WIDTH = 4


async def main(home: str, database: str, executor: str, secret: str) -> None:
    told = {"webhook_url": executor, "webhook_secret": secret, "webhook_allow_private": True, "webhook_width": WIDTH}
    settings = Settings(home=Path(home), database_url=database, ledger_key=KEY, **told)
    loaded = in_force(FixedScorer({}), OFFERS, POLICY)
    runtime = bootstrap(settings, load=lambda: loaded)
    runtime.standby.try_load()
    (courier,) = runtime.couriers
    # Everybody is ready before anybody begins.
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    while runtime.ledger.outbox(1):
        await courier.start_ready()
        await asyncio.sleep(0.01)
    await courier.finish()
    await courier.stop()
    runtime.ledger.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
