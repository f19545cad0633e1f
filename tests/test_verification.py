"""A folder of results against its data: whatever is not what the data give is found."""

import base64
import json
import re
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pytest

from coaching_stats import cli, console
from coaching_stats.errors import DataError
from coaching_stats.report_reading import pieces_of, printed_number, prints, same_drawing
from coaching_stats.verification import compare_folders, verify

PUBLISHED = Path(__file__).parents[1] / "data" / "published"
STUDY = PUBLISHED / "attitude.study.yml"


@pytest.fixture(scope="module")
def anew(outputs):
    """The simulated sample as the study command leaves it."""
    return outputs("theory_run")


@pytest.fixture
def folder(anew, tmp_path):
    """A copy to tamper with."""
    return Path(shutil.copytree(anew, tmp_path / "run"))


@pytest.fixture(scope="module")
def attitude(outputs):
    """A small run, to be verified from its data."""
    return outputs("attitude_run")


@pytest.fixture
def command(capsys, monkeypatch):
    """Run the verify command; give exit code, stdout, stderr."""

    def run(*words):
        monkeypatch.setattr(console, "PATIENCE", 1e6)  # progress is no message
        monkeypatch.setattr("sys.argv", ["coaching-stats", "verify", *map(str, words)])
        code = cli.guarded(cli.app)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def forge(path, pattern, forged, count=1):
    """Change the text of a file; fails where there is nothing to change."""
    text, made = re.subn(pattern, forged, path.read_text(encoding="utf-8"), count=count)
    assert made
    path.write_text(text, encoding="utf-8")


def said(folder, anew):
    """What verification says of a folder, line by line."""
    return [str(finding) for finding in compare_folders(folder, anew)]


def test_an_untouched_folder_has_no_finding(folder, anew):
    assert said(folder, anew) == []


