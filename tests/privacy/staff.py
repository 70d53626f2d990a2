"""Invented people at work: nobody of these exists, and every value can be looked for."""

from functools import cache

import numpy as np
import pandas as pd
from faker import Faker

PERSONAL = {
    "mail": "email",
    "handset": "phone",
    "account": "iban",
    "insured": "national_id",
    "who": "person_name",
    "surname": "person_name",
}
"""Columns that hold data of persons, none named so that its name alone would tell much."""


def model(**dimensions):
    """Return a model that a person confirmed, with every column as a dimension."""
    every = {name: dimensions.get(name, {}) for name in (*PERSONAL, "site")}
    return {
        "dataset": {"name": "staff", "label": "Staff"},
        "time": {"column": "day", "complete_through": "2025-12-31"},
        "dimensions": every,
        "metrics": {
            "shifts": {"label": "Shifts", "agg": "count", "unit": "count"},
            "pay": {"label": "Pay", "agg": "sum", "column": "pay"},
        },
    }


@cache
def staff():
    """Return a year of shifts of forty people, each with twenty or so."""
    Faker.seed(5)
    fake = Faker(["en_US", "de_DE", "fr_FR"])
    spain = Faker("es_ES")
    people = [
        (
            fake.unique.email(),
            fake.phone_number(),
            fake.iban(),
            spain.unique.nif(),
            fake.name(),
            fake.last_name(),
        )
        for _ in range(40)
    ]
    noise = np.random.default_rng(1)
    rows = [
        (day, *people[k], ("North", "South", "West")[k % 3], float(noise.gamma(20, 100)))
        for day in pd.date_range("2025-01-01", "2025-12-31")
        for k in noise.integers(0, len(people), 3)
    ]
    return pd.DataFrame(rows, columns=["day", *PERSONAL, "site", "pay"])
