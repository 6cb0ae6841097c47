"""Render a report as one HTML file that carries its style and figures and needs no network."""

import base64
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from heed.training.reporting.blocks import Block, ReportPage

_TEMPLATES = Path(__file__).parent / "templates"


def render_page(page: ReportPage) -> bytes:
    """The HTML file."""
    return _environment().get_template("page.html.j2").render(page=page).encode()


def render_blocks(blocks: Sequence[Block]) -> str:
    """The HTML of some blocks."""
    return _environment().get_template("blocks.html.j2").render(blocks=blocks)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"bold_backquotes": _bold_backquotes, "data_uri": _data_uri}
    return environment


def _bold_backquotes(text: str) -> Markup:
    """Escaped text on one line, with words between paired backquotes in bold."""
    pieces = [escape(piece) for piece in " ".join(text.split()).split("`")]
    if len(pieces) % 2 == 0:
        return Markup("`").join(pieces)
    marked = [Markup("<b>{}</b>").format(piece) if index % 2 else piece for index, piece in enumerate(pieces)]
    return Markup("").join(marked)


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