@pytest.mark.parametrize(
    ("file", "pattern", "forged", "place", "fragments"),
    [
        # a digit, a sign, and the digits shown, each in an addressed number
        ("report.html", r'(H3\.estimate">)0\.54', r"\g<1>0.64", "H3.estimate", ["0.64", "0.53"]),
        ("report.fi.html", r'(H3\.estimate">)0,54', r"\g<1>0,45", "H3.estimate", ["0,45", "0.53"]),
        ("report.fi.html", r'(H1\.estimate">)−0,42', r"\g<1>0,42", "H1.estimate", ["-0.415"]),
        ("report.html", r'(H3\.conf_low">)0\.37', r"\g<1>0.4", "H3", ["'0.4'", "'0.37'"]),
        # a number written as another language does
        ("report.fi.html", r'(H3\.estimate">)0,54', r"\g<1>0.54", "H3.estimate", ["0.54"]),
        # an address that is gone, that leads nowhere, or that leads to another number
        (
            "report.html",
            r'<span data-address="H3.estimate">(.*?)</span>',
            r"\1",
            "H3",
            ['<span data-address="H3.estimate">'],
        ),
        ("report.html", r"H3\.estimate", "H33.estimate", "H33.estimate", ["no such address"]),
        ("report.html", r"H3\.estimate", "H4.estimate", "H4.estimate", ["0.54", "0.51"]),
        # counts of the import, the promise, the size of simulations, titles, places of notes
        ("report.html", r'(receipt\.rows_read">)\d+', r"\g<1>99", "receipt.rows_read", ["1282"]),
        ("results.json", r'("minimum_group": )5', r"\g<1>3", "study.minimum_group", ["3", "5"]),
        ("report.html", r'(study\.minimum_group">)5', r"\g<1>3", "study.minimum_group", ["3"]),
        ("report.fi.html", r'(n_surveys">)200', r"\g<1>900", "rates.n_surveys", ["900", "200"]),
        ("report.html", r'(careless\.all\.H1">)−0', r"\g<1>0", "careless.all.H1", ["-0.4"]),
        (
            "report.html",
            r'(titles\.verdicts\.supported">)\d+',
            r"\g<1>18",
            "titles.verdicts.supported",
            ["18"],
        ),
        ("report.html", r'data-note="0"', 'data-note="1"', "notes", ["data-note"]),
        # words, and numbers in prose
        ("report.html", r"(?s)(<tr id=\"H13\".*?>)Inconclusive<", r"\1Supported<", "H13", ["'Su"]),
        ("report.fi.html", r"Saa tukea</td>", "Ei ratkea</td>", "H1", ["'Saa tukea'"]),
        (
            "report.fi.html",
            r"−0,42</span> on suuruudeltaan",
            "−0,62</span> on suuruudeltaan",
            "H1",
            ["−0,62"],
        ),
        ("report.html", r"\(grade C\); H2", "(grade A); H2", "answer", ["grade A"]),
        ("report.html", r"seed 1\.", "seed 2.", "page", ["seed 2"]),
        # what would change the page in the reader's browser
        ("report.html", r"</main>", "<script>x()</script></main>", "page", ["<script>"]),
        ("report.html", r'<tr id="H6">', '<tr id="H6" style="display:none">', "H6", ["display"]),
        ("report.html", r"<p class=\"banner\">.*?</p>", "", "page", ["Simulated"]),
        # the other files
        ("results.json", r'("H3.estimate": )0\.5\d*', r"\g<1>0.738", "H3.estimate", ["0.738"]),
        ("results.json", r'("H3.n": )134', r"\g<1>135", "H3.n", ["135", "134"]),
        ("results.json", r"not expected", "expected", "THEORY.wording", ["not expected"]),
        ("receipt.json", r'"rows_kept": \d+', '"rows_kept": 9', "line", ["9"]),
        ("published.csv", r"\n.*\n", "\n", "line", ["nothing"]),
    ],
)
def test_a_forgery_is_found(folder, anew, file, pattern, forged, place, fragments):
    forge(folder / file, pattern, forged)
    here = [line for line in said(folder, anew) if line.startswith(f"{file}, {place}")]
    assert here
    for fragment in fragments:
        assert any(fragment in line for line in here)


def test_one_changed_digit_is_one_finding(folder, anew):
    forge(folder / "report.html", r'(H3\.conf_low">)0\.37', r"\g<1>0.39")
    assert len(said(folder, anew)) == 1


def test_a_forged_number_in_both_page_and_results_is_found(folder, anew):
    forge(folder / "report.html", r'(H3\.conf_high">)0\.71', r"\g<1>0.51")
    forge(folder / "results.json", r'("H3\.conf_high": )0\.70\d+', r"\g<1>0.508")
    assert any("results.json, H3.conf_high: says 0.508" in line for line in said(folder, anew))


def test_a_deleted_hypothesis_is_found(folder, anew):
    path = folder / "results.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    del found["verdicts"]["H13"]
    found["estimates"] = {a: x for a, x in found["estimates"].items() if not a.startswith("H13.")}
    path.write_text(json.dumps(found), encoding="utf-8")
    forge(folder / "report.html", r'(?s)<tr id="H13">.*?</tr>\n', "")
    lines = said(folder, anew)
    assert any(line.startswith("results.json, H13.hypothesis") for line in lines)
    assert any(line.startswith("report.html, H13") for line in lines)


def test_a_changed_verdict_in_results_is_found(folder, anew):
    forge(folder / "results.json", r'(?s)("H13": \{\s*"verdict": )"inconclusive"', r'\1"supported"')
    lines = said(folder, anew)
    assert "results.json, H13.verdict: says supported; expected inconclusive" in lines


