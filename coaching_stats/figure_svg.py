"""A figure as SVG text: the same bytes for the same figure, with words that show on hovering."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SVG = {"svg.fonttype": "path", "svg.hashsalt": "coaching_stats"}


def svg_text(axes: Axes) -> str:
    """The SVG of a figure, which is closed.

    Parameters
    ----------
    axes : Axes
    """
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    with plt.rc_context(SVG):
        axes.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(axes.figure)
    return buffer.getvalue().decode("utf-8")


def words_of(axes: Axes) -> tuple[str, str]:
    """Title and caption of a figure, taken off it: they become text of the page.

    Parameters
    ----------
    axes : Axes
    """
    figure = axes.figure
    title, caption = (" ".join(t.split()) for t in (figure.get_suptitle(), figure.get_supxlabel()))
    figure.suptitle("")
    figure.supxlabel("")
    return title, caption


def hover_svg(axes: Axes, words: Mapping[str, str]) -> dict[str, str]:
    """A figure to stand in the page itself, with a tooltip for each part that has a name.

    Parameters
    ----------
    axes : Axes
        Its artists carry the names by ``set_gid``.
    words : mapping from name to str
        What shows on hovering; a screen reader finds the same in the table beside the figure.

    Returns
    -------
    dict
        ``title, caption, svg``.
    """
    title, caption = words_of(axes)
    svg = re.sub(r"^.*?(?=<svg )|<metadata>.*?</metadata>", "", svg_text(axes), flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)  # HTML knows what an <svg> is
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)
    for name, text in words.items():
        part = f'<g id="{name}">'
        svg = svg.replace(part, f"{part}<title>{escape(text)}</title>")
    return {"title": title, "caption": caption, "svg": svg}
