"""A page that needs nothing but itself: HTML with its style and pictures inside."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from string import Template

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>$title</title>
<style>
:root { color: #1f2933; font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
body { max-width: 56rem; margin: 2rem auto 4rem; padding: 0 1.2rem; background: #fff; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .2rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .4rem; padding-top: .8rem; border-top: 1px solid #cbd5e1; }
p, ul { max-width: 46rem; margin: .5rem 0; }
.lead { font-size: 1.08rem; padding: .9rem 1.1rem; background: #f1f5f9; border-left: 4px solid #1f6fb2; }
.lead.off { border-color: #c2570c; }
.quiet { color: #52606d; font-size: .9rem; }
.scroll { overflow-x: auto; }
img { max-width: 100%; height: auto; margin: .6rem 0; }
table { border-collapse: collapse; margin: .7rem 0; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .22rem .7rem .22rem 0; border-bottom: 1px solid #e2e8f0; vertical-align: top; }
th { color: #52606d; font-weight: 600; }
th:first-child, td:first-child, td.words, th.words { text-align: left; }
tr.off td { color: #9a3412; font-weight: 600; }
summary { cursor: pointer; color: #1f6fb2; margin: .5rem 0; }
nav a { margin-right: .9rem; color: #1f6fb2; }
@media print { nav { display: none; } h2 { break-after: avoid; } img, tr { break-inside: avoid; } }
</style>
</head>
<body>
$body
</body>
</html>
""")


def render_page(title: str, parts: Iterable[str]) -> bytes:
    """The file; `parts` are pieces made by the functions below."""
    return _PAGE.substitute(title=escape(title), body="\n".join(part for part in parts if part)).encode()


def render_section(name: str, heading: str, *parts: str) -> str:
    """A part of the page that links can name; nothing where all its parts are empty."""
    body = "\n".join(part for part in parts if part)
    return f'<section id="{name}">\n<h2>{escape(heading)}</h2>\n{body}\n</section>' if body else ""


def render_paragraph(text: str, kind: str = "") -> str:
    """A paragraph; words between backquotes stand out. Nothing where there is no text."""
    return f"<p{_kind(kind)}>{_marked(text)}</p>" if text else ""


def render_list(texts: Sequence[str]) -> str:
    """A list; nothing where there are none."""
    return "<ul>" + "".join(f"<li>{_marked(one)}</li>" for one in texts) + "</ul>" if texts else ""


def render_links(named: Sequence[tuple[str, str]]) -> str:
    """Links to sections, as (name, words)."""
    return "<nav>" + "".join(f'<a href="#{name}">{escape(words)}</a>' for name, words in named) + "</nav>"


def render_image(png: bytes | None, words: str) -> str:
    """A picture, and what it shows for those who cannot see it; nothing where there is none."""
    if png is None:
        return ""
    data = base64.b64encode(png).decode()
    return f'<img alt="{escape(words, quote=True)}" src="data:image/png;base64,{data}">'


def render_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], off: Sequence[bool] = (), words: Sequence[int] = ()
) -> str:
    """A table with text cells; nothing without rows.

    Parameters
    ----------
    off : sequence of bool
        Rows that need attention.
    words : sequence of int
        Columns that hold words rather than numbers, beside the first.
    """
    if not rows:
        return ""
    flags = [*off, *([False] * (len(rows) - len(off)))]
    top = "".join(
        f'<th scope="col"{_kind("words" if at in words else "")}>{_marked(one)}</th>' for at, one in enumerate(head)
    )
    lines = [
        f"<tr{_kind('off' if flag else '')}>"
        + "".join(f"<td{_kind('words' if at in words else '')}>{_marked(cell)}</td>" for at, cell in enumerate(row))
        + "</tr>"
        for row, flag in zip(rows, flags, strict=True)
    ]
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def render_details(words: str, *parts: str) -> str:
    """Parts that show when asked for; nothing where all are empty."""
    body = "".join(parts)
    return f"<details><summary>{_marked(words)}</summary>{body}</details>" if body else ""


def _kind(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _marked(text: str) -> str:
    pieces = escape(" ".join(text.split()), quote=False).split("`")
    if len(pieces) % 2 == 0:
        return "`".join(pieces)
    return "".join(f"<b>{piece}</b>" if place % 2 else piece for place, piece in enumerate(pieces))
