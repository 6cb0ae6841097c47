"""The address that the service listens on: without API keys only localhost is allowed."""

import logging
import os
import socket
import stat
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from heed.serving.auth.loopback import is_loopback
from heed.serving.errors import InsecureBind

logger = logging.getLogger("heed.serving")

NO_KEYS_NOTICE = "no API keys: every user of this machine may do everything, and nobody else anything"
_DESCRIPTORS = Path("/dev/fd")
_REMEDY = "create one with `heed keys create --name admin --role policy-admin`, or listen on 127.0.0.1; then restart"


def check_bind_address(hosts: Iterable[str], *, keys: bool) -> None:
    """Warn that there are no API keys, and refuse to listen beyond loopback without them.

    Raises
    ------
    InsecureBind
        With the address, and the command that creates a key.
    """
    if keys:
        return
    outside = next((host for host in hosts if not is_loopback(host)), None)
    if outside is not None:
        raise InsecureBind("without API keys heed binds to localhost only", field="host", value=outside, remedy=_REMEDY)
    logger.warning(NO_KEYS_NOTICE)


def listening_addresses() -> Iterator[str]:
    """Addresses that this process listens on, whoever bound them; empty where the system does not say."""
    for entry in sorted(_DESCRIPTORS.iterdir()) if _DESCRIPTORS.is_dir() else ():
        yield from _address(int(entry.name))


def _address(descriptor: int) -> Iterator[str]:
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return
        with closing(socket.socket(fileno=os.dup(descriptor))) as listener:
            inet = listener.family in (socket.AF_INET, socket.AF_INET6)
            if inet and listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                yield str(listener.getsockname()[0])
    except OSError:
        # It has been closed in the meantime.
        return
