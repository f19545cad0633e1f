"""Constructs, hypotheses and the study that holds them: what was predicted, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from coaching_stats.carelessness import QualityRules
from coaching_stats.errors import StudyError, explain, first_ten, nearest
from coaching_stats.texts import number, texts

if TYPE_CHECKING:
    import networkx as nx

SUFFIX = {"seller": "s", "manager": "m", "process_inventory": "p", "records": "r"}
# What users call the ids, and what the tables call them.
ID_NAMES = {
    "respondent": "seller_id",
    "team": "team_id",
    "firm": "firm_id",
    "manager": "manager_id",
}
TEAM_NAMES = ("team", "team_id")


@dataclass(frozen=True)
class Construct:
    """A latent variable: where it lives, who reports it, and its items where a study names them."""

    key: str
    name_en: str
    name_fi: str
    level: str
    forms: tuple[str, ...]
    items: tuple[str, ...] = ()
    reverse: tuple[str, ...] = ()
    scale: tuple[float, float] | None = None


@dataclass(frozen=True)
class Derived:
    """The z-score of the mean of the z-scores of other constructs."""

    key: str
    name_en: str
    name_fi: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Leg:
    """One estimate with its prediction; a joint hypothesis has several, any other just one."""

    name: str
    kind: str
    outcome: str
    predictor: tuple[str, ...]
    mediators: tuple[str, ...]
    moderator: str | None
    at: float | None
    is_interaction: bool
    covariates: tuple[str, ...]
    contrast: str | None
    level: str
    expected_sign: str
    sesoi: float
    sesoi_changed_from: float | None = None


@dataclass(frozen=True)
class Hypothesis:
    """A prediction as data; `legs` holds what is estimated.

    `sesoi_changed_from`, here and in the legs, is the SESOI that the packaged theory has, or that
    is usual for the kind and level, where the study has another one.
    """

    id: str
    title: str
    title_fi: str
    statement_en: str
    statement_fi: str
    kind: str
    rule: str
    level: str
    expected_sign: str
    sesoi: float
    family: str
    gates: tuple[str, ...]
    discriminating: str | None
    separates: tuple[str, ...]
    split: Mapping[str, str] | None
    same: Mapping[str, str] | None
    legs: tuple[Leg, ...]
    is_core: bool = False
    claims: tuple[str, ...] = ()
    sesoi_changed_from: float | None = None

    def statement(self, language: str) -> str:
        """Give the claim in `language`, en or fi."""
        return self.statement_fi if language == "fi" else self.statement_en

    def sesoi_marks(self, language: str) -> tuple[str, ...]:
        """Mark every SESOI that the user changed; of a joint hypothesis also those of its legs.

        Examples
        --------
        >>> from dataclasses import replace
        >>> from coaching_stats.theory import load_study
        >>> changed = replace(load_study().hypothesis("H1"), sesoi=0.15, sesoi_changed_from=0.2)
        >>> changed.sesoi_marks("en")
        ('SESOI changed by user: .20 → .15',)
        """
        marked = [(self.sesoi_changed_from, self.sesoi, "")]
        if self.kind == "joint":
            marked += [(leg.sesoi_changed_from, leg.sesoi, leg.name) for leg in self.legs]
        said = texts(language)["sesoi_changed"]
        return tuple(
            said.format(was=_short(was, language), now=_short(now, language))
            + (f" ({name})" if name else "")
            for was, now, name in marked
            if was is not None
        )


def _short(value: float, language: str) -> str:
    """Write a SESOI with two decimals, or as many as it has; in English without the leading 0."""
    digits = max(2, len(f"{value:.6f}".rstrip("0").partition(".")[2]))
    written = number(value, language, digits)
    return written.removeprefix("0") if language == "en" else written


def usual_sesoi(leg: Leg, defaults: Mapping[str, float]) -> float:
    """SESOI that is usual for the kind and the level of a leg.

    Parameters
    ----------
    leg : Leg
    defaults : mapping
        ``conventions: sesoi_defaults`` of the packaged theory.

    Examples
    --------
    >>> from coaching_stats.theory import load_study
    >>> defaults = {"team": 0.2, "indirect_two_links": 0.05, "indirect_three_links": 0.02}
    >>> [usual_sesoi(load_study().hypothesis(h).legs[0], defaults) for h in ("H1", "H5", "H10")]
    [0.2, 0.02, 0.05]
    """
    if leg.kind == "indirect":
        return defaults["indirect_two_links" if len(leg.mediators) == 1 else "indirect_three_links"]
    if leg.kind == "difference":
        return defaults["difference"]
    is_sales = leg.kind == "slope" and leg.outcome == "SALES" and not leg.is_interaction
    return defaults["sales_outcome" if is_sales else leg.level]


def mark_sesoi(
    hypothesis: Hypothesis, packaged: Hypothesis | None, defaults: Mapping[str, float]
) -> Hypothesis:
    """Mark each SESOI that is not the packaged theory's, or not the usual one.

    Parameters
    ----------
    hypothesis : Hypothesis
    packaged : Hypothesis, optional
        The same claim in the packaged theory; a claim of the user's own is compared with what is
        usual for its kind and level.
    defaults : mapping
        As for `usual_sesoi`.
    """
    before = {leg.name: usual_sesoi(leg, defaults) for leg in hypothesis.legs}
    whole = before.get(hypothesis.id, hypothesis.sesoi)  # nothing is usual for a joint one
    if packaged is not None and packaged.id == hypothesis.id:
        before |= {leg.name: leg.sesoi for leg in packaged.legs}
        whole = packaged.sesoi
    legs = tuple(
        replace(leg, sesoi_changed_from=_if_changed(before[leg.name], leg.sesoi))
        for leg in hypothesis.legs
    )
    return replace(hypothesis, legs=legs, sesoi_changed_from=_if_changed(whole, hypothesis.sesoi))


def _if_changed(before: float, now: float) -> float | None:
    return None if now == before else before


@dataclass(frozen=True, eq=False)
class Study:
    """What was predicted, of which constructs, and how the file's columns carry them."""

    title_en: str
    title_fi: str
    constructs: Mapping[str, Construct]
    derived: Mapping[str, Derived]
    edges: tuple[Mapping[str, Any], ...]
    hypotheses: tuple[Hypothesis, ...]
    described: tuple[Hypothesis, ...]
    covariate_sources: Mapping[str, str]
    columns: Mapping[str, str]
    cluster: str | None
    has_cluster_key: bool
    minimum_group: int
    quality: QualityRules
    data_note_en: str
    data_note_fi: str
    hash: str
    notes: tuple[str, ...] = field(default=())

    def name(self, key: str, language: str) -> str:
        """Name of a construct or derived variable, or the key itself.

        Parameters
        ----------
        key : str
        language : {"en", "fi"}

        Returns
        -------
        str
        """
        known = self.constructs.get(key) or self.derived.get(key)
        if known is None:
            return key
        return known.name_fi if language == "fi" else known.name_en

    def parts(self, key: str) -> tuple[str, ...]:
        """Constructs that a key stands for: itself, or those a derived variable is made of.

        Parameters
        ----------
        key : str

        Returns
        -------
        tuple of str
        """
        return self.derived[key].parts if key in self.derived else (key,)

    def hypothesis(self, name: str) -> Hypothesis:
        """Find a hypothesis by its id.

        Parameters
        ----------
        name : str

        Returns
        -------
        Hypothesis

        Raises
        ------
        StudyError
            No such hypothesis; the message names the nearest one.
        """
        found = {h.id: h for h in (*self.hypotheses, *self.described)}
        if name not in found:
            raise StudyError(
                explain(
                    what=f"no hypothesis {name!r}{nearest(name, found)}", where=first_ten(found)
                )
            )
        return found[name]

    @property
    def graph(self) -> nx.DiGraph:
        """The causal graph; every edge carries its expected `sign`."""
        from networkx import DiGraph

        graph = DiGraph()
        for edge in self.edges:
            graph.add_edge(edge["from"], edge["to"], sign=edge["sign"])
        return graph

    @property
    def is_flat(self) -> bool:
        """Whether the study names the columns of one file, one row per unit."""
        return bool(self.columns) or any(c.items for c in self.constructs.values())
