# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTML and CSS."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from guestbook.database import COLOURS

if TYPE_CHECKING:
    from guestbook.database import Entry
    from guestbook.settings import Settings

LONGEST_AUTHOR = 60
LONGEST_MESSAGE = 500
ACCENTS = ("#1f5fa8", "#0f766e", "#9a3412", "#7e22ce", "#be185d")

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/style.css?{version}">
</head>
<body>
<header><h1>{title}</h1><p class="version">version {version}</p></header>
<main>
{content}
</main>
</body>
</html>
"""

FORM = """<form method="post" action="/entries" class="card">
<label>Your name <input name="author" required maxlength="{longest_author}" autocomplete="name"></label>
<label>Your message <textarea name="message" required maxlength="{longest_message}" rows="3"></textarea></label>
{colours}<button>Sign the book</button>
</form>
"""

CHOICE = '<label class="{name}"><input type="radio" name="colour" value="{name}"{checked}> {name}</label>'

NOTICE = """<div class="card">
<h2>{heading}</h2>
<p>{message}</p>
<p><a href="/">To the guestbook</a></p>
</div>"""

STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")


def book(settings: Settings, entries: list[Entry]) -> str:
    """Return the page with the form and the entries."""
    form = FORM.format(
        longest_author=LONGEST_AUTHOR,
        longest_message=LONGEST_MESSAGE,
        colours=_colour_choice() if settings.has_colours else "",
    )
    if entries:
        listed = "\n".join(_entry(entry, shows_time=settings.has_colours) for entry in entries)
        listed = f"<ol>\n{listed}\n</ol>"
    else:
        listed = "<p>Nobody has written yet. Be the first.</p>"
    return _page(settings, f"{form}<h2>Entries</h2>\n{listed}")


def notice(settings: Settings, heading: str, message: str) -> str:
    """Return a page that says one thing."""
    return _page(settings, NOTICE.format(heading=escape(heading), message=escape(message)))


def style(settings: Settings) -> str:
    """Return the style sheet; the accent tells versions apart at a glance."""
    accent = ACCENTS[sum(int(digit) for digit in settings.version if digit.isdigit()) % len(ACCENTS) - 1]
    return f":root {{ --accent: {accent}; }}\n\n{STYLE}"


def _page(settings: Settings, content: str) -> str:
    return PAGE.format(title=escape(settings.title), version=escape(settings.version), content=content)


def _entry(entry: Entry, *, shows_time: bool) -> str:
    written = entry.written_at
    when = f'<time datetime="{written.isoformat()}">{written:%d %B %Y, %H:%M} UTC</time>' if shows_time else ""
    by = f'<p class="by">{escape(entry.author)}{when}</p>'
    return f'<li class="card {escape(entry.colour or "")}">{by}<p>{escape(entry.message)}</p></li>'


def _colour_choice() -> str:
    choices = "".join(
        CHOICE.format(name=name, checked="" if number else " checked") for number, name in enumerate(COLOURS)
    )
    return f"<fieldset><legend>Colour</legend>{choices}</fieldset>\n"
