"""Blocks and sections of a report, as plain values that the templates render."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; words between backquotes are bold."""

    kind: ClassVar[str] = "paragraph"
    text: str
    quiet: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is no text."""
        return not self.text


@dataclass(frozen=True, slots=True)
class BulletList:
    """A bulleted list."""

    kind: ClassVar[str] = "list"
    items: Sequence[str]

    @property
    def empty(self) -> bool:
        """Whether there are no items."""
        return not self.items


@dataclass(frozen=True, slots=True)
class Image:
    """A PNG with its alternative text; nothing without a picture."""

    kind: ClassVar[str] = "image"
    png: bytes | None
    alt: str

    @property
    def empty(self) -> bool:
        """Whether there is no picture."""
        return self.png is None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text cells.

    Attributes
    ----------
    flagged : sequence of bool
        Rows that need attention; missing ones do not.
    text_columns : sequence of int
        Columns with text rather than numbers, beside the first.
    """

    kind: ClassVar[str] = "table"
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    flagged: Sequence[bool] = ()
    text_columns: Sequence[int] = ()

    @property
    def empty(self) -> bool:
        """Whether there are no rows."""
        return not self.rows

    @property
    def flags(self) -> Sequence[bool]:
        """One flag per row."""
        return (*self.flagged, *([False] * (len(self.rows) - len(self.flagged))))


@dataclass(frozen=True, slots=True)
class Details:
    """Blocks that unfold on request."""

    kind: ClassVar[str] = "details"
    summary: str
    blocks: Sequence["Block"]

    @property
    def empty(self) -> bool:
        """Whether all blocks are empty."""
        return all(block.empty for block in self.blocks)


Block = Paragraph | BulletList | Image | Table | Details


@dataclass(frozen=True, eq=False)
class ReportSection:
    """One section of the report.

    Attributes
    ----------
    name : str
        Anchor of the section, and its key in the JSON.
    label : str
        Text of the link to it.
    files : mapping of str to bytes
        Figures by file name.
    numbers
        JSON-ready content.
    sentences : tuple of str
        Summary for the command line.
    """

    name: str
    label: str
    heading: str
    blocks: tuple[Block, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    numbers: Any = None
    sentences: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether all blocks are empty; such a section is left out."""
        return all(block.empty for block in self.blocks)


@dataclass(frozen=True, eq=False)
class ReportPage:
    """The whole report.

    Attributes
    ----------
    about : str
        What was evaluated.
    lead, value : str
        The first two paragraphs: calibration, and the value of the choices.
    passed : bool
        Whether the model passed its gates.
    """

    title: str
    heading: str
    about: str
    lead: str
    value: str
    sections: tuple[ReportSection, ...]
    passed: bool
