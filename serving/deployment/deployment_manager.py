"""Loads the versions in force and replaces them while heed serves: a changed policy file, a new champion."""

import logging
from collections.abc import Callable
from threading import Lock

from heed.decisioning.errors import HeedError, Unavailable
from heed.serving.deployment.active_versions import ActiveVersions
from heed.serving.deployment.policy_file import PolicyFile, RejectedPolicy

logger = logging.getLogger("heed.serving")

ModelUpdate = Callable[[ActiveVersions], ActiveVersions | None]


class DeploymentManager:
    """Holds the versions in force, and says why there are none while they could not be loaded.

    A changed policy file takes effect with the next decision. The versions are one value that is replaced as a whole,
    so no decision sees parts of two. An invalid policy leaves the one before it in force.

    Parameters
    ----------
    load : callable
        Loads model, policy and catalogue; slow, and raises a HeedError where one is missing or broken.
    file : PolicyFile or None
        Where the policy may change while the service runs.
    newer : callable
        Loads versions with a newer model than the given ones, None where there is none; slow, and raises where the
        model does not load.

    Attributes
    ----------
    model_error : str or None
        Why a newer model is not in force, None where there is none or it is.
    """

    def __init__(
        self, load: Callable[[], ActiveVersions], file: PolicyFile | None = None, newer: ModelUpdate = lambda _: None
    ) -> None:
        self._load = load
        self._file = file
        self._newer = newer
        self.model_error: str | None = None
        self._lock = Lock()
        self._active: ActiveVersions | None = None
        self._load_error = "nothing has been loaded yet"

    @property
    def ready(self) -> bool:
        """Whether decisions can be made."""
        return self._active is not None

    def current(self) -> ActiveVersions:
        """The versions in force.

        Raises
        ------
        Unavailable
            While one is missing, with the reason.
        """
        if self._active is None:
            remedy = "train and promote a model, or correct the policy; the service tries again by itself"
            raise Unavailable(f"heed cannot decide: {self._load_error}", remedy=remedy)
        return self._active

    def refresh(self) -> ActiveVersions:
        """The versions in force, with the policy file read again if its status changed.

        Raises
        ------
        Unavailable
            While one is missing, with the reason.
        """
        if self._file is not None and self._active is not None and self._file.moved():
            self.reload()
        return self.current()

    @property
    def refused(self) -> RejectedPolicy | None:
        """What the policy file says and heed does not accept, None where the file is in force."""
        return None if self._file is None else self._file.refused

    def reload(self) -> bool:
        """Read the policy file and put a changed and valid policy in force; whether one was."""
        with self._lock:
            if self._file is None or self._active is None:
                return False
            try:
                loaded = self._file.changed()
                if loaded is None:
                    return False
                updated = self._active.under(loaded)
            except HeedError as error:
                self._file.refuse(error)
                return False
            replaced = self._replace(updated)
            # Only now: whoever looks meanwhile finds that the file has moved, and waits for the lock.
            self._file.accept()
            return replaced

    def poll_model(self) -> bool:
        """Put a newer model in force if there is one; whether one was. If it does not load, the present one stays.

        Loading takes place beside decisions; the replacement itself is one assignment.
        """
        before = self._active
        if before is None:
            return False
        try:
            updated = self._newer(before)
        except Exception as error:  # noqa: BLE001  files that are broken raise anything, and the model in force stays
            self._keep_model(error)
            return False
        self.model_error = None
        if updated is None:
            return False
        with self._lock:
            if self._active is not before:
                # The policy changed meanwhile: the next poll binds the model to that one.
                return False
            return self._replace(updated)

    def try_load(self) -> bool:
        """Load all versions, unless they are loaded; whether they are. An error is logged and kept as the reason."""
        with self._lock:
            if self._active is None:
                self._active = self._first_load()
        # The file may have changed since it was read with the rest.
        self.reload()
        return self.ready

    def _first_load(self) -> ActiveVersions | None:
        try:
            return self._load()
        except Exception as error:  # noqa: BLE001  files that are broken raise anything, and heed tries again
            reason = _reason(error)
            if reason != self._load_error:
                logger.warning("not ready: %s", reason)
            self._load_error = reason
            return None

    def _keep_model(self, error: Exception) -> None:
        reason = _reason(error)
        if reason != self.model_error:
            logger.warning("a newer model does not load, and the one before it stays in force: %s", reason)
        self.model_error = reason

    def _replace(self, updated: ActiveVersions) -> bool:
        """Put versions in force; False where only the wording of the policy differs."""
        before, self._active = self._active, updated
        if before is None or before.versions == updated.versions:
            return False
        old, new = before.versions, updated.versions
        if old.model != new.model:
            logger.info("model %s version %s is in force in place of %s", new.model.name, new.model.version,
                        old.model.version)  # fmt: skip
        else:
            logger.info("policy %s (%s) is in force in place of %s (%s)", new.policy.name, new.policy.hash,
                        old.policy.name, old.policy.hash)  # fmt: skip
        return True


def _reason(error: Exception) -> str:
    """What is wrong, in words; of an unforeseen error its kind alone."""
    return str(error) if isinstance(error, HeedError | OSError) else f"loading raised {type(error).__name__}"
