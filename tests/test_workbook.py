"""tables.xlsx: real numbers in readable columns, and text that stays text."""

import numpy as np
import openpyxl
import pytest

from coaching_stats.published_figures import published_figures
from coaching_stats.study import run_study
from coaching_stats.workbook import write_workbook

SHEETS = ["Verdicts", "Legs", "Gates", "Scales", "Published figures", "Notes"]


@pytest.fixture(scope="module")
def books(theory_run, one_client_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("books")
    opened = {}
    for name, run in {"theory": theory_run, "one_client": one_client_run}.items():
        write_workbook(run, folder / f"{name}.xlsx")
        opened[name] = (run, openpyxl.load_workbook(folder / f"{name}.xlsx"))
    return opened


def columns_of(sheet):
    """Cells of each column, by its header."""
    return {column[0].value: column[1:] for column in sheet.columns}


@pytest.mark.parametrize("name", ["theory", "one_client"])
def test_verdicts_hold_the_numbers_of_the_run_unrounded(books, name):
    run, book = books[name]
    assert book.sheetnames == SHEETS
    table, cells = run.verdicts.tidy(), columns_of(book["Verdicts"])
    names = {"Estimate (SD)": "estimate", "95 % CI, low": "conf_low", "p": "p_value", "n": "n"}
    for header, column in names.items():
        found = [np.nan if cell.value is None else cell.value for cell in cells[header]]
        np.testing.assert_allclose(found, table[column], rtol=1e-12)
    assert {cell.number_format for cell in cells["Estimate (SD)"] if cell.value} == {"0.00"}
    assert {cell.number_format for cell in cells["p"] if cell.value} == {"0.0000"}
    assert {cell.number_format for cell in cells["n"] if cell.value} == {"0"}


def test_the_header_stays_in_sight_and_columns_can_be_read(books):
    for sheet in books["theory"][1]:
        assert sheet.freeze_panes == "A2"
        for column in sheet.columns:
            width = sheet.column_dimensions[column[0].column_letter].width
            assert width >= min(len(str(column[0].value)), 8)


def test_reasons_name_scores_and_hold_no_codes(books):
    cells = columns_of(books["one_client"][1]["Verdicts"])
    first = cells["Why"][0].value
    assert "Process rigidity (both)" in first
    assert not [cell.value for cell in cells["Why"] if "_" in cell.value]
    in_words = columns_of(books["one_client"][1]["Gates"])["In words"]
    assert not [cell.value for cell in in_words if "_" in cell.value]


def test_published_figures_are_those_that_can_be_attacked(books):
    run, book = books["theory"]
    figures, cells = published_figures(run), columns_of(book["Published figures"])
    assert [cell.value for cell in cells["Mean"]] == figures["mean"].tolist()
    assert [str(cell.value) for cell in cells["n"]] == figures["n"].tolist()


def test_simulated_data_are_called_so_first(books):
    assert books["theory"][1]["Notes"]["A2"].value == "Simulated data; no real people answered."


def test_text_that_looks_like_a_formula_stays_text(tmp_path):
    study = tmp_path / "study.yml"
    study.write_text(
        """
columns: {X: x, Y: y}
cluster: null
constructs:
  - {key: X, name_en: "=1+1", level: team, forms: [records]}
  - {key: Y, name_en: "@y", level: team, forms: [records]}
hypotheses:
  - {id: A, title: "+A1", statement_en: "-x goes with y.", kind: slope, outcome: Y, predictor: [X],
     level: team, expected_sign: positive, sesoi: 0.2, sources: {same: {X: records, Y: records}}}
""",
        encoding="utf-8",
    )
    rng = np.random.default_rng(4)
    data = tmp_path / "data.csv"
    rows = "".join(f"{x:.3f},{x + e:.3f}\n" for x, e in rng.normal(size=(12, 2)))
    data.write_text("x,y\n" + rows, encoding="utf-8")
    write_workbook(run_study(data, study=study), tmp_path / "book.xlsx")
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert "'+A1" in [cell.value for cell in cells]
    assert any(str(cell.value).startswith("'=1+1") for cell in cells)
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
