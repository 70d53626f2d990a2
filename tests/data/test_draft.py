"""Drafts: what is guessed from names and values, and that any table gives a model that works."""

import datetime as dt
import itertools

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mirrorbi.data.engine.embedded import connect
from mirrorbi.data.engine.profile import profile
from mirrorbi.data.model.column_names import (
    aggregation_of,
    is_identifier,
    is_person,
    privacy_of,
    time_rank,
    unit_of,
)
from mirrorbi.data.model.draft import MAX_DIMENSIONS, MAX_METRICS, Draft, draft_model
from mirrorbi.data.model.draft_yaml import scalar, to_yaml
from mirrorbi.data.model.grammar import quoted
from mirrorbi.data.model.model_file import check_model, parse_model
from mirrorbi.data.model.naming import label, slug
from mirrorbi.data.model.semantic_model import Aggregation, Privacy, RatioMetric, SimpleMetric

ROWS = 400
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def connection():
    return connect()


def opened(connection, columns, schema=None):
    """Return the columns as a table of the engine."""
    if schema is None:
        read = pa.Table.from_pandas(pd.DataFrame(columns), preserve_index=False)
    else:
        types = ibis.schema(schema).to_pyarrow()
        read = pa.table({n: pa.array(v, types.field(n).type) for n, v in columns.items()})
    return connection.create_table(f"t{next(NUMBERS)}", ibis.memtable(read), temp=True)


def drafted(connection, columns, name="sales", schema=None):
    """Draft a model, and check that it works and survives its file."""
    table = opened(connection, columns, schema)
    draft = draft_model(table, profile(table), name)
    check_model(draft.model, dict(table.schema().items()), "draft")
    assert parse_model(to_yaml(draft), "draft.yaml") == draft.model
    return draft


def cycle(values, rows=ROWS):
    return [values[i % len(values)] for i in range(rows)]


