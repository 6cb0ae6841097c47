"""Cuts connections that stall.

A statement has its time limit on the server. But where the network swallows packets, or the server's machine stops,
nobody answers, and waiting in the driver has no end. One thread watches all connections and cuts those that have been
silent for too long; whoever waits there is told at once that the connection is gone.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from psycopg import Connection, OperationalError

_CHECKS_PER_TIMEOUT = 8


class StallWatchdog:
    """Watches statements that wait for their answer.

    Parameters
    ----------
    seconds : float
        How long a connection may be silent.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[int, tuple[float, Connection[Any]]] = {}
        self._gate = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="ledger-watch", daemon=True)
        self._thread.start()

    @contextmanager
    def watching(self, connection: Connection[Any]) -> Iterator[None]:
        """Watch the connection for as long as the body waits for it."""
        own = id(connection)
        self._waiting[own] = (monotonic() + self._seconds, connection)
        try:
            yield
        finally:
            with self._gate:
                del self._waiting[own]

    def close(self) -> None:
        """Stop watching."""
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(self._seconds / _CHECKS_PER_TIMEOUT):
            now = monotonic()
            # Under the gate no statement ends, so that what is cut is still the one that was silent.
            with self._gate:
                for deadline, connection in list(self._waiting.values()):
                    if deadline < now:
                        _cut(connection)


def _cut(connection: Connection[Any]) -> None:
    try:
        descriptor = os.dup(connection.fileno())
    except (OperationalError, OSError):
        return
    with socket.socket(fileno=descriptor) as wire:
        try:
            wire.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
