"""`heed worker`: background jobs in a process of their own."""

import asyncio

from heed.cli.command import command
from heed.cli.output import announce
from heed.decisioning.errors import InvalidInput
from heed.serving.settings import Settings


@command()
def worker() -> None:
    """Run background jobs until stopped: expire reviews and messages, push webhooks.

    The service runs them itself unless HEED_BACKGROUND_JOBS is `separate`, which needs a ledger in PostgreSQL.
    """
    from heed.serving.bootstrap import bootstrap
    from heed.serving.observability.logs import configure
    from heed.serving.worker import run_worker

    settings = Settings()
    if not settings.separate_worker:
        remedy = "set it to separate, for the service and for the worker"
        raise InvalidInput(
            "the service runs its background jobs itself", field="HEED_BACKGROUND_JOBS", value="inside", remedy=remedy
        )
    configure(settings.log_level)
    runtime = bootstrap(settings)
    announce(f"ledger: {settings.ledger_location}, background jobs run here")
    try:
        asyncio.run(run_worker(runtime))
    finally:
        runtime.close()
