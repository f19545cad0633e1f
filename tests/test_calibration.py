"""How often a design says what: the same numbers however they are computed, and none lost."""

import json

import numpy as np
import pytest

from coaching_stats import calibration, cli
from coaching_stats.calibration import THEORY, VERDICTS, WHOLE, Design, calibrate
from coaching_stats.calibration_figure import plot_calibration
from coaching_stats.designs import design_of, what_it_takes
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
    with pytest.raises(KeyboardInterrupt):
        small(tmp_path)
    kept = list(tmp_path.rglob("*.json"))
    assert len(kept) == 3
    kept[0].write_text("[{", encoding="utf-8")
    calls.clear()
    monkeypatch.setattr(calibration, "judged_block", lambda *g: (calls.append(g), real(*g))[1])
    resumed = small(tmp_path)
    assert len(calls) == 4
    assert resumed.tidy().equals(found.tidy())
    assert "damaged" in resumed.notes[-1]


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
        ({"worlds": ["nul"]}, DesignError, "'nul'; did you mean 'null'"),
        ({"worlds": []}, DesignError, "no world to simulate"),
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
