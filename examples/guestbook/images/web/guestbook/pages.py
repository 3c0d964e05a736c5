# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTML and CSS."""

from __future__ import annotations

from html import escape
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

STYLE = """
:root { --accent: %(accent)s; --sea: #2563eb; --leaf: #16a34a; --sun: #d97706; --rose: #e11d48; --plum: #9333ea; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f5f7; color: #1d2733; font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
header { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; padding: 1.4rem max(1.2rem, calc(50%% - 20rem));
  background: var(--accent); color: #fff; }
h1 { margin: 0; font-size: 1.6rem; letter-spacing: -0.01em; }
h2 { margin: 2rem 0 0.6rem; font-size: 1.1rem; }
.version { margin: 0; padding: 0.1rem 0.7rem; border: 1px solid #ffffff80; border-radius: 1rem; font-size: 0.85rem; white-space: nowrap; }
main { max-width: 42.4rem; margin: 0 auto; padding: 1.4rem 1.2rem 3rem; }
.card { background: #fff; border: 1px solid #dde1e7; border-radius: 0.6rem; padding: 1rem 1.2rem; box-shadow: 0 1px 2px #1d27330f; }
form { display: grid; gap: 0.9rem; }
label { display: grid; gap: 0.25rem; font-size: 0.9rem; font-weight: 600; }
input, textarea { width: 100%%; padding: 0.5rem 0.65rem; border: 1px solid #b8c0cc; border-radius: 0.4rem; font: inherit; font-weight: 400; resize: vertical; }
input:focus-visible, textarea:focus-visible, button:focus-visible { outline: 3px solid color-mix(in srgb, var(--accent) 45%%, white); outline-offset: 1px; }
button { justify-self: start; padding: 0.5rem 1.2rem; border: 0; border-radius: 0.4rem; background: var(--accent); color: #fff;
  font: inherit; font-weight: 600; cursor: pointer; }
fieldset { display: flex; flex-wrap: wrap; gap: 0.4rem 1.1rem; margin: 0; padding: 0; border: 0; }
legend { padding: 0; margin-bottom: 0.25rem; font-size: 0.9rem; font-weight: 600; }
fieldset label { display: flex; align-items: center; gap: 0.4rem; font-weight: 400; }
fieldset input { width: auto; accent-color: currentcolor; }
ol { display: grid; gap: 0.7rem; margin: 0; padding: 0; list-style: none; }
li.card { border-left: 0.3rem solid #b8c0cc; overflow-wrap: anywhere; }
li p { margin: 0; white-space: pre-line; }
li .by { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; margin-bottom: 0.2rem; font-weight: 600; }
time { color: #5b6675; font-size: 0.85rem; font-weight: 400; }
%(colours)s
"""


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
    return _page(settings, f'<div class="card"><h2>{escape(heading)}</h2>\n<p>{escape(message)}</p>\n<p><a href="/">To the guestbook</a></p></div>')


def style(settings: Settings) -> str:
    """Return the style sheet; the accent tells versions apart at a glance."""
    accent = ACCENTS[sum(int(digit) for digit in settings.version if digit.isdigit()) % len(ACCENTS) - 1]
    colours = "\n".join(f"li.{name} {{ border-left-color: var(--{name}); }}\nfieldset .{name} {{ color: var(--{name}); }}" for name in COLOURS)
    return STYLE.lstrip() % {"accent": accent, "colours": colours}


def _page(settings: Settings, content: str) -> str:
    return PAGE.format(title=escape(settings.title), version=escape(settings.version), content=content)


def _entry(entry: Entry, *, shows_time: bool) -> str:
    when = f'<time datetime="{entry.written_at.isoformat()}">{entry.written_at:%d %B %Y, %H:%M} UTC</time>' if shows_time else ""
    by = f'<p class="by">{escape(entry.author)}{when}</p>'
    return f'<li class="card {escape(entry.colour or "")}">{by}<p>{escape(entry.message)}</p></li>'


def _colour_choice() -> str:
    choices = "".join(
        f'<label class="{name}"><input type="radio" name="colour" value="{name}"{" checked" if name == COLOURS[0] else ""}> {name}</label>'
        for name in COLOURS
    )
    return f"<fieldset><legend>Colour</legend>{choices}</fieldset>\n"
