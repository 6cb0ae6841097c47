"""What routes depend on: the use cases of the running service."""

from typing import Annotated

from fastapi import Depends, Request

from heed.serving.runtime import Services, runtime


async def services(request: Request) -> Services:
    """The use cases of the application that answers this request. A coroutine, as FastAPI runs functions in threads."""
    return runtime(request).services


UseCases = Annotated[Services, Depends(services)]
