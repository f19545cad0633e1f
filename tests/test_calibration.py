"""How often a design says what: the same numbers however they are computed, and none lost."""

import json

import numpy as np
import pytest

from coaching_stats import calibration, cli
from coaching_stats.calibration import THEORY, VERDICTS, WHOLE, Design, calibrate
from coaching_stats.calibration_figure import plot_calibration
from coaching_stats.designs import design_of, what_it_takes
from coaching_stats.error_rates import nearest_error_rates
from coaching_stats.errors import DesignError, StudyError
from coaching_stats.measurement import LOADING, Conditions
from coaching_stats.panel import measure
from coaching_stats.theory import load_study
from coaching_stats.worlds import simulate, simulate_under

SMALL = {"firms": 12, "teams": 1, "sellers": 6}
STUDY = load_study()


def small(tmp_path, **options):
    given = {"design": SMALL, "worlds": ["theory", "null"], "n_sim": 3, "seed": 5, "n_jobs": 1}
    return calibrate(**{**given, "progress": False, "cache": tmp_path, **options})


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return small(tmp_path_factory.mktemp("blocks"))


def test_shares_add_up_for_every_world_and_hypothesis(found):
    table = found.tidy()
    sums = table.groupby(["world", "hypothesis"])["share"].sum()
    assert sums.to_numpy() == pytest.approx(1.0)
    assert len(table) == 2 * (len(STUDY.hypotheses) * len(VERDICTS) + len(WHOLE))
    assert ((table["conf_low"] <= table["share"]) & (table["share"] <= table["conf_high"])).all()


def test_numbers_depend_on_neither_processes_nor_blocks(found, tmp_path, monkeypatch):
    monkeypatch.setattr(calibration, "BLOCK", 2)
    again = small(tmp_path, n_jobs=2)
    assert again.tidy().equals(found.tidy())
    alone = small(tmp_path / "one", worlds=["null"]).tidy()
    both = found.tidy().query("world == 'null'").reset_index(drop=True)
    assert alone.equals(both)


def test_an_interruption_loses_nothing_that_was_finished(found, tmp_path, monkeypatch):
    monkeypatch.setattr(calibration, "BLOCK", 1)
    real, calls = calibration.judged_block, []

    def interrupted(*given):
        calls.append(given[-2:])
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(calibration, "judged_block", interrupted)
    with pytest.raises(KeyboardInterrupt) as stop:
        small(tmp_path)
    (said,) = stop.value.__notes__
    assert "3 of 6 blocks" in said
    assert "seed=5" in said
    kept = list(tmp_path.rglob("*.json"))
    assert len(kept) == 3
    kept[0].write_text("[{", encoding="utf-8")
    kept[1].write_text("[1]", encoding="utf-8")
    calls.clear()
    monkeypatch.setattr(calibration, "judged_block", lambda *g: (calls.append(g), real(*g))[1])
    resumed = small(tmp_path)
    assert len(calls) == 5
    assert resumed.tidy().equals(found.tidy())
    assert all("damaged" in note for note in resumed.notes[-2:])


def test_a_seed_that_was_drawn_is_told_and_gives_the_same_numbers(tmp_path):
    drawn = small(tmp_path / "drawn", worlds=["null"], seed=None)
    seed = int(next(note for note in drawn.notes if note.startswith("seed ")).split()[1])
    again = small(tmp_path / "again", worlds="null", seed=seed)
    assert again.tidy().equals(drawn.tidy())


def test_sizes_may_be_numbers_of_numpy_and_find_the_same_blocks(tmp_path):
    design = {name: np.int64(size) for name, size in SMALL.items()}
    one = small(tmp_path, design=design, worlds=["null"], n_sim=1)
    blocks = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    small(tmp_path, worlds=["null"], n_sim=1)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")} == blocks
    assert len(one.tidy()) > 0


def test_one_firm_with_one_process_is_never_testable(tmp_path):
    one = small(tmp_path, design={"firms": 1, "teams": 12, "sellers": 6}, worlds=["theory"])
    assert one.share("theory", "not testable") == 1.0


def test_a_survey_of_sellers_only_never_reaches_support(tmp_path):
    """Predictor and outcome from the same people are grade D, and grade D supports no theory."""
    alone = small(tmp_path, design=Design(12, 1, 6, managers=False))
    assert alone.share("theory", "supported") == 0.0
    assert alone.design.n_questionnaires == 72


@pytest.mark.parametrize(
    ("options", "error", "fragment"),
    [
        ({"n_sim": 0}, DesignError, "n_sim cannot be 0"),
        ({"n_jobs": 0}, DesignError, "n_jobs cannot be 0"),
        ({"n_jobs": -2}, DesignError, "n_jobs cannot be -2"),
        ({"seed": -1}, DesignError, "seed cannot be -1"),
        ({"seed": 1.5}, DesignError, "seed cannot be 1.5"),
        ({"worlds": ["nul"]}, DesignError, "'nul'; did you mean 'null'"),
        ({"worlds": []}, DesignError, "no world to simulate"),
        ({"worlds": ()}, DesignError, "no world to simulate"),
        ({"design": None}, DesignError, "None is no design"),
        ({"design": {**SMALL, "managers": "no"}}, DesignError, "managers cannot be 'no'"),
        ({"design": {**SMALL, "conditions": {"missing": 0.1}}}, DesignError, "conditions cannot"),
        (
            {"design": {**SMALL, "conditions": Conditions(seller_response=1.5)}},
            DesignError,
            "seller_response 1.5",
        ),
        ({"design": {**SMALL, "teams": 0}}, DesignError, "teams=0"),
        ({"design": {**SMALL, "sellers": 1}}, DesignError, "one seller per team"),
        ({"design": {"firms": 3, "teams": 2}}, DesignError, "lacks sellers"),
        ({"design": {**SMALL, "wave": 2}}, DesignError, "'wave'; did you mean 'waves'"),
        ({"study": "data/published/attitude.study.yml"}, StudyError, "about a construct"),
    ],
)
def test_what_cannot_be_calibrated(tmp_path, options, error, fragment):
    with pytest.raises(error, match=fragment):
        small(tmp_path, **options)
    assert not list(tmp_path.rglob("*.json"))


