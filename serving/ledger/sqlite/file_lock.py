"""One writing process per SQLite file, held by a lock that the system drops with the process."""

import fcntl
import os
from pathlib import Path

from heed.decisioning.errors import Unavailable
from heed.serving.errors import LedgerLocked


class FileLock:
    """An exclusive lock on a file beside the ledger, from construction until `release` or the end of the process.

    Raises
    ------
    Unavailable
        If another process, or another ledger of this process, holds it.
    """

    def __init__(self, ledger: Path) -> None:
        path = ledger.with_name(ledger.name + ".lock")
        self._descriptor = _open(path)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise LedgerLocked(
                "another process writes to this ledger",
                field="ledger",
                value=ledger,
                remedy="stop it, run one worker, or open the ledger for reading only",
            ) from error

    def release(self) -> None:
        """Let another process write."""
        os.close(self._descriptor)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        remedy = "create the folder and make it writable for this process"
        raise Unavailable("the ledger cannot be locked", field="ledger", value=path, remedy=remedy) from error
