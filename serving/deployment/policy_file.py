"""The policy file while heed runs: whether it changed, what it says now, and why it was refused where it was.

The file's status is looked at with every decision, which costs microseconds, and its content at intervals: a change
within the resolution of the file's clock leaves the status as it was. Each worker watches for itself.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from heed.decisioning.errors import HeedError, PolicyError
from heed.guardrails.policy.load import LoadedPolicy, parse_policy

logger = logging.getLogger("heed.serving")

Status = tuple[int, int, int, int]


@dataclass(frozen=True)
class RejectedPolicy:
    """A content of the policy file that was not taken.

    Attributes
    ----------
    file : str
        SHA-256 of the content; empty where the file could not be read.
    why : str
        All faults, with their lines.
    """

    at: datetime
    file: str
    why: str


class PolicyFile:
    """One policy file under watch.

    Parameters
    ----------
    clock : callable
        The present moment, with an offset.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self.path = path
        self.refused: RejectedPolicy | None = None
        self._clock = clock
        self._status: Status | None = None
        self._read: Status | None = None
        self._digest = ""

    def moved(self) -> bool:
        """Whether the file's status differs from when it was last read and what it said had its consequences."""
        return self._look() != self._status

    def changed(self) -> LoadedPolicy | None:
        """The policy that the file says, None where its content is what was read last.

        Raises
        ------
        PolicyError
            If it cannot be read or is no policy; what was read counts as read.
        """
        # The status comes first: a change between the two is then seen as one still to come.
        self._read = self._look()
        try:
            content = self.path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            same, self._digest = digest == self._digest, digest
            if same:
                self._status = self._read
                return None
            return parse_policy(content.decode(), source=str(self.path))
        except (OSError, UnicodeDecodeError) as error:
            remedy = "name a readable YAML file in UTF-8"
            if isinstance(error, OSError):
                self._digest = ""
            raise PolicyError("policy file cannot be read", field="policy", value=self.path, remedy=remedy) from error

    def refuse(self, error: HeedError) -> None:
        """Keep why the file's content was not taken, and say so once."""
        self._status = self._read
        if self.refused is None or (self.refused.file, self.refused.why) != (self._digest, str(error)):
            logger.warning("the policy file was refused, and the policy before it stays in force: %s", error)
            self.refused = RejectedPolicy(self._clock(), self._digest, str(error))

    def accept(self) -> None:
        """Forget a refusal: the file's content is in force."""
        self.refused, self._status = None, self._read

    def _look(self) -> Status | None:
        try:
            seen = self.path.stat()
        except OSError:
            return None
        return (seen.st_mtime_ns, seen.st_size, seen.st_ino, seen.st_ctime_ns)
