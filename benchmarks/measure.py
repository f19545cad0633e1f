"""Contests: the same work by several entrants, timed in turns."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

QUICK = 0.02  # seconds; an entrant below this is called ten times a round


@dataclass(frozen=True)
class Entrant:
    """Somebody who does the work; `seconds` does a part of it, and `factor` parts are the whole."""

    name: str
    seconds: Callable[[], float] | None  # None: not installed
    factor: float = 1.0
    remark: str = ""


@dataclass(frozen=True)
class Contest:
    """One piece of work: ours, then the peers."""

    work: str
    ours: Entrant
    peers: list[Entrant]
    rounds: int = 5


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    work: str
    ours: float
    peer: str
    theirs: float | None
    remark: str = field(default="")


def clocked(call: Callable[[], object]) -> Callable[[], float]:
    """Return a function that calls `call` and returns the seconds it took."""

    def once() -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    def seconds() -> float:
        first = once()
        return first if first > QUICK else statistics.fmean(once() for _ in range(10))

    return seconds


def run(contest: Contest) -> list[Line]:
    """Time all entrants in turns and return one line per peer, medians over the rounds."""
    entrants = [entrant for entrant in (contest.ours, *contest.peers) if entrant.seconds]
    for entrant in entrants:
        entrant.seconds()  # imports, compilation and caches are nobody's time
    times = {entrant.name: [] for entrant in entrants}
    for _ in range(contest.rounds):
        for entrant in entrants:
            times[entrant.name].append(entrant.seconds() * entrant.factor)
    median = {name: statistics.median(taken) for name, taken in times.items()}
    return [
        Line(
            contest.work,
            median[contest.ours.name],
            peer.name,
            median.get(peer.name),
            peer.remark,
        )
        for peer in contest.peers
    ]
