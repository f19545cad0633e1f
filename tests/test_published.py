"""Whatever any output shows of a group is in the table that is attacked, and nothing is told."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import openpyxl
import pandas as pd
import pytest
from number_check.addressed import NumbersOfPage

from coaching_stats import cli, console
from coaching_stats.attack import attack_folder, read_published
from coaching_stats.both_sides_figure import plot_both_sides
from coaching_stats.client_folder import simulated_answers
from coaching_stats.figures import plot_association
from coaching_stats.group_figures import MEAN_DIGITS
from coaching_stats.output import REPORTS, write_outputs
from coaching_stats.process_map_figure import plot_process_map, plot_process_ranks
from coaching_stats.published_figures import (
    process_map_of,
    published_figures,
    shown_picture,
    shown_sides,
)
from coaching_stats.study import run_study
from coaching_stats.tables import write_tables
from coaching_stats.texts import LANGUAGES, texts
from coaching_stats.wording import term_name
from coaching_stats.worlds import simulate

ROOT = Path(__file__).parents[1]
RUNS = ["theory_run", "one_client_run", "attitude_run", "lq2002_run"]
MARKERS = ("o", "s", "^", "D", "X")
COUNTS = re.compile(r"n(_(obs|teams|sellers|managers|units|clusters|firms|people))?|count")


@pytest.fixture(scope="module", params=RUNS)
def written(request, outputs):
    """A run, and the folder of all that it writes."""
    return request.getfixturevalue(request.param), outputs(request.param)


@pytest.fixture
def command(capsys, monkeypatch):
    """Run the command line; give its exit code and what it said."""
    monkeypatch.setattr(console, "PATIENCE", 1e6)

    def run(*words):
        monkeypatch.setattr("sys.argv", ["coaching-stats", *map(str, words)])
        code = cli.guarded(cli.app)
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def shown_rows(figures):
    """Everything that is not suppressed, by question and group: number of people and mean."""
    shown = figures[~figures["suppressed"]]
    assert (shown["n"].astype(int) >= 5).all()
    return {
        (row["item"], row["group"]): (int(row["n"]), row["mean"])
        for row in shown.to_dict("records")
    }


def addressed_figures(figures):
    """The mean or number of people that each address of a group figure may show."""
    counted = figures[figures["n"].astype(str).str.isdigit() & (figures["table"] == "scales")]
    found = {f"scales.{row['item']}.n": int(row["n"]) for row in counted.to_dict("records")}
    for (item, group), (n, mean) in shown_rows(figures).items():
        if group.startswith("all ") or group.endswith("in the picture"):
            found[f"scales.{item}.mean"] = mean
        if "map of both sides, group" in group:
            column = item if item.endswith(("_m", "_m_2")) else re.sub(r"^([A-Z]+)", r"\1_s", item)
            found[f"sides.{group.split()[-1]}.{column}"] = mean
            found[f"sides.{group.split()[-1]}.n_teams"] = n
        rated = re.match(r"(\w+)s who rated (\w+) \((\w+)\)", group)
        if rated:
            address = f"map.{rated[2]}.{rated[1]}.{rated[3]}"
            found |= {address: mean, f"{address}.n": n}
    return found


def is_group_figure(address):
    return bool(re.match(r"scales\.\w+\.(mean|n)$|sides\.\d|map\.", address))


def is_rounded(text, figure):
    """Whether a text is a figure, or what is shown of it; a page may round a second time."""
    if text == "–" or figure is None:
        return text == "–"
    decimals = len(re.split("[,.]", text)[1]) if re.search("[,.]", text) else 0
    near = abs(float(text.replace(",", ".").replace("−", "-")) - figure)
    return near <= 0.5 * 10**-decimals + 0.5 * 10**-MEAN_DIGITS + 1e-9


def test_the_file_is_the_table_that_all_outputs_share(written):
    run, folder = written
    pd.testing.assert_frame_equal(
        read_published(folder),
        published_figures(run).assign(n=lambda table: table["n"].astype(str)),
        check_dtype=False,
    )


def figures_of_page(folder, language):
    """Address and text of each group figure on a page."""
    page = NumbersOfPage((folder / REPORTS[language]).read_text(encoding="utf-8"))
    return [(at, text) for at, text in page.addressed if is_group_figure(at)]


def figures_of_results(folder):
    """Address and value of each group figure in the results that is told there."""
    found = json.loads((folder / "results.json").read_text(encoding="utf-8"))["estimates"]
    return {at: x for at, x in found.items() if is_group_figure(at) and x is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_group_figure_of_the_page_is_published(written, language):
    run, folder = written
    allowed, groups = addressed_figures(published_figures(run)), figures_of_page(folder, language)
    assert len(groups) >= len(run.study.constructs) / 2
    assert [(at, text) for at, text in groups if not is_rounded(text, allowed.get(at))] == []


def test_every_group_figure_of_the_results_is_published(written):
    """No decimal more than in the table, either: the attack counts on the rounding."""
    run, folder = written
    allowed, groups = addressed_figures(published_figures(run)), figures_of_results(folder)
    assert len(groups) >= len(run.study.constructs) / 2
    assert groups == {at: pytest.approx(allowed.get(at), abs=1e-9) for at in groups}


def test_numbers_of_people_on_the_page_are_published(written):
    run, folder = written
    page = (folder / "report.html").read_text(encoding="utf-8")
    scales = published_figures(run).query("table == 'scales'")
    allowed = {
        (term_name(row["item"], run.study, "en"), str(row["n"]))
        for row in scales.to_dict("records")
    }
    section = page[page.index('id="scales"') :].split("</section>")[0]
    rows = re.findall(r'<th scope="row">(.*?)</th><td class="num">(.*?)</td>', section)
    said = {(name.replace("&#39;", "'"), re.sub("<.*?>|&[gl]t;", "", n)) for name, n in rows}
    assert len(said) == len(scales)
    assert said <= {(name, n.strip("<>")) for name, n in allowed}


def sheet(folder, name):
    book = openpyxl.load_workbook(folder / "tables.xlsx", read_only=True)
    head, *rows = book[name].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_every_group_figure_of_the_workbook_is_published(written):
    run, folder = written
    figures = published_figures(run)
    names = {item: term_name(item, run.study, "en") for item in figures["item"]}
    rows = figures.to_dict("records")
    allowed = {
        (names[r["item"]], r["group"], str(r["n"]), r["mean"], r["suppressed"]) for r in rows
    }
    allowed = {(*row[:3], None if row[4] else row[3]) for row in allowed}
    said = [
        (r["Item"], r["Group"], str(r["n"]), r["Mean"]) for r in sheet(folder, "Published figures")
    ]
    assert len(said) == len(figures)
    assert [row for row in said if row not in allowed] == []
    overall = {(row[0], row[2], row[3]) for row in allowed}
    scales = [(r["Scale"], str(r["n"]), r["Mean"]) for r in sheet(folder, "Scales")]
    assert [row for row in scales if row not in overall] == []


def places(axes):
    """Every mark of a picture."""
    points = [line.get_xydata() for line in axes.lines if line.get_marker() in MARKERS]
    plt.close(axes.figure)
    return np.concatenate(points)


def test_points_of_the_association_are_published(written):
    run, _ = written
    figures = published_figures(run).query("table == 'picture'")
    axes = plot_association(run)
    if not axes.axison or figures.empty:  # not testable: no point of the picture stands anywhere
        assert figures.empty
        plt.close(axes.figure)
        return
    shown = {
        tuple(group["mean"].round(MEAN_DIGITS)) for _, group in figures.groupby("group", sort=False)
    }
    points = next(line for line in axes.lines if line.get_marker() == "o").get_xydata()
    plt.close(axes.figure)
    assert {tuple(point) for point in points.round(MEAN_DIGITS)} <= shown


def test_places_of_the_map_of_both_sides_are_published(written):
    run, _ = written
    sides = shown_sides(run)
    if sides is None:
        assert "both sides" not in set(published_figures(run)["table"])
        return
    rows = shown_rows(published_figures(run).query("table == 'both sides'"))
    means = {item: {mean for (of, _), (_, mean) in rows.items() if of == item} for item, _ in rows}
    marks = [
        line.get_xydata()[0]
        for line in plot_both_sides(sides).lines
        if "group" in (line.get_gid() or "")
    ]
    assert len(marks) == len(sides.groups.dropna(subset=["WTC_m", "SWC_s"]))
    assert all(x in means["SWC"] and y in means["WTC_m"] for x, y in marks)


@pytest.mark.parametrize("plot", [plot_process_map, plot_process_ranks])
def test_points_of_the_process_map_are_published(written, plot):
    run, _ = written
    elements = process_map_of(run)
    if elements is None:
        assert "process map" not in set(published_figures(run)["table"])
        return
    means = {
        mean
        for _, mean in shown_rows(published_figures(run).query("table == 'process map'")).values()
    }
    found = places(plot(elements))
    assert len(found) >= 16
    assert set(found[:, 0].round(MEAN_DIGITS)) <= means
    if plot is plot_process_map:
        assert set(found[:, 1].round(MEAN_DIGITS)) <= means


@pytest.mark.parametrize("folder", ["sample", "one_client"])
def test_the_map_of_the_process_alone_shows_what_is_published(folder, command, tmp_path, request):
    run = request.getfixturevalue("theory_run" if folder == "sample" else "one_client_run")
    inventory = ROOT / "data" / folder / "process_inventory.csv"
    code, _ = command("map", inventory, "--out", tmp_path)
    assert code == 0
    table = pd.read_csv(tmp_path / "process_map.csv").query("role != 'difference'")
    rows = shown_rows(published_figures(run))
    for row in table[table["is_shown"]].to_dict("records"):
        group = f"{row['role']}s who rated {row['element']} ({row['index']})"
        n, mean = rows[f"{row['element']}.{row['index']}", group]
        assert (row["n"], row["estimate"]) == (n, pytest.approx(mean, abs=1e-9))
    hidden = table[~table["is_shown"]]
    assert hidden[["estimate", "conf_low", "conf_high", "n"]].isna().all(axis=None)


class Tables(HTMLParser):
    """The tables of a notebook's output: rows of cells."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.inside = [], False
        self.feed(html)

    def handle_starttag(self, tag, _):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data.strip()


