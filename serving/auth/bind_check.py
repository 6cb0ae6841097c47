"""Where the service listens: without keys nothing but this machine may reach it."""

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

NO_KEYS_NOTICE = "open: there are no keys, so whoever uses this machine may do everything, and nobody else anything"
_DESCRIPTORS = Path("/dev/fd")
_REMEDY = "make one by `heed keys create --name admin --role policy-admin`, or listen on 127.0.0.1; then start again"


def check_bind_address(hosts: Iterable[str], *, keys: bool) -> None:
    """Say that the service is open where no key was ever made, and refuse that anywhere but on loopback.

    Raises
    ------
    InsecureBind
        Naming the address, with the command that makes a key.
    """
    if keys:
        return
    outside = next((host for host in hosts if not is_loopback(host)), None)
    if outside is not None:
        raise InsecureBind(
            "without a key heed serves nobody but this machine", field="host", value=outside, remedy=_REMEDY
        )
    logger.warning(NO_KEYS_NOTICE)


def listening_addresses() -> Iterator[str]:
    """Addresses on which this process listens, whoever bound them; none where the system does not tell."""
    for entry in sorted(_DESCRIPTORS.iterdir()) if _DESCRIPTORS.is_dir() else ():
        yield from _address(int(entry.name))


def _address(descriptor: int) -> Iterator[str]:
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return
        with closing(socket.socket(fileno=os.dup(descriptor))) as found:
            inet = found.family in (socket.AF_INET, socket.AF_INET6)
            if inet and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                yield str(found.getsockname()[0])
    except OSError:
        # It was closed meanwhile.
        return
