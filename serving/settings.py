"""Settings, read once from the environment (`HEED_...`) and typed."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, AwareDatetime, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from heed.decisioning.errors import InvalidInput
from heed.serving.ledger.backend.location import Location, parse_location, sqlite_path
from heed.serving.ledger.postgres.limits import FEWEST_CONNECTIONS, Limits, limits_of


class Settings(BaseSettings):
    """Configuration of one service: everything that is not policy, model or data.

    Attributes
    ----------
    home : Path
        The one folder that holds all state.
    host, port : str, int
        Where the service listens. Without API keys only loopback is allowed.
    database_url : SecretStr or None
        The ledger, as ``sqlite:///`` and a path, or a ``postgresql://`` URL; absent means a file under `home`.
    ledger_key : SecretStr or None
        Key that encrypts the customers' keys, and the secret of hashes, at least 16 characters. Without it a key file
        is created beside the ledger. Required with PostgreSQL.
    new_ledger_key : SecretStr or None
        The new key for `heed ledger rekey`.
    database_connections : int
        Maximum connections to PostgreSQL of each process. All workers on all hosts together, with room for commands,
        must stay within the server's `max_connections`.
    clock_skew_seconds : float
        Maximum difference from PostgreSQL's clock. Beyond it nothing is decided, approved or delivered.
    background_jobs : str
        ``inside``: the service runs all background jobs. ``separate``: those of the ledger run in `heed worker`, which
        requires PostgreSQL.
    workers : int
        Worker processes. More than one requires PostgreSQL.
    tracking_uri : str or None
        The MLflow tracking server and registry; absent means SQLite under `home`.
    model : str or None
        ``champion`` (the registry's alias), ``bento`` (the model packed into the Bento) or a path of a bundle; absent
        means ``bento`` inside a Bento and ``champion`` elsewhere.
    model_name : str
        The registered name.
    policy : Path or None
        The policy file; absent means the one shipped with heed.
    silence_decisions : int
        A rule is reported if it triggered among this many decisions, and not once among as many after them.
    policy_seconds : float
        How often the policy file's content is compared; a change of its file status takes effect at once.
    champion_seconds : float
        How often the registry is polled for a new champion, which takes effect once it is loaded.
    tracing : str
        ``off``, or where traces of decisions go: ``console`` or ``otlp``, configured by the OpenTelemetry variables.
    log_level : str
        Minimum level of heed's log; decisions are logged at ``INFO``.
    decide_seconds : float
        Timeout of a decision.
    clock_disregard_after : datetime or None
        Ignore records dated after this time by a clock that ran ahead, instead of waiting for it to pass.
    catalogue : Path or None
        A Parquet or CSV file of actions; absent means the catalogue in the model bundle.
    currency : str
        ISO 4217 code of values, costs and net values.
    review_hours : float
        Time after which an unsettled review case expires to hold.
    claim_minutes : float
        How long a reviewer's claim lasts.
    rate_limit : float
        Sustained requests per second per key, over all workers of all hosts; each worker allows an equal share.
    rate_burst : int
        Requests per key at once, shared equally as well; at least one for each worker.
    hosts : int
        Number of hosts that serve with these settings.
    outbox_hours : float or None
        Time after which an undelivered message is withdrawn; absent means 24, or 96 with a webhook, which is retried.
    webhook_url : SecretStr or None
        Endpoint that messages are pushed to, by Standard Webhooks; absent means that executors lease them.
    webhook_secret, webhook_previous_secret : SecretStr or None
        ``whsec_`` and 24 to 64 random bytes in base64. While a previous secret is set, messages carry a signature by
        each, so that the executor can rotate.
    webhook_channels : SecretStr or None
        Endpoints of single channels, as JSON: ``{"sms": {"url": ..., "secret": ..., "previous_secret": ...}}``. Other
        channels use `webhook_url`, or wait to be leased if that is absent.
    webhook_allow_private : bool
        Whether endpoints may have private addresses, and use http on loopback.
    webhook_seconds : float
        Timeout of one attempt.
    webhook_width : int
        Maximum concurrent attempts.
    """

    model_config = SettingsConfigDict(env_prefix="HEED_", frozen=True, extra="ignore", populate_by_name=True)

    home: Path = Path(".heed")
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=1, le=65535)
    database_url: SecretStr | None = None
    ledger_key: SecretStr | None = Field(default=None, min_length=16)
    new_ledger_key: SecretStr | None = Field(default=None, min_length=16)
    database_connections: int = Field(default=25, ge=FEWEST_CONNECTIONS, le=1000)
    clock_skew_seconds: float = Field(default=5.0, gt=0, allow_inf_nan=False)
    background_jobs: Literal["inside", "separate"] = "inside"
    workers: int = Field(default=1, ge=1, le=64)
    tracking_uri: str | None = Field(default=None, validation_alias=AliasChoices("MLFLOW_TRACKING_URI", "tracking_uri"))
    model: str | None = None
    model_name: str = "heed"
    policy: Path | None = None
    silence_decisions: int = Field(default=1000, ge=1)
    policy_seconds: float = Field(default=5.0, gt=0)
    champion_seconds: float = Field(default=30.0, gt=0)
    tracing: Literal["off", "console", "otlp"] = "off"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    decide_seconds: float = Field(default=5.0, gt=0)
    clock_disregard_after: AwareDatetime | None = None
    catalogue: Path | None = None
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    review_hours: float = Field(default=24.0, gt=0)
    claim_minutes: float = Field(default=15.0, gt=0)
    rate_limit: float = Field(default=1000.0, gt=0, allow_inf_nan=False)
    rate_burst: int = Field(default=2000, ge=1, le=1_000_000)
    hosts: int = Field(default=1, ge=1, le=10_000)
    outbox_hours: float | None = Field(default=None, gt=0, le=24 * 90)
    webhook_url: SecretStr | None = None
    webhook_secret: SecretStr | None = None
    webhook_previous_secret: SecretStr | None = None
    webhook_channels: SecretStr | None = None
    webhook_allow_private: bool = False
    webhook_seconds: float = Field(default=15.0, gt=0, le=120)
    webhook_width: int = Field(default=8, ge=1, le=256)

    @property
    def ledger_location(self) -> Location:
        """Where the ledger is.

        Raises
        ------
        InvalidInput
            If `database_url` names another kind of database, or no file.
        """
        return (
            self.home / "ledger.db"
            if self.database_url is None
            else parse_location(self.database_url.get_secret_value())
        )

    @property
    def ledger_path(self) -> Path:
        """The SQLite file of the ledger.

        Raises
        ------
        InvalidInput
            If the ledger is in no file.
        """
        return self.ledger_location if isinstance(self.ledger_location, Path) else sqlite_path(self.ledger_location)

    @property
    def service_workers(self) -> int:
        """Number of worker processes.

        Raises
        ------
        InvalidInput
            If there is more than one with SQLite, which allows one writing process.
        """
        if self.workers > 1 and isinstance(self.ledger_location, Path):
            remedy = "set HEED_DATABASE_URL to a PostgreSQL database, or HEED_WORKERS to 1"
            raise InvalidInput(
                "a ledger in SQLite allows one worker", field="HEED_WORKERS", value=self.workers, remedy=remedy
            )
        return self.workers

    @property
    def separate_worker(self) -> bool:
        """Whether the ledger's background jobs run in a process of their own.

        Raises
        ------
        InvalidInput
            If they are to, over one SQLite file, which has one writing process.
        """
        separate = self.background_jobs == "separate"
        if separate and isinstance(self.ledger_location, Path):
            raise InvalidInput(
                "a ledger in SQLite is written by one process",
                field="HEED_BACKGROUND_JOBS",
                value=self.background_jobs,
                remedy="set HEED_DATABASE_URL to a PostgreSQL database, or HEED_BACKGROUND_JOBS to inside",
            )
        return separate

    @property
    def rate_limit_processes(self) -> int:
        """Number of processes that share the rate limits.

        Raises
        ------
        InvalidInput
            If there are more than `rate_burst`: some could allow nothing, or all together too much.
        """
        shares = self.hosts * self.service_workers
        if self.rate_burst < shares:
            remedy = f"set HEED_RATE_BURST to {shares} or more, one for each worker of each host"
            raise InvalidInput("fewer than workers", field="HEED_RATE_BURST", value=self.rate_burst, remedy=remedy)
        return shares

    @property
    def database_limits(self) -> Limits:
        """Limits on each process's use of PostgreSQL."""
        return limits_of(self.database_connections, self.clock_skew_seconds)

    @property
    def message_lifetime(self) -> timedelta:
        """How long a message may wait for delivery."""
        pushed = self.webhook_url is not None or self.webhook_channels is not None
        return timedelta(hours=self.outbox_hours or (96.0 if pushed else 24.0))

    @property
    def sealing_key(self) -> str | None:
        """The ledger's key, if it is configured."""
        return None if self.ledger_key is None else self.ledger_key.get_secret_value()

    @property
    def mlflow_uri(self) -> str:
        """The effective tracking URI."""
        return self.tracking_uri or f"sqlite:///{(self.home / 'mlflow.db').absolute()}"