@pytest.fixture(scope="module")
def orders(connection):
    start = dt.date(2024, 1, 1)
    return drafted(
        connection,
        {
            "order_id": range(1, ROWS + 1),
            "customer_id": cycle(range(60)),
            "E-Mail": [f"p{i}@example.org" for i in range(ROWS)],
            "Vorname": cycle(["Ana", "Bo"]),
            "iban": [f"DE{i:020}" for i in range(ROWS)],
            "birth_date": [dt.date(1980, 1, 1 + i % 28) for i in range(ROWS)],
            "ordered": [start + dt.timedelta(days=i // 4) for i in range(ROWS)],
            "updated_at": [start + dt.timedelta(days=i // 3) for i in range(ROWS)],
            "country": cycle(["DE", "FR", "IT", None]),
            "country name": cycle(["Germany", "France", "Italy", None]),
            "channel": cycle(["web", "shop", "phone order", "web"]),
            "stars": cycle([1, 2, 3, 4, 5]),
            "note": [f"text {i * 7 % 390}" for i in range(ROWS)],
            "Net amount (EUR)": [1.5 + i for i in range(ROWS)],
            "qty": cycle([1, 2, 3]),
            "unit_price": [2.5 + i % 90 for i in range(ROWS)],
            "discount_pct": cycle([0.0, 0.1, 0.25]),
            "shipping_minutes": cycle(list(range(70))),
            "x7": [float(i) for i in range(ROWS)],
            "returned": cycle([True, False, False]),
            "gift": cycle([0, 1]),
            "const": ["same"] * ROWS,
            "nothing": pd.Series([None] * ROWS, dtype="float64"),
        },
    )


def test_the_time_is_chosen_by_its_name(orders):
    assert orders.model.time.column == "ordered"
    assert "another column is the time" in orders.reasons["columns.updated_at"]


def test_dimensions_have_few_members(orders):
    columns = [part.column for part in orders.model.dimensions.values()]
    assert columns == ["country name", "channel", "stars"]
    assert orders.reasons["columns.country"] == "says the same as country name, shorter"
    assert "hardly repeats" in orders.reasons["columns.note"]
    assert "same value" in orders.reasons["columns.const"]
    assert "no values" in orders.reasons["columns.nothing"]


@pytest.mark.parametrize(
    ("name", "agg", "unit", "text"),
    [
        ("net_amount_eur", "sum", "currency:EUR", "Net amount (EUR)"),
        ("qty", "sum", "", "Qty"),
        ("unit_price", "avg", "", "Average unit price"),
        ("discount_pct", "avg", "percent", "Average discount pct"),
        ("shipping_minutes", "sum", "minutes", "Shipping minutes"),
    ],
)
def test_measures_are_added_or_averaged_by_their_names(orders, name, agg, unit, text):
    metric = orders.model.metrics[name]
    assert (metric.agg, metric.unit, metric.label, metric.hidden) == (agg, unit, text, False)
    assert "by its name" in orders.reasons[f"metrics.{name}"]


def test_a_measure_whose_name_says_nothing_is_hidden_beside_others(orders, connection):
    assert orders.model.metrics["x7"].hidden
    alone = drafted(connection, {"x7": [1.5, 2.5, 4.0], "y7": [1.0, 3.0, 9.0]})
    assert [metric.hidden for metric in alone.model.metrics.values()] == [False] * 3


def test_true_and_false_make_a_share(orders):
    metrics = orders.model.metrics
    share = metrics["returned_share"]
    assert isinstance(metrics["gift_share"], RatioMetric)
    assert (share.numerator, share.denominator, share.unit) == ("returned_rows", "rows", "percent")
    assert metrics["returned_rows"].filter == "returned"
    assert metrics["gift_rows"].filter == "gift == 1"
    assert metrics["gift_rows"].hidden


def test_a_share_with_gaps_is_over_rows_that_are_known(connection):
    draft = drafted(connection, {"ok": pd.array([True, None, False], dtype="boolean")})
    assert draft.model.metrics["ok_share"].denominator == "ok_known"
    assert draft.model.metrics["ok_known"].column == "ok"


def test_persons_are_neither_dimension_nor_metric_nor_time(orders):
    model = orders.model
    assert model.classes == {
        "E-Mail": Privacy.PERSONAL,
        "Vorname": Privacy.PERSONAL,
        "iban": Privacy.BLOCKED,
        "birth_date": Privacy.PERSONAL,
    }
    used = {part.column for part in model.dimensions.values()} | {model.time.column}
    used |= {m.column for m in model.metrics.values() if isinstance(m, SimpleMetric)}
    assert not used & set(model.classes)


def test_a_column_of_many_clients_is_counted_not_grouped_by(connection):
    many = drafted(connection, {"Kunde": cycle([f"K{i}" for i in range(60)]), "Ort": cycle("ab")})
    assert many.model.dataset.entity == "Kunde"
    assert many.model.classes == {"Kunde": Privacy.PERSONAL}
    assert list(many.model.dimensions) == ["ort"]
    segments = cycle([f"S{i}" for i in range(60)])
    few = drafted(connection, {"client": cycle(["A", "B", "C"]), "customer segment": segments})
    assert list(few.model.dimensions) == ["client", "customer_segment"]
    assert few.model.classes == {}


def test_who_is_counted_and_what_names_a_row(orders):
    assert orders.model.dataset.entity == "customer_id"
    assert orders.model.dataset.grain == ("order_id",)


def test_a_name_of_a_row_is_checked_exactly(connection):
    ids = list(range(ROWS))
    ids[7] = ids[8]
    assert drafted(connection, {"order_id": ids}).model.dataset.grain == ()


def test_time_and_a_dimension_may_name_a_row(connection):
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=i // 4) for i in range(ROWS)]
    draft = drafted(connection, {"day": days, "shop": cycle("abcd"), "sales": cycle([1.0, 2.0])})
    assert draft.model.dataset.grain == ("day", "shop")


def test_dates_kept_as_text_are_pointed_out(connection):
    days = [f"2024-01-{1 + i % 28:02}" for i in range(ROWS)]
    draft = drafted(connection, {"day": days, "shop": cycle("abcd")})
    assert draft.model.time is None
    assert "dates as text" in draft.reasons["columns.day"]
    assert list(draft.model.dimensions) == ["shop"]


def test_parts_of_a_date_are_dimensions_only_where_they_say_more(connection):
    days = [dt.date(2023, 12, 1) + dt.timedelta(days=i // 2) for i in range(ROWS)]
    columns = {"month": [d.month for d in days], "hour": cycle(range(24)), "sales": cycle([1, 2])}
    assert list(drafted(connection, columns).model.dimensions) == ["month", "hour"]
    assert list(drafted(connection, {**columns, "day": days}).model.dimensions) == ["hour"]


def test_a_small_table_keeps_its_text_as_dimensions(connection):
    draft = drafted(connection, {"city": ["Rome", "Oslo", "Bern"], "sales": [3.0, 4.0, 5.0]})
    assert list(draft.model.dimensions) == ["city"]
    assert list(draft.model.metrics) == ["rows", "sales"]


def test_a_draft_of_many_columns_stays_small_and_says_what_it_left_out(connection):
    wide = {f"amount {i}": [1.0, 2.0 + i] for i in range(90)}
    wide |= {f"city {i}": ["a", "b"] for i in range(90)}
    draft = drafted(connection, wide)
    assert len(draft.model.metrics) == MAX_METRICS
    assert len(draft.model.dimensions) == MAX_DIMENSIONS
    left = [key for key in draft.reasons if key.startswith("columns.")]
    assert len(left) == 180 - MAX_DIMENSIONS - (MAX_METRICS - 1)


@pytest.mark.parametrize("rows", [0, 1])
def test_tables_of_no_or_one_row_give_a_model(connection, rows):
    columns = {"city": ["Rome"][:rows], "sales": [1.0][:rows], "day": [dt.date(2024, 1, 1)][:rows]}
    schema = {"city": "string", "sales": "float64", "day": "date"}
    draft = drafted(connection, columns, schema=schema)
    assert draft.model.metrics["rows"].agg is Aggregation.COUNT
    assert draft.model.draft


def test_every_guess_is_commented(orders):
    text = to_yaml(orders)
    lines = text.split("\n")
    assert "draft: true" in lines
    for name in [*orders.model.dimensions, "net_amount_eur", "returned_share"]:
        assert lines[lines.index(f"  {scalar(name)}:") + 1].startswith("    # ")
    for key, why in orders.reasons.items():
        assert why.split(";")[0].split(",")[0].lower()[:30] in text.lower(), key
    assert all(len(line) <= 100 for line in lines)


def test_confirmed_is_a_draft_without_its_first_line(orders):
    text = to_yaml(orders).replace("draft: true\n", "")
    assert parse_model(text) == orders.model.model_copy(update={"draft": False})


def test_numbers_of_joined_german_words_are_identifiers(connection):
    columns = {"Kundennr": cycle([f"K{i}" for i in range(30)]), "Ort": cycle(["Ulm", "Hof"])}
    draft = drafted(connection, {**columns, "Umsatz": cycle([1.5, 2.5, 3.5])})
    assert list(draft.model.dimensions) == ["ort"]
    assert draft.model.dataset.entity == "Kundennr"


def test_a_column_that_nearly_names_a_row_is_pointed_out(connection):
    ids = [*range(ROWS - 2), 0, 1]
    draft = drafted(connection, {"order_id": ids, "sales": cycle([1.5, 2.5])})
    assert draft.model.dataset.grain == ()
    assert "order_id nearly does: 2 rows repeat" in " ".join(to_yaml(draft).split()).replace(
        "# ", ""
    )


def test_waiting_times_are_averaged(connection):
    draft = drafted(connection, {"first_response_hours": cycle([1.5, 20.5, 3.25])})
    metric = draft.model.metrics["first_response_hours"]
    assert (metric.agg, metric.unit) == (Aggregation.AVG, "hours")


HOSTILE = [
    "<script>alert(1)</script>",
    "a: b",
    "# note",
    "- item",
    "quote\"s and 'these'",
    "line\nbreak",
    "tab\there",
    "back\\slash",
    "`tick`",
    "{{fact.value}}",
    "*bold* [link](http://x.y)",
    "=1+1",
    "null",
    "no",
    " ",
    "\u2028\u202e\x7f\x85",
    "売上",
    "😀 x",
    "class",
    "rows",
    "period",
    "x" * 3000,
]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("string", ["a", "b", "a"]),
        ("float64", [1.5, 2.5, 9.0]),
        ("boolean", [True, False, None]),
        ("date", [dt.date(2024, 1, day) for day in (1, 2, 3)]),
    ],
)
def test_hostile_names_stay_text(connection, kind, values):
    columns, schema = dict.fromkeys(HOSTILE, values), dict.fromkeys(HOSTILE, kind)
    draft = drafted(connection, columns, "x: #y\n<b>", schema)
    assert all(line.isprintable() for line in to_yaml(draft).split("\n"))
    told = {key.removeprefix("columns.") for key in draft.reasons}
    used = {part.column for part in draft.model.dimensions.values()}
    used |= {getattr(m, "column", None) for m in draft.model.metrics.values()}
    used |= {getattr(m, "filter", None) for m in draft.model.metrics.values()}
    used |= {draft.model.time.column} if draft.model.time else set()
    assert not [n for n in HOSTILE if n not in told and not {n, quoted(n)} & used]


def test_hostile_names_stay_text_in_comments(connection):
    names = {"a\u2028b": cycle(["x", "y"]), "long\x85name\n- {}": cycle(["xx", "yy"])}
    draft = drafted(connection, names)
    assert "columns.a\u2028b" in draft.reasons
    assert all(line.isprintable() for line in to_yaml(draft).split("\n"))


@settings(max_examples=200)
@given(st.text(max_size=30))
def test_any_text_is_a_yaml_value(text):
    model = parse_model(
        f"dataset: {{name: x, label: {scalar(text)}}}\nmetrics: {{rows: {{agg: count}}}}"
    )
    assert model.dataset.label == text


@settings(max_examples=300)
@given(st.text(max_size=30))
@example("ℕ")
@example("൦")
@example("2" * 70)
@example("〇" * 70)
def test_any_column_has_a_usable_name_and_label(text):
    name = slug(text, "column")
    assert name.isidentifier()
    assert name == slug(name, "column")
    assert label(text).strip()
    assert label(text).isprintable()


CELLS = {
    "int64": st.none() | st.integers(-3, 3) | st.integers(-(2**62), 2**62),
    "float64": st.none() | st.floats(),
    "string": st.none() | st.text(alphabet="ab'\"\\ü\n", max_size=4) | st.just("2024-01-05"),
    "boolean": st.none() | st.booleans(),
    "date": st.none() | st.dates(dt.date(1700, 1, 1), dt.date(2200, 1, 1)),
    "timestamp": st.none() | st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)),
    "decimal(10, 2)": st.none() | st.decimals(-999, 999, places=2),
    "time": st.none() | st.times(),
    "array<int64>": st.none() | st.lists(st.integers(0, 3), max_size=2),
}
WORDS = st.sampled_from(
    [
        "amount",
        "id",
        "customer id",
        "e-mail",
        "price",
        "date",
        "year",
        "n",
        "a: b",
        "`",
        "ok?",
        "rate",
    ]
)


@st.composite
def tables(draw):
    names = draw(st.lists(WORDS, min_size=1, max_size=6, unique=True))
    schema = {name: draw(st.sampled_from(sorted(CELLS))) for name in names}
    rows = draw(st.integers(0, 6))
    columns = {
        name: draw(st.lists(CELLS[kind], min_size=rows, max_size=rows))
        for name, kind in schema.items()
    }
    return schema, columns, draw(st.sampled_from([1, 30]))


@settings(max_examples=50)
@given(tables())
def test_any_table_gives_a_model_that_works(connection, drawn):
    schema, columns, times = drawn
    columns = {name: values * times for name, values in columns.items()}
    draft = drafted(connection, columns, schema=schema)
    assert isinstance(draft, Draft)
    assert draft.model.metrics["rows"].agg is Aggregation.COUNT


# -- what names say ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("email", "E-Mail", "customerEmail", "phone", "tel_no", "Handynummer Telefon", "mobile"),
        *("first_name", "LastName", "customer name", "Kundenname", "prénom", "apellidos"),
        *("address", "Straße", "direccion", "date_of_birth", "Geburtsdatum", "naissance", "dob"),
        *("zip", "PLZ", "ip_address", "username", "nom client"),
    ],
)
def test_names_of_persons_are_personal(name):
    assert privacy_of(name) is Privacy.PERSONAL