def test_a_point_moved_in_a_figure_is_found(folder, anew):
    path = folder / "report.html"
    page = path.read_text(encoding="utf-8")
    drawing = re.search(r"image/svg\+xml;base64,([A-Za-z0-9+/=]+)", page)[1]
    svg = base64.b64decode(drawing).decode("utf-8")
    moved = re.sub(r'(<use [^>]*x=")(\d+)', lambda m: f"{m[1]}{int(m[2]) + 9}", svg, count=1)
    assert moved != svg
    other = base64.b64encode(moved.encode("utf-8")).decode("ascii")
    path.write_text(page.replace(drawing, other), encoding="utf-8")
    lines = said(folder, anew)
    assert [line.split(":")[0] for line in lines] == ["report.html, pictures"]
    assert "another figure" in lines[0]


def test_a_changed_cell_of_the_workbook_is_found(folder, anew):
    path = folder / "tables.xlsx"
    book = openpyxl.load_workbook(path)
    book["Verdicts"]["E2"] = 0.99
    book.save(path)
    assert [line.split(":")[0] for line in said(folder, anew)] == [
        "tables.xlsx, Verdicts, row 2, column 5"
    ]
    path.write_bytes(b"no workbook")
    assert any("tables.xlsx: says no workbook" in line for line in said(folder, anew))


