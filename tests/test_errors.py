"""A message has three parts, and one mark at the end of each sentence."""

import re
from itertools import product

import pytest

from coaching_stats.errors import explain, nearest

ENDS = (
    "no column 'a'",
    f"no column 'a'{nearest('a', ['ab'])}",
    "no column.",
    "stop!",
    "'a' or ','",
)


@pytest.mark.parametrize(("what", "where", "remedy"), [*product(ENDS, ("", "f.csv"), ("", *ENDS))])
def test_no_mark_is_doubled(what, where, remedy):
    message = explain(what=what, where=where, remedy=remedy)
    assert not re.search(r"[.,;:!?]'?[.,;:!?]", message.replace("','", ""))
    assert message[-1] in ".!?"
    assert what in message
    assert message.count("What to do: ") == (1 if remedy else 0)
    assert (f"({where})" in message) == bool(where)