@pytest.mark.parametrize(
    "name",
    [*("IBAN", "ssn", "passport no", "Kontonummer", "credit_card", "password", "api_key", "DNI"),
     *("Sozialversicherungsnummer", "tax_id", "numéro de sécurité sociale", "Contraseña")],
)  # fmt: skip
def test_secrets_and_official_numbers_are_blocked(name):
    assert privacy_of(name) is Privacy.BLOCKED


@pytest.mark.parametrize(
    "name",
    [*("city", "airline_name", "product name", "email_opened", "phone_type", "customer_id"),
     *("amount", "tax", "country", "Umsatz", "shipping", "description", "tailnum")],
)  # fmt: skip
def test_names_of_things_are_safe(name):
    assert privacy_of(name, repeats=False) is Privacy.SAFE


def test_a_bare_name_is_personal_where_nearly_every_row_has_another():
    assert privacy_of("name", repeats=True) is Privacy.SAFE
    assert privacy_of("name", repeats=False) is Privacy.PERSONAL


@pytest.mark.parametrize(
    ("agg", "names"),
    [
        ("sum", ["amount", "Qty", "netRevenue", "Umsatz", "Anzahl", "num_items", "montant",
                 "cantidad", "total minutes", "price total eur"[12:] + " amount", "Nettobetrag"]),
        ("avg", ["price", "unit_price", "age", "temp", "conversion rate", "Preis", "taux",
                 "discount %", "Durchschnittspreis", "score"]),
        (None, ["x", "val2b", "flight", "air_time", "foo"]),
    ],
)  # fmt: skip
def test_names_say_how_to_aggregate(agg, names):
    assert [aggregation_of(name) for name in names] == [agg] * len(names)


