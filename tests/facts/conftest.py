"""A shop of fourteen and a half months: the data that the tests of sweeps look at."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mirrorbi
from mirrorbi.facts import find_facts

MODEL = {
    "dataset": {"name": "shop", "label": "The shop", "grain": ["order"]},
    "time": {"column": "day"},
    "dimensions": {
        "region": {"label": "Region"},
        "product": {"label": "Product"},
        "clerk": {"privacy": "personal"},
    },
    "metrics": {
        "orders": {"agg": "count", "label": "Orders", "better": "up"},
        "paid_orders": {"agg": "count", "filter": "paid", "hidden": True},
        "paid_rate": {
            "type": "ratio",
            "numerator": "paid_orders",
            "denominator": "orders",
            "unit": "percent",
            "label": "Paid rate",
            "better": "up",
        },
        "revenue": {"agg": "sum", "column": "amount", "unit": "currency:EUR"},
        "cost": {"agg": "sum", "column": "cost", "unit": "currency:EUR", "hidden": True},
        "profit": {"type": "derived", "expression": "revenue - cost", "unit": "currency:EUR"},
        "per_order": {"type": "ratio", "numerator": "revenue", "denominator": "orders"},
        "basket": {"agg": "avg", "column": "amount", "unit": "currency:EUR"},
        "middle": {"agg": "median", "column": "amount", "unit": "currency:EUR"},
        "clerks": {"agg": "count_distinct", "column": "clerk"},
    },
}


def shop(rows: int = 12000, seed: int = 1) -> pd.DataFrame:
    """Return orders from January 2023 to the middle of March 2024.

    Region "West" opens in February 2024, "Islands" closes in January 2024, some regions
    are unknown, and "Product 99" is nearly never sold.
    """
    rng = np.random.default_rng(seed)
    days = np.datetime64("2023-01-01") + rng.integers(0, 440, rows)
    february = days >= np.datetime64("2024-02-01")
    region = rng.choice(["North", "South", "East", "Islands"], rows, p=[0.5, 0.3, 0.15, 0.05])
    region = np.where(february & (rng.random(rows) < 0.2), "West", region)
    region = np.where(february & (region == "Islands"), "North", region).astype(object)
    region[rng.random(rows) < 0.02] = None
    amount = np.round(rng.gamma(2.0, 20.0, rows), 2)
    return pd.DataFrame(
        {
            "order": np.arange(rows),
            "day": days.astype("datetime64[us]"),
            "region": region,
            "product": [f"Product {n:02d}" for n in np.minimum(rng.geometric(0.06, rows), 99)],
            "clerk": rng.choice([f"clerk {n}" for n in range(20)], rows),
            "paid": rng.random(rows) < np.where(february, 0.7, 0.85),
            "amount": amount,
            "cost": np.round(amount * rng.uniform(0.5, 1.5, rows), 2),
        }
    )


@pytest.fixture(scope="session")
def shop_model():
    return MODEL


@pytest.fixture(scope="session")
def shop_frame():
    return shop()


@pytest.fixture(scope="session")
def shop_data(shop_frame):
    return mirrorbi.open(shop_frame, model=MODEL)


@pytest.fixture(scope="session")
def shop_facts(shop_data):
    return find_facts(shop_data)