def rewritten(path, change, added=()):
    """The workbook with its parts changed as text, and with further ones."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, **dict(added)}.items():
            archive.writestr(name, change(name, content))


@pytest.mark.parametrize(
    ("part", "pattern", "forged"),
    [
        ("xl/styles.xml", rb'formatCode="0\.0000"', b'formatCode="&quot;0.99&quot;"'),
        ("xl/worksheets/sheet1.xml", rb'<row r="3"', b'<row r="3" hidden="1"'),
        ("xl/workbook.xml", rb'<sheet name="Notes"', b'<sheet name="Notes" state="hidden"'),
        ("xl/worksheets/sheet1.xml", rb'(<c r="E2"[^>]*>)(?=<v>)', rb"\1<v>0.99</v>"),
        ("docProps/core.xml", rb"<dc:creator>", b"<dc:creator>Somebody"),
    ],
)
def test_a_workbook_that_shows_its_cells_otherwise_is_found(folder, anew, part, pattern, forged):
    """A format that prints 0.99 whatever the number is, what is hidden, a value beside a value."""
    path = folder / "tables.xlsx"
    made = []

    def change(name, content):
        if name != part:
            return content
        text, count = re.subn(pattern, forged, content, count=1)
        made.append(count)
        return text

    rewritten(path, change)
    assert made == [1]
    assert [line.split(":")[0] for line in said(folder, anew)] == [f"tables.xlsx, part {part}"]


def test_a_workbook_with_a_further_part_is_found(folder, anew):
    added = [("xl/comments1.xml", b"<comments/>")]
    rewritten(folder / "tables.xlsx", lambda _, content: content, added)
    (line,) = said(folder, anew)
    assert line.startswith("tables.xlsx, part xl/comments1.xml")


def test_a_part_that_stands_twice_in_the_workbook_is_found(folder, anew):
    """Programs differ in which of two they read; an untouched one after it hides the first."""
    path = folder / "tables.xlsx"
    with zipfile.ZipFile(path) as archive:
        styles = archive.read("xl/styles.xml")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("xl/styles.xml", styles)
    assert [line.split(":")[0] for line in said(folder, anew)] == [
        "tables.xlsx, part xl/styles.xml"
    ]


def test_a_workbook_with_a_broken_part_is_none(folder, anew):
    path = folder / "tables.xlsx"
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("xl/theme/theme1.xml").header_offset
    content = bytearray(path.read_bytes())
    content[start + 100] ^= 255
    path.write_bytes(content)
    (line,) = said(folder, anew)
    assert line.startswith("tables.xlsx: says no workbook")


@pytest.mark.parametrize(("factor", "is_forgery"), [(1 + 1e-9, False), (100.0, True)])
def test_a_cell_may_differ_in_its_last_digits_though_near_zero(folder, anew, factor, is_forgery):
    path = folder / "tables.xlsx"
    table = openpyxl.load_workbook(path)["Verdicts"]
    (column,) = (cell.column for cell in table[1] if cell.value == "p")
    cells = (row[column - 1] for row in table.iter_rows(min_row=2))
    p = next(cell for cell in cells if isinstance(cell.value, float) and cell.value < 1e-12)
    pattern = rf'(<c r="{p.coordinate}"[^>]*><v>)[^<]*'.encode()
    forged = rf"\g<1>{p.value * factor!r}".encode()
    rewritten(
        path,
        lambda name, text: re.sub(pattern, forged, text) if name.endswith("sheet1.xml") else text,
    )
    place = f"tables.xlsx, Verdicts, row {p.row}, column {column}"
    assert [line.split(":")[0] for line in said(folder, anew)] == [place] * is_forgery
    assert openpyxl.load_workbook(path)["Verdicts"][p.coordinate].value != p.value


def test_a_second_value_under_one_name_is_refused(folder, anew):
    forge(folder / "results.json", r'"estimates": \{', '"estimates": {"H1.estimate": -0.9,')
    with pytest.raises(DataError, match=r"'H1.estimate' stands twice"):
        said(folder, anew)


def test_a_p_value_changed_near_zero_is_found(folder, anew):
    path = folder / "results.json"
    p = json.loads(path.read_text(encoding="utf-8"))["estimates"]["H9.p_value"]
    assert p < 1e-12
    forge(path, r'("H9\.p_value": )[^,]*', r"\g<1>9e-11")
    assert any(line.startswith("results.json, H9.p_value") for line in said(folder, anew))


def test_files_that_were_not_checked_are_named(attitude, tmp_path):
    folder = Path(shutil.copytree(attitude, tmp_path / "more"))
    (folder / "report.final.html").write_text("<p>0.99</p>", encoding="utf-8")
    (folder / "report.html").unlink()
    notes = verify(folder, PUBLISHED / "attitude.csv", study=STUDY).notes
    assert any("report.final.html" in note for note in notes)
    assert any(note.startswith("not there") and "report.html" in note for note in notes)


@pytest.mark.parametrize("file", ["tables.xlsx", "receipt.json", "published.csv"])
def test_a_file_that_is_gone_is_found(folder, anew, file):
    (folder / file).unlink()
    assert said(folder, anew) == [f"{file}: says no such file; expected one"]


def test_other_versions_are_no_forgery_and_a_forged_version_is(folder, anew):
    """Versions in results.json and at the foot of the page must agree."""
    path = folder / "results.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    old = found["coaching_stats"]
    found["coaching_stats"] = "0.0.9"
    path.write_text(json.dumps(found), encoding="utf-8")
    assert any("0.0.9" in line for line in said(folder, anew))
    for page in ("report.html", "report.fi.html"):
        forge(folder / page, rf"coaching_stats {re.escape(old)}", "coaching_stats 0.0.9")
    assert said(folder, anew) == []


def test_verify_makes_a_run_anew_from_its_data(attitude, command):
    code, out, err = command(attitude, PUBLISHED / "attitude.csv", "--study", STUDY)
    assert (code, err) == (0, "")
    assert out.startswith("checked, nothing differs: results.json, report.html, report.fi.html")


def test_a_forged_folder_exits_1_and_says_where(attitude, command, tmp_path):
    folder = shutil.copytree(attitude, tmp_path / "forged")
    forge(folder / "report.fi.html", r'(A1\.estimate">)−?0,\d\d', r"\g<1>0,88")
    code, out, err = command(folder, PUBLISHED / "attitude.csv", "--study", STUDY)
    assert (code, err) == (1, "")
    assert "report.fi.html, A1.estimate: says 0,88" in out
    assert "What to do" in out


def test_other_data_exit_2(attitude, command, tmp_path):
    lines = (PUBLISHED / "attitude.csv").read_text(encoding="utf-8").splitlines()
    other = tmp_path / "attitude.csv"
    other.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    code, out, err = command(attitude, other, "--study", STUDY)
    assert (code, out) == (2, "")
    assert "attitude.csv" in err
    assert "SHA-256" in err
    assert len(err.splitlines()) == 1


def test_without_data_the_run_says_from_which_it_was_made(attitude, command):
    code, out, err = command(attitude)
    assert (code, out) == (2, "")
    assert "this run was made from 'attitude.csv'" in err
    assert "verify FOLDER attitude.csv --mapping YOUR_MAPPING" in err


def test_the_same_data_under_another_name_are_the_same_data(attitude, tmp_path):
    other = Path(shutil.copy(PUBLISHED / "attitude.csv", tmp_path / "renamed.csv"))
    found = verify(attitude, other, study=STUDY)
    assert found.tidy().empty
    assert found.checked[0] == "results.json"


def test_another_study_is_found(attitude, command, tmp_path):
    other = tmp_path / "study.yml"
    text = STUDY.read_text(encoding="utf-8")
    other.write_text(re.sub(r"sesoi: [\d.]+", "sesoi: 0.01", text), encoding="utf-8")
    code, out, _ = command(attitude, PUBLISHED / "attitude.csv", "--study", other)
    assert code == 1
    assert "results.json, study: says SHA-256" in out


def test_a_folder_without_a_run_exits_2(command, tmp_path):
    code, out, err = command(tmp_path, PUBLISHED / "attitude.csv", "--study", STUDY)
    assert (code, out) == (2, "")
    assert "results.json" in err


@pytest.mark.parametrize("name", ["report.html", "report.fi.html"])
def test_the_interval_and_estimate_of_every_open_row_carry_their_addresses(anew, name, theory_run):
    pieces = pieces_of((anew / name).read_text(encoding="utf-8"))
    addresses = {piece.address for piece in pieces if piece.address}
    for verdict in theory_run.verdicts.judged:
        wanted = {f"{verdict.hypothesis.id}.{key}" for key in ("estimate", "conf_low", "conf_high")}
        assert not verdict.legs or wanted <= addresses


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("−0,42", "fi", (-0.42, 2)),
        ("-0,42", "fi", None),
        ("−0.42", "fi", None),
        ("−0.42", "en", (-0.42, 2)),
        ("1,111", "en", None),
        ("134", "fi", (134.0, 0)),
        ("–", "en", None),
    ],
)
def test_numbers_are_read_as_their_language_prints_them(text, language, value):
    assert printed_number(text, language) == value


@pytest.mark.parametrize(
    ("text", "value", "is_printed"),
    [
        ("0.38", 0.375, True),
        ("0.37", 0.375, True),
        ("0.37", 0.3751, False),
        ("–", None, True),
        ("0.00", None, False),
        ("–", 0.0, False),
        ("−0.42", 0.415307, False),
    ],
)
def test_a_page_prints_a_number_rounded(text, value, is_printed):
    assert prints(text, value, "en") is is_printed


def test_drawings_may_differ_in_the_last_digits_only():
    assert same_drawing('<path d="M 1.123456 2"/>', '<path d="M 1.123457 2"/>')
    assert not same_drawing('<path d="M 1.1 2"/>', '<path d="M 1.2 2"/>')
    assert not same_drawing('<path d="M 1.1 2"/>', '<path d="L 1.1 2"/>')


def test_a_drawing_in_the_page_itself_is_compared_by_its_numbers():
    page = '<svg><path id="m0123456789" d="M 1.0001 2"/></svg>'
    for other, same in (
        (page.replace("0123456789", "abcdef0123"), True),
        (page.replace("1.0001", "1.0002"), True),
        (page.replace("1.0001", "1.1001"), False),
        (page.replace("M", "L"), False),
    ):
        pairs = list(zip(pieces_of(page), pieces_of(other), strict=True))
        assert all(one.key == two.key for one, two in pairs)
        assert all(same_drawing(one.figure, two.figure) for one, two in pairs) is same