@pytest.mark.parametrize(
    ("name", "low", "high", "unit"),
    [
        ("amount_usd", 0, 9, "currency:USD"),
        ("Preis (€)", 0, 9, "currency:EUR"),
        ("cost chf", 0, 9, "currency:CHF"),
        ("rate", 0.0, 0.9, "percent"),
        ("rate", 0.0, 90.0, ""),
        ("discount_pct", 0, 80, "%"),
        ("share", -0.5, 1.0, "percent"),
        ("duration_min", 0, 90, "minutes"),
        ("min_temp", 0, 90, ""),
        ("hours", 0, 9, "hours"),
        ("distance km", 0, 9, "km"),
        ("qty", 0, 9, ""),
    ],
)
def test_names_and_ranges_say_the_unit(name, low, high, unit):
    assert unit_of(name, low, high) == unit


def test_identifiers_and_persons_are_told_by_their_names():
    assert all(map(is_identifier, ["id", "order_id", "Kundennummer", "invoice no", "SKU", "uuid"]))
    assert not any(map(is_identifier, ["num_items", "number of rooms", "price", "idea", ""]))
    assert all(map(is_person, ["customer_id", "Kundennummer", "user", "patient no"]))
    assert not any(map(is_person, ["order_id", "store", ""]))


def test_the_time_of_the_event_comes_before_other_times():
    names = ["birth_date", "updated_at", "foo", "created_at", "order_date", "date"]
    assert sorted(names, key=time_rank) == names[::-1]
