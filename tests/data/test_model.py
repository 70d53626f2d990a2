"""The shape of a model: what is filled in, and what is refused."""

import pytest
from pydantic import ValidationError

from mirrorbi.data.model.semantic_model import (
    DerivedMetric,
    Model,
    Privacy,
    RatioMetric,
    SimpleMetric,
)

ROWS = {"rows": {"agg": "count"}}


def test_names_and_columns_come_from_keys():
    model = Model.model_validate(
        {"dimensions": {"city": None, "origin": {"column": "from"}}, "metrics": ROWS}
    )
    assert [(d.name, d.column) for d in model.dimensions.values()] == [
        ("city", "city"),
        ("origin", "from"),
    ]
    assert model.metrics["rows"].name == "rows"


def test_the_type_of_a_metric_is_told_by_its_keys():
    model = Model.model_validate(
        {
            "metrics": {
                **ROWS,
                "rate": {"numerator": "rows", "denominator": "rows"},
                "twice": {"expression": "2 * rows"},
            }
        }
    )
    assert [type(metric) for metric in model.metrics.values()] == [
        SimpleMetric,
        RatioMetric,
        DerivedMetric,
    ]


def test_parts_may_be_objects_and_get_the_name_of_their_key():
    metric = SimpleMetric(agg="sum", column="amount", hidden=True)
    model = Model(metrics={"revenue": metric})
    assert model.metrics["revenue"].name == "revenue"
    assert model.metrics["revenue"].hidden


def test_a_model_survives_a_round_trip_through_plain_values():
    model = Model.model_validate(
        {
            "time": {"column": "day", "complete_through": "2013-12-31"},
            "dimensions": {"city": {"privacy": "personal"}},
            "metrics": {
                "stock": {
                    "agg": "sum",
                    "column": "s",
                    "additivity": {"non_additive": {"take": "first"}},
                }
            },
            "privacy": {"columns": {"mail": "blocked"}},
        }
    )
    assert Model.model_validate(model.model_dump()) == model
    assert Model.model_validate_json(model.model_dump_json()) == model
    assert model.metrics["stock"].non_additive.take == "first"
    assert model.classes["mail"] is Privacy.BLOCKED


def test_lines_of_the_file_do_not_make_a_model_different():
    model = Model.model_validate({"metrics": ROWS})
    located = model.with_lines({("metrics",): 3})
    assert located == model
    assert located.lines == {("metrics",): 3}
    assert model.lines == {}
    assert model != Model.model_validate({"metrics": ROWS, "draft": True})


@pytest.mark.parametrize(
    ("agg", "mergeable"),
    [
        ("sum", True),
        ("count", True),
        ("avg", True),
        ("max", True),
        ("median", False),
        ("count_distinct", False),
    ],
)
def test_all_but_medians_and_distinct_counts_merge(agg, mergeable):
    assert SimpleMetric(agg=agg, column="x").agg.mergeable == mergeable


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"metrics": {}},
        {"metrics": ROWS, "extra": 1},
        {"metrics": {"total": {"agg": "sum"}}},
        {"metrics": ROWS, "time": {"column": "d", "timezone": "Mars/Olympus"}},
        {"metrics": ROWS, "time": {"column": "d", "fiscal_year_start": 13}},
        {"metrics": {"rows": {"agg": "count", "unit": "currency:usd"}}},
        {"metrics": {"rows": {"agg": "count", "unit": "a\nb"}}},
        {"metrics": {"rows": {"agg": "count", "decimals": -1}}},
    ],
)
def test_what_is_no_model_is_refused(values):
    with pytest.raises(ValidationError):
        Model.model_validate(values)
