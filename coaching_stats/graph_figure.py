"""The causal graph of a study as a picture, in layers from causes to outcomes."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from coaching_stats.adjustment import adjustment_of, adjustment_sentences
from coaching_stats.figures import COLOURS, INK, finish, new_axes
from coaching_stats.hypotheses import Study
from coaching_stats.texts import texts

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes
    from matplotlib.text import Text

CAUSE, OUTCOME, HELD = "#CFE3F2", "#F7DDC9", "#DDDDDD"
SHADED = {"SPR": CAUSE, "LPR": CAUSE, "WTC": OUTCOME, "SWC": OUTCOME}
SWEEPS = 8


def plot_graph(study: Study, *, hypothesis: str | None = None, language: str = "en") -> Axes:
    """Draw what the study says depends on what.

    Parameters
    ----------
    study : Study
    hypothesis : str, optional
        Shade what this one is about and what it holds constant, and say below what the graph asks
        for (`adjustment_of`).
    language : {"en", "fi"}

    Returns
    -------
    Axes
        Solid arrows raise, dashed arrows lower.

    Raises
    ------
    StudyError
        No such hypothesis.

    Examples
    --------
    >>> from coaching_stats.theory import load_study
    >>> graph = plot_graph(load_study("data/published/lq2002.study.yml"))
    >>> [name.get_text() for name in graph.texts]
    ['Leadership climate', 'Task significance', 'Hostility']
    """
    said = texts(language)["figures"]
    graph = study.graph
    shaded = SHADED if hypothesis is None else _shaded(study, hypothesis)
    place = layered(graph)
    layers = 1 + max(x for x, _ in place.values())
    rows = 1 + max(y for _, y in place.values()) - min(y for _, y in place.values())
    axes = new_axes(max(3.0, 0.95 + 0.72 * rows))
    boxes = {}
    for key, (x, y) in place.items():
        boxes[key] = axes.text(
            x,
            y,
            fill(study.name(key, language), 20, break_long_words=False),
            ha="center",
            va="center",
            fontsize=10,
            linespacing=0.95,
            bbox={
                "boxstyle": "round,pad=0.3",
                "fc": shaded.get(key, "#FFFFFF"),
                "ec": INK,
                "lw": 0.8,
            },
        )
    axes.set_xlim(-0.5, layers - 0.5)
    heights = [y for _, y in place.values()]
    axes.set_ylim(min(heights) - 0.6, max(heights) + 0.9)
    axes.figure.set_size_inches(max(7.5, 1.75 * layers), axes.figure.get_size_inches()[1])
    axes.set_axis_off()
    caption = said["graph_caption"]
    title = said["graph_title"]
    if hypothesis is not None:
        title = f"{hypothesis}: {title[:1].lower()}{title[1:]}"
        asked = adjustment_sentences(study, study.hypothesis(hypothesis), language)
        caption = " ".join((caption, said["graph_shaded_hypothesis"], *asked))
    elif set(SHADED) & set(graph):
        caption = f"{caption} {said['graph_shaded']}"
    finish(axes, title=title, caption=caption, language=language)
    axes.figure.draw_without_rendering()  # boxes have their size only then, and arrows end at boxes
    for start, end, sign in graph.edges(data="sign"):
        _arrow(axes, boxes[start], boxes[end], sign)
    return axes


def _shaded(study: Study, hypothesis: str) -> dict[str, str]:
    """Colours of what a hypothesis is about; a derived variable colours its parts."""
    adjustment = adjustment_of(study, study.hypothesis(hypothesis))
    effects = adjustment.effects if adjustment else ()
    painted = [(key, HELD) for effect in effects for key in effect.roles]
    painted += [(effect.outcome, OUTCOME) for effect in effects]
    painted += [(effect.predictor, CAUSE) for effect in effects]
    return {part: colour for key, colour in painted for part in (key, *study.parts(key))}


def layered(graph: nx.DiGraph) -> dict[str, tuple[float, float]]:
    """Place each variable one layer before the first that it affects, with few crossings.

    Parameters
    ----------
    graph : DiGraph, acyclic

    Returns
    -------
    dict from variable to (layer, height)

    References
    ----------
    Sugiyama, Tagawa & Toda (1981), IEEE Transactions on Systems, Man, and Cybernetics 11, 109-125:
    layers, then barycentres.

    Examples
    --------
    >>> import networkx as nx
    >>> layered(nx.DiGraph([("a", "b"), ("b", "c")]))
    {'a': (0, 0.0), 'b': (1, 0.0), 'c': (2, 0.0)}
    """
    from networkx import topological_sort

    depth = {node: 0 for node in graph}
    for node in topological_sort(graph):
        for after in graph.successors(node):
            depth[after] = max(depth[after], depth[node] + 1)
    for node in reversed(list(topological_sort(graph))):
        after = [depth[n] for n in graph.successors(node)]
        if after:
            depth[node] = min(after) - 1
    layers = [[n for n in graph if depth[n] == d] for d in range(max(depth.values()) + 1)]
    for sweep in range(SWEEPS):
        order = range(len(layers)) if sweep % 2 == 0 else range(len(layers) - 1, -1, -1)
        height = {n: i - (len(layer) - 1) / 2 for layer in layers for i, n in enumerate(layer)}
        for d in order:
            layers[d] = sorted(layers[d], key=lambda n: _barycentre(graph, n, height))
            for i, node in enumerate(layers[d]):
                height[node] = i - (len(layers[d]) - 1) / 2
    spacing = max(len(layer) for layer in layers)
    place = {}
    for d, layer in enumerate(layers):
        step = spacing / max(len(layer), 1) if len(layer) > spacing / 2 else 1.6
        for i, node in enumerate(layer):
            place[node] = (d, round((len(layer) - 1) / 2 * step - i * step, 6) + 0.0)
    return {node: place[node] for node in graph}


def _barycentre(graph: nx.DiGraph, node: str, height: dict[str, float]) -> float:
    near = [height[n] for n in (*graph.predecessors(node), *graph.successors(node))]
    return float(np.mean(near)) if near else height[node]


def _arrow(axes: Axes, start: Text, end: Text, sign: str) -> None:
    from matplotlib.patches import FancyArrowPatch

    is_negative = sign == "negative"
    (x0, y0), (x1, y1) = start.get_position(), end.get_position()
    passes_over = x1 - x0 > 1 and abs(y1 - y0) < 0.8  # a box stands between: go around it
    axes.add_artist(  # not add_patch, which would trace each arrow for limits that are set
        FancyArrowPatch(
            (x0, y0),
            (x1, y1),
            patchA=start.get_bbox_patch(),
            patchB=end.get_bbox_patch(),
            arrowstyle="-|>",
            mutation_scale=12,
            shrinkA=1,
            shrinkB=2,
            lw=1.4,
            linestyle="--" if is_negative else "-",
            color=COLOURS["contradicted"] if is_negative else COLOURS["supported"],
            connectionstyle=f"arc3,rad={-0.28 if passes_over else 0.0}",
            zorder=0,
        )
    )
