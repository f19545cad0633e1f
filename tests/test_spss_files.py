"""SPSS files: codes kept, labels kept, values declared missing are empty."""

import datetime

import pandas as pd
import pyreadstat
import pytest

from coaching_stats.errors import DataError
from coaching_stats.exports import read_records
from coaching_stats.survey import read_survey


def written(tmp_path):
    frame = pd.DataFrame(
        {
            "vastaaja": ["001", "002", "003"],
            "team": ["007", "no", "1E5"],
            "S_SPR1": [7.0, 99.0, 4.0],
            "S_SPR2": [1.0, 2.0, -1.0],
            "kesto": [600.5, 700.0, None],
        }
    )
    path = tmp_path / "vastaukset.sav"
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels={"S_SPR1": "Samoin vaihein"},
        variable_value_labels={"S_SPR1": {1: "Täysin eri mieltä", 7: "Täysin samaa mieltä"}},
        missing_ranges={"S_SPR1": [99], "S_SPR2": [{"lo": -9, "hi": -1}]},
    )
    return path


def test_codes_and_labels_are_kept_and_user_missing_is_empty(tmp_path):
    raw = read_records(written(tmp_path))
    assert raw.records == [
        (0, ["vastaaja", "team", "S_SPR1", "S_SPR2", "kesto"]),
        (1, ["001", "007", "7", "1", "600.5"]),
        (2, ["002", "no", "", "2", "700"]),
        (3, ["003", "1E5", "4", "", ""]),
    ]
    assert raw.value_labels["S_SPR1"]["7"] == "Täysin samaa mieltä"
    assert raw.questions["S_SPR1"] == "Samoin vaihein"
    assert [(p["column"], p["severity"]) for p in raw.problems] == [
        ("S_SPR1", "info"),
        ("S_SPR2", "info"),
    ]


def test_an_spss_file_becomes_answers(tmp_path):
    survey = read_survey(written(tmp_path))
    assert survey.receipt.tool == "SPSS"
    assert survey.answers["respondent"].tolist() == ["001", "002", "003"]
    assert survey.answers["team"].tolist() == ["007", "no", "1E5"]
    assert survey.answers.index.tolist() == [1, 2, 3]
    assert survey.answers["S_SPR1"].isna().tolist() == [False, True, False]
    assert survey.value_labels["S_SPR1"]["1"] == "Täysin eri mieltä"
    assert survey.questions["S_SPR1"] == "Samoin vaihein"


def test_dates_and_texts_declared_missing_in_a_packed_file(tmp_path):
    frame = pd.DataFrame(
        {
            "id": ["001", "-", "0010"],
            "day": [datetime.date(2015, 6, 8), None, datetime.date(2015, 12, 1)],
            "ended": pd.to_datetime(["2015-06-08 12:30", "2015-06-09 00:00", None]),
            "x": [1.0, 97.0, 0.1],
        }
    )
    ranges = {"id": ["-"], "x": [{"lo": 90, "hi": 99}]}
    path = tmp_path / "a.zsav"
    pyreadstat.write_sav(frame, str(path), compress=True, missing_ranges=ranges)
    raw = read_records(path)
    assert raw.records[1:] == [
        (1, ["001", "2015-06-08", "2015-06-08T12:30:00", "1"]),
        (2, ["", "", "2015-06-09T00:00:00", ""]),
        (3, ["0010", "2015-12-01", "", "0.1"]),
    ]
    assert [p["column"] for p in raw.problems] == ["id", "x"]


def test_an_encoding_that_is_said_is_used(tmp_path):
    path = written(tmp_path)
    raw = read_records(path, encoding="cp1252")
    assert raw.value_labels["S_SPR1"]["7"] == "Täysin samaa mieltä".encode().decode("cp1252")
    assert raw.evidence[-1] == "encoding cp1252: said in the mapping"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_damaged_file_is_refused(tmp_path, share):
    path = written(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DataError, match=r"vastaukset\.sav cannot be read as an SPSS file"):
        read_records(path)
