import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import mirrorbi

LIES = Path(__file__).parent / "lies"
FLIGHTS = Path(__file__).parents[2] / "notebooks" / "data" / "flights.parquet"

MODEL = {
    "dataset": {"name": "sales", "label": "Sales"},
    "time": {"column": "day", "complete_through": "2023-12-31"},
    "dimensions": {"region": {"label": "Region"}, "product": {"label": "Product"}},
    "metrics": {
        "revenue": {
            "label": "Revenue",
            "agg": "sum",
            "column": "revenue",
            "unit": "currency:EUR",
            "better": "up",
        },
        "orders": {"label": "Orders", "agg": "count", "unit": "count", "better": "up"},
        "returns": {"label": "Returns", "agg": "count", "filter": "returned", "hidden": True},
        "return_rate": {
            "label": "Return rate",
            "type": "ratio",
            "numerator": "returns",
            "denominator": "orders",
            "unit": "percent",
            "better": "down",
        },
    },
}


def sales(months=36, jump=1.6):
    """Three years of orders that grow and swing, with a jump in the north at the end."""
    noise = np.random.default_rng(1)
    rows = []
    for i, month in enumerate(pd.date_range("2021-01-01", periods=months, freq="MS")):
        for region, weight in (
            ("North <b>", 1.0),
            ("South", 0.6),
            ("East", 0.3),
            ("W\u202eest", 0.2),
        ):
            for k in range(12):
                amount = 1000 * weight * (1 + 0.01 * i + 0.1 * np.sin(i / 2)) + noise.normal(0, 60)
                if i == months - 1 and region == "North <b>":
                    amount *= jump
                day = month + pd.Timedelta(days=2 * k)
                returned = bool(noise.random() < 0.1)
                rows.append((day, region, "A" if k % 3 else "B", round(amount, 2), returned))
    return pd.DataFrame(rows, columns=["day", "region", "product", "revenue", "returned"])


@pytest.fixture(scope="session")
def flights():
    """The demo data, opened once."""
    return mirrorbi.open(FLIGHTS)


@pytest.fixture(scope="session")
def flight_facts(flights):
    """The facts of the demo data."""
    return flights.facts()


@pytest.fixture(scope="session")
def shop():
    """A data set with money, names that are markup, and a jump."""
    return mirrorbi.open(sales(), MODEL)


@pytest.fixture(scope="session")
def shop_facts(shop):
    """Its facts."""
    return shop.facts()


@pytest.fixture(scope="session")
def lies():
    """The modules of the corpus: ``lies.corpus``, ``lies.mutations`` and ``lies.scribe``."""
    found = {}
    for name in ("corpus", "mutations", "scribe"):
        spec = importlib.util.spec_from_file_location(f"lies_{name}", LIES / f"{name}.py")
        found[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found[name])
    return SimpleNamespace(**found)


@pytest.fixture(scope="session")
def corpus(lies):
    """Facts of the flights by short name, the honest sentences, and the names of the data."""
    from mirrorbi.narrative.writer.name_lint import Names

    dataset, known = lies.corpus.sweeps()
    facts = lies.corpus.facts_by_name(known, dataset)
    by_id = {fact.id: fact for fact in facts.values()}
    return SimpleNamespace(
        facts=facts,
        by_id=by_id,
        honest=lies.corpus.honest(facts),
        names=Names.of(dataset, by_id.values()),
    )


@pytest.fixture(scope="session")
def make_sales():
    """The function that makes the frame of `shop`."""
    return sales


@pytest.fixture(scope="session")
def shop_model():
    """The model of `shop`, as a mapping."""
    return MODEL
