"""The picture in README is the one that the sample study gives now."""

import base64
import io
from pathlib import Path

import matplotlib.pyplot as plt
from notebook_check.outputs import REMEDY, figure_differences

from coaching_stats.figures import plot_verdicts

PICTURE = Path(__file__).parents[1] / "docs" / "answer.png"


def test_the_picture_of_the_answer_is_that_of_the_sample_study(theory_run):
    drawn = io.BytesIO()
    axes = plot_verdicts(theory_run)
    axes.figure.savefig(drawn, format="png")
    plt.close(axes.figure)
    stored, fresh = (
        base64.b64encode(png).decode("ascii") for png in (PICTURE.read_bytes(), drawn.getvalue())
    )
    assert figure_differences(stored, fresh) == [], REMEDY
