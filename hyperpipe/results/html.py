"""A page of results as HTML: one file, to read in a browser or to print."""

from __future__ import annotations

from html import escape

from markdown_it import MarkdownIt

_HEAD = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }}
p, ul {{ max-width: 50rem }}
table {{ border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 1rem 0 2rem }}
th, td {{ padding: .15rem .7rem; text-align: left; white-space: nowrap }}
th {{ position: sticky; top: 0; background: #fff; border-bottom: 2px solid #222 }}
tr:nth-child(even) td {{ background: #f4f4f4 }}
img {{ max-width: 100% }}
code {{ background: #f4f4f4; padding: 0 .2rem }}
</style>
</head>
<body>
"""


def as_html(page: str) -> str:
    """page: in Markdown, its title in the first line; HTML within it stays text."""
    title = escape(page.partition("\n")[0].removeprefix("# "))
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(page)
    return f"{_HEAD.format(title=title)}{body}</body>\n</html>\n"