def test_the_design_of_simulated_data_is_the_one_they_were_simulated_with():
    given = Conditions(
        seller_response=0.6, manager_response=0.8, missing=0.04, loading={"SPR_s": 0.5}
    )
    tables = simulate_under(given, "theory", firms=30, teams=4, sellers=12, seed=2)
    design = design_of(measure(tables, STUDY))
    assert (design.firms, design.teams, design.managers) == (30, 4, True)
    assert design.sellers == pytest.approx(12, abs=1)
    found = design.conditions
    assert found.seller_response == pytest.approx(0.6 * 0.96, abs=0.04)  # 4 % fail a check
    assert found.missing == pytest.approx(0.04, abs=0.01)
    assert found.loading["SPR_s"] == pytest.approx(0.5, abs=0.05)
    assert found.loading["LPR_s"] == pytest.approx(LOADING, abs=0.05)


def test_usual_conditions_change_no_draw():
    one = simulate("theory", firms=3, teams=2, sellers=4, seed=9)
    other = simulate_under(Conditions(), "theory", firms=3, teams=2, sellers=4, seed=9)
    for name in one:
        assert one[name].equals(other[name])


def test_the_search_goes_by_cost_and_says_what_it_tried(tmp_path):
    grid = [Design(12, 1, 6), Design(12, 1, 4)]
    found = what_it_takes(grid=grid, n_sim=2, seed=1, n_jobs=1, progress=False, cache=tmp_path)
    table = found.tidy()
    assert table["questionnaires"].tolist() == sorted(table["questionnaires"])
    assert not table["does"].any()
    assert "none of the 2 designs" in found.notes[0]
    assert np.isnan(table["supported_when_false"]).all()


def test_the_search_stops_at_the_first_design_that_does(tmp_path):
    """With a target of nothing the cheapest does: sellers alone never support a theory."""
    grid = [SMALL, {**SMALL, "managers": False}]
    options = {"n_sim": 1, "seed": 1, "n_jobs": 1, "progress": False, "cache": tmp_path}
    found = what_it_takes(grid=grid, target=0.0, **options)
    assert found.tidy()[["questionnaires", "does"]].to_numpy().tolist() == [[72, True]]
    assert found.tidy()["supported_when_false"].tolist() == [0.0]
    assert "12 × 1 × 6, sellers only" in found.notes[0]


@pytest.mark.parametrize("wrong", [{"target": 80}, {"false": -0.1}])
def test_a_target_is_a_share(wrong):
    with pytest.raises(DesignError, match="give a share"):
        what_it_takes(**wrong)


def test_a_share_that_is_not_quite_0_or_1_does_not_pass_for_it():
    shown = {
        text.get_text() for text in plot_calibration(nearest_error_rates(Design(24, 1, 8))).texts
    }
    assert {"0 %", "< 1 %", "> 99 %"} <= shown
    assert "100 %" not in shown


@pytest.mark.parametrize("language", ["en", "fi"])
def test_the_heat_map_shows_every_share(found, language):
    ax = plot_calibration(found, language=language)
    shown = sorted(text.get_text() for text in ax.texts)
    table = found.tidy()
    shares = table.loc[table["hypothesis"] == THEORY, "share"]
    expected = sorted(f"{100 * share:.0f} %" for share in shares)
    assert shown == expected
    with pytest.raises(ValueError, match="H99"):
        plot_calibration(found, hypothesis="H99")


def test_the_command_writes_the_error_matrix(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    out = tmp_path / "rates.csv"
    words = "calibrate --firms 2 --teams 3 --sellers 4 --sims 1 --worlds null --out"
    monkeypatch.setattr("sys.argv", ["coaching-stats", *words.split(), str(out)])
    assert cli.guarded(cli.app) == 0
    assert "Simulated" in capsys.readouterr().out
    header = out.read_text(encoding="utf-8").splitlines()[0]
    assert header == "world,hypothesis,verdict,share,conf_low,conf_high,n_sim"
    assert json.loads(next(tmp_path.rglob("*.json")).read_text(encoding="utf-8"))


# Per cent of 2,000 surveys simulated independently of this package, on the theory as a whole, in
# the order of WHOLE: supported, mixed, contradicted, consistent, undecided, not testable.
REFERENCE = [
    ("theory", (24, 1, 8), (3.3, 0.5, 0.3, 18.5, 58.3, 19.1)),
    ("reverse_cause", (20, 3, 8), (0.4, 0.6, 31.9, 46.1, 18.9, 2.1)),
]


@pytest.mark.slow
@pytest.mark.parametrize(("world", "sizes", "per_cent"), REFERENCE)
def test_error_rates_are_those_of_the_reference(tmp_path, world, sizes, per_cent):
    """Each share within four standard errors of the two simulations together."""
    n_sim = 400
    found = calibrate(
        design=Design(*sizes), worlds=[world], n_sim=n_sim, seed=8, progress=False, cache=tmp_path
    )
    expected = np.array(per_cent) / 100
    shares = np.array([found.share(world, verdict) for verdict in WHOLE])
    variance = np.maximum(expected * (1 - expected), 1 / n_sim) * (1 / n_sim + 1 / 2_000)
    assert (np.abs(shares - expected) < 4 * np.sqrt(variance)).all()