def tables_of(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        for output in cell.get("outputs", []):
            html = "".join(output.get("data", {}).get("text/html", []))
            if "<table" in html:
                yield Tables(html).rows


@pytest.mark.parametrize(
    "notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem[:2]
)
def test_no_table_of_a_notebook_counts_fewer_than_five(notebook):
    few = [
        (row[0], name, cell)
        for head, *rows in tables_of(notebook)
        for row in rows
        for name, cell in zip(head, row, strict=False)
        if COUNTS.fullmatch(name) and re.fullmatch(r"\d+(\.0+)?", cell) and float(cell) < 5
    ]
    assert few == []


def test_the_notebook_of_the_map_shows_what_is_published(theory_run):
    rows = shown_rows(published_figures(theory_run))
    roles = {word: role for role, word in texts("en")["process_map"]["roles"].items()}
    notebook = next((ROOT / "notebooks").glob("08_*.ipynb"))
    compared = 0
    for head, *body in tables_of(notebook):
        if not {"role", "element", "n"} <= {*head}:
            continue
        for cells in body:
            row = dict(zip(head, cells, strict=True))
            for index in ("obstacle", "avoidance_managers", "avoidance_sellers", "support"):
                group = f"{roles[row['role']]}s who rated {row['element']} ({index})"
                n, mean = rows[f"{row['element']}.{index}", group]
                assert (int(row["n"]), float(row[index])) == (n, mean)
                compared += 1
    assert compared >= 64


def test_nothing_is_recovered_from_what_a_run_writes(written, command):
    code, said = command("attack", written[1])
    assert (code, said.splitlines()[0]) == (0, "nothing recovered")


# What a careless hand could do to a published table.


def filed(run, folder):
    """The folder of a run, with its published.csv alone."""
    folder.mkdir(exist_ok=True)
    published_figures(run).to_csv(folder / "published.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def suppressed(tmp_path_factory):
    """A simulated survey of nine teams in which only three managers answered."""
    tables = simulate("theory", firms=9, teams=1, sellers=8, seed=12)
    few = {**tables, "manager_survey": tables["manager_survey"].head(3)}
    run = run_study(few)
    return run, filed(run, tmp_path_factory.mktemp("few"))


def planted(folder, change, out):
    """A copy of a published.csv with one thing changed."""
    table = pd.read_csv(folder / "published.csv", dtype=str, keep_default_na=False)
    out.mkdir()
    change(table).to_csv(out / "published.csv", index=False)
    return out


def one_team(table):
    """A team of three managers."""
    row = {"table": "teams", "group": "region 7", "item": "WTC_m", "parent_group": "all managers"}
    row |= {"n": "3", "mean": "4.33", "value": "", "suppressed": "False"}
    return pd.concat([table, pd.DataFrame([row])], ignore_index=True)


def all_but_three(table):
    """The other managers, in another table; all of them stand there already."""
    whole = table[(table["item"] == "WTC_m") & (table["table"] == "scales")].iloc[0]
    rest = {
        **whole,
        "table": "regions",
        "group": "all but region 7",
        "parent_group": "all managers",
    }
    rest |= {"n": str(int(whole["n"]) - 3), "mean": "3.50"}
    return pd.concat([table, pd.DataFrame([rest])], ignore_index=True)


def two_more(table, of=None):
    """An earlier report, before two managers left who had answered 3."""
    of, earlier = table["group"] == "all managers" if of is None else of, table.copy()
    n = table.loc[of, "n"].astype(int)
    mean = (table.loc[of, "mean"].astype(float) * n + 2 * 3.0) / (n + 2)
    earlier.loc[of, "n"], earlier.loc[of, "mean"] = (n + 2).astype(str), mean.round(2).astype(str)
    return earlier


@pytest.mark.parametrize("change", [one_team, all_but_three])
def test_a_small_group_planted_in_a_real_table_is_found(one_client_run, change, command, tmp_path):
    folder = filed(one_client_run, tmp_path / "out")
    assert command("attack", folder)[0] == 0
    code, said = command("attack", planted(folder, change, tmp_path / "leak"))
    assert code == 1
    assert "region 7" in said


def test_a_suppression_taken_back_is_found(suppressed, command, tmp_path):
    run, folder = suppressed
    assert command("attack", folder)[0] == 0
    truth = run.panel.teams["WTC_m"].dropna()

    def taken_back(table):
        of = (table["item"] == "WTC_m") & (table["suppressed"] == "True")
        shown = {"n": str(len(truth)), "mean": f"{truth.mean():.2f}", "suppressed": "False"}
        assert of.sum() == 1
        table.loc[of, list(shown)] = list(shown.values())
        return table

    code, said = command("attack", planted(folder, taken_back, tmp_path / "leak"))
    assert code == 1
    assert "WTC_m" in said


def test_an_exact_number_of_few_people_is_found(suppressed, command, tmp_path):
    def exact(table):
        return table.assign(n=table["n"].replace("<5", "3"))

    code, said = command("attack", planted(suppressed[1], exact, tmp_path / "leak"))
    assert code == 1
    assert "head count" in said


def test_an_earlier_report_of_two_more_people_is_found(one_client_run, command, tmp_path):
    folder = filed(one_client_run, tmp_path / "out")
    earlier = planted(folder, two_more, tmp_path / "earlier")
    assert command("attack", folder)[0] == 0
    code, said = command("attack", folder, "--published", earlier)
    assert code == 1
    assert "left since" in said


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    """Two managers left since an earlier report, whose sellers stayed: folders, careful or not."""
    folder = tmp_path_factory.mktemp("after")
    tables = simulate("theory", firms=8, teams=2, sellers=6, seed=4)
    gone = tables["teams"]["team_id"].iloc[:2]
    left = {
        name: table[~table["team_id"].isin(gone)]
        for name, table in tables.items()
        if name in ("manager_survey", "process_inventory")
    }
    filed(run_study(tables), folder / "old")
    now = run_study({**tables, **left})
    filed(now, folder / "careless")
    write_tables({**tables, **left}, folder / "now")
    return folder


@pytest.fixture(scope="module")
def careful(after):
    """The folder of the later report, written with the earlier one in view."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console, "PATIENCE", 1e6)
        words = ("study", after / "now", "--out", after / "careful", "--published", after / "old")
        patch.setattr("sys.argv", ["coaching-stats", *map(str, words)])
        assert cli.guarded(cli.app) == 0
    return after / "careful"


def test_a_report_that_knows_the_earlier_one_hides_who_left(after, careful, command):
    old = ("--published", after / "old")
    assert command("attack", after / "careless", *old)[0] == 1
    code, said = command("attack", careful, *old)
    assert (code, said.splitlines()[0]) == (0, "nothing recovered")


def test_a_report_that_knows_the_earlier_one_shows_less_or_the_same(after, careful):
    before, now = (read_published(folder) for folder in (after / "careless", careful))
    both = now.merge(before, on=["table", "group", "item"], suffixes=("", "_before"))
    assert len(both) == len(before)
    assert not (both["suppressed_before"] & ~both["suppressed"]).any()
    assert (both["suppressed"] & ~both["suppressed_before"]).any()
    assert (~both["suppressed"]).any()


def test_what_is_hidden_because_of_an_earlier_report_is_nowhere(careful):
    allowed = addressed_figures(read_published(careful))
    for language in LANGUAGES:
        groups = figures_of_page(careful, language)
        assert [(at, x) for at, x in groups if not is_rounded(x, allowed.get(at))] == []
    told = figures_of_results(careful)
    assert told == {at: pytest.approx(allowed.get(at), abs=1e-9) for at in told}


@pytest.fixture(scope="module")
def careful_run(after):
    return replace(run_study(after / "now"), earlier=read_published(after / "old"))


def drawn(axes):
    """Every line, band and error bar of a picture, and what it says."""
    marks = [*axes.lines, *axes.collections, *axes.containers, *axes.patches]
    said = " ".join(" ".join(text.get_text() for text in axes.texts).split())
    plt.close(axes.figure)
    return marks, said


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_mark_of_the_association_tells_what_is_hidden(careful_run, language):
    """The mean of all managers is suppressed; points and line would give it away."""
    hidden = set(published_figures(careful_run).query("suppressed and table == 'scales'")["item"])
    assert "WTC_m" in hidden
    marks, said = drawn(plot_association(careful_run, language=language))
    assert (marks, said) == ([], texts(language)["figures"]["association_hidden"])


def test_an_association_with_a_hidden_group_has_no_picture(theory_run, tmp_path):
    """Two managers left a group of the picture since an earlier report; the whole stays shown."""

    def two_more_in_a_group(table):
        of = table["group"].str.startswith("teams by RIG, group 1 ") & (table["item"] == "WTC_m")
        assert of.sum() == 1
        return two_more(table, of)

    assert shown_picture(theory_run).n_groups > 1
    folder = filed(theory_run, tmp_path / "now")
    earlier = planted(folder, two_more_in_a_group, tmp_path / "earlier")
    run = replace(theory_run, earlier=read_published(earlier))
    hidden = published_figures(run).query("suppressed")
    assert set(hidden["table"]) == {"picture"}
    assert shown_picture(run) is None
    assert drawn(plot_association(run))[0] == []


def test_an_association_of_other_scores_than_the_hidden_ones_is_drawn(careful_run):
    hidden = set(published_figures(careful_run).query("suppressed and table == 'scales'")["item"])
    pictures = {h.id: shown_picture(careful_run, h.id) for h in careful_run.study.hypotheses}
    shown = [picture for picture in pictures.values() if picture is not None]
    assert 0 < len(shown) < len(pictures)
    assert not hidden & {column for picture in shown for column in picture.columns}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_title_does_not_count_what_is_left_of_both_sides(careful, careful_run, language):
    sides = shown_sides(careful_run)
    assert sides.n_left_out > 0
    title = texts(language)["both_sides"]["title_partly"]
    axes = plot_both_sides(sides, language=language)
    assert " ".join(axes.figure.get_suptitle().split()) == title
    plt.close(axes.figure)
    page = (careful / REPORTS[language]).read_text(encoding="utf-8")
    assert f"<h3>{title}</h3>" in page
    assert "titles.sides" not in page
    told = json.loads((careful / "results.json").read_text(encoding="utf-8"))["estimates"]
    assert [at for at in told if at.startswith("titles.sides")] == []


def test_a_client_and_the_twin_of_its_answers_tell_nothing(command, tmp_path):
    client = tmp_path / "client"
    assert command("new", client, "--teams", 12, "--sellers", 6)[0] == 0
    answers, mapping = client / "data" / "simulated.csv", client / "mapping.yml"
    given = ("--mapping", mapping)
    assert command("twin", answers, *given, "--out", tmp_path / "twin.csv")[0] == 0
    for data in (answers, tmp_path / "twin.csv"):
        out = tmp_path / data.stem
        study = ("--study", client / "study.yml", "--lang", "fi", "--out", out)
        code, said = command("study", data, *given, *study)
        assert code == 0, said
        assert command("attack", out)[0] == 0


@pytest.mark.parametrize(
    ("firms", "teams", "sellers"), [(3, 1, 6), (1, 6, 2), (2, 4, 3), (9, 1, 5)]
)
def test_small_surveys_are_written_and_tell_nothing(firms, teams, sellers, tmp_path):
    tables = simulate("theory", firms=firms, teams=teams, sellers=sellers, seed=2)
    run = run_study(tables)
    write_outputs(run, tmp_path, ("fi",))
    assert not attack_folder(tmp_path).is_recovered
    few = read_published(tmp_path).query("n == '<5'")
    assert few["suppressed"].all()
    assert len(few) >= (10 if firms * teams < 5 else 0)


def test_a_single_table_of_a_client_with_few_teams_is_written(tmp_path):
    simulated_answers(4, 5, 3).to_csv(tmp_path / "few.csv", index=False, sep=";")
    mapping = ROOT / "coaching_stats" / "client" / "mapping.yml"
    run = run_study(tmp_path / "few.csv", mapping=mapping)
    write_outputs(run, tmp_path / "out", ("fi",))
    assert not attack_folder(tmp_path / "out").is_recovered
