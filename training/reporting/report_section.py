"""A part of a report that only some evaluations have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class ReportSection:
    """One section of the page with its files and figures.

    Attributes
    ----------
    name : str
        Of the section, in links and in the JSON.
    parts : tuple of str
        Pieces of the page; see :mod:`heed.training.reporting.html_page`.
    files : mapping of str to bytes
        Pictures by file name.
    numbers
        What the JSON says, ready to be written.
    sentences : tuple of str
        The same for the command line.
    """

    name: str
    heading: str
    parts: tuple[str, ...]
    files: Mapping[str, bytes]
    numbers: Any
    sentences: tuple[str, ...]
