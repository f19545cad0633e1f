"""Parts of the packaged study: a second to judge where the whole takes five."""

from dataclasses import replace

from coaching_stats.theory import load_study


def only(*names):
    """The packaged study with these hypotheses alone."""
    study = load_study()
    kept = tuple(hypothesis for hypothesis in study.hypotheses if hypothesis.id in names)
    assert len(kept) == len(names)
    return replace(study, hypotheses=kept, described=())
