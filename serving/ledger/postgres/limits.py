"""Time limits and numbers: the bounds within which a database that is slow or gone is given up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one process's use of PostgreSQL; all times in seconds.

    Attributes
    ----------
    writers : int
        Transactions that write at once.
    readers : int
        Connections kept for reading beside them.
    connect : float
        To make a connection, and to wait for one that is free.
    statement : float
        For one statement, waiting for its locks included. The server ends it then.
    silence : float
        After this time without an answer the connection is cut from this side: a network that swallows packets, or a
        server that hangs, tells nobody.
    job : float
        For a whole job with its repetitions. Then the caller is told that its fate is unknown.
    tries : int
        How often a job is run again that the database undid.
    skew : float or None
        How far the moment of a decision may be from the server's clock; None where they are not compared.
    """

    writers: int = 16
    readers: int = 8
    connect: float = 3.0
    statement: float = 5.0
    silence: float = 7.0
    job: float = 30.0
    tries: int = 8
    skew: float | None = None


def limits_of(connections: int, skew: float | None) -> Limits:
    """Bounds for one process that may have so many connections, at least 3.

    One is for the names that are held, a third of the rest for reading, and the others for writing.
    """
    readers = (connections - 1) // 3
    return Limits(writers=connections - 1 - readers, readers=readers, skew=skew)


FEWEST_CONNECTIONS = 3
