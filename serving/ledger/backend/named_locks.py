"""Names that are held for as long as something is being done under them, in this process."""

import threading


class NamedLocks:
    """A set of names, each of which one may hold."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._gate = threading.Lock()

    def take(self, name: str) -> bool:
        """Hold a name; False if it is held."""
        with self._gate:
            if name in self._names:
                return False
            self._names.add(name)
            return True

    def free(self, name: str) -> None:
        """Let go of a name."""
        with self._gate:
            self._names.discard(name)
