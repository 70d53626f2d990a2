"""Model files: every mistake is answered with file, line, key and the nearest valid word."""

from pathlib import Path

import ibis.expr.datatypes as dt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirrorbi.data.model.model_file import check_model, find_model, load_model, parse_model
from mirrorbi.data.model.semantic_model import Aggregation
from mirrorbi.data.model.yaml_lines import MAX_BYTES
from mirrorbi.errors import ModelError

DEMO = Path(__file__).parents[2] / "notebooks" / "data" / "flights.model.yaml"
SCHEMA = {
    **dict.fromkeys(("flight", "sched_dep_time", "hour", "dep_delay", "arr_delay"), dt.int16),
    **dict.fromkeys(("carrier", "airline", "tailnum", "origin", "dest"), dt.string),
    **{"date": dt.date, "air_time": dt.int16, "distance": dt.int16, "cancelled": dt.boolean},
    **{"tags": dt.Array(dt.string), "price": dt.float64},
}


def line_of(text, part):
    return text[: text.index(part)].count("\n") + 1


def changed(*changes):
    text = DEMO.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def message(text):
    """Return what is said of a model, read as a file and checked against the data."""
    with pytest.raises(ModelError) as caught:
        check_model(parse_model(text, "flights.model.yaml"), SCHEMA, "flights.model.yaml")
    return str(caught.value)


def test_the_demo_model_fits_its_data():
    model = load_model(DEMO)
    check_model(model, SCHEMA, DEMO.name)
    assert model.dataset.label == "Flights from New York, 2013"
    assert model.metrics["departure_delay"].agg is Aggregation.AVG
    assert model.lines["metrics", "on_time_rate", "unit"] == line_of(
        DEMO.read_text(), "unit: percent"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "numerator: on",
            "numeratr: on",
            "metrics.on_time_rate.numeratr is not a known key. Did you mean 'numerator'?",
        ),
        ("time:\n", "tme:\n", "tme is not a known key. Did you mean 'time'?"),
        ("entity: tailnum", "entitty: tailnum", "dataset.entitty is not a known key."),
        ("agg: avg", "agg: mean", "metrics.departure_delay.agg is 'mean', which is not known. "
         "Write avg."),
        ("agg: median", "agg: medain", "Did you mean 'median' or 'min'?"),
        ("better: up", "better: upp", "Did you mean 'up'?"),
        ("type: ratio", "type: ration", "metrics.on_time_rate.type is 'ration', which is not "
         "known. Did you mean 'ratio'?"),
        ("denominator: flights", "denominator: flight", "names 'flight', which is not a metric "
         "of this model. Did you mean 'flights'?"),
        ("numerator: on_time_flights", "numerator: cancellation_rate", "which is a ratio"),
        ("denominator: flights", "denominator: arrival_delay", "'type: derived'"),
        ("expression: delay_minutes / 60", "expression: delay_minute / 60",
         "Did you mean 'delay_minutes'?"),
        ("expression: delay_minutes / 60", "expression: delay_minutes ** 60", "a * a"),
        ("delay_minutes / 60", "delay_hours / 60", "is computed from itself: delay_hours -> "
         "delay_hours."),
        ("filter: arr_delay <= 15", "filter: arr_delay = 15", "To compare, write ==."),
        ("filter: arr_delay <= 15", "filter: arr_dealy <= 15", "Did you mean 'arr_delay'?"),
        ("filter: arr_delay <= 15", "filter: arr_delay <= '15'", "without quotes"),
        ("column: dep_delay", "column: dep_dely", "metrics.departure_delay.column names the "
         "column 'dep_dely', which the data does not have. Did you mean 'dep_delay'?"),
        ("column: dep_delay", "column: carrier", "which holds text; agg: avg needs numbers."),
        ("column: arr_delay", "column: date", "which holds dates or times; agg: median needs"),
        ("column: arr_delay", "column: cancelled", "which holds true or false; agg: median"),
        ("column: date", "column: origin", "time.column names 'origin', which holds text, not "
         "dates. Known columns with dates: date."),
        ("column: dest", "column: tags", "A dimension needs single values."),
        ("column: dest", "column: dst", "dimensions.dest.column names the column 'dst'"),
        ("entity: tailnum", "entity: tail", "dataset.entity names the column 'tail'"),
        ("origin]", "orign]", "dataset.grain.3 names the column 'orign'"),
        ("[date, carrier, flight, origin]", "date", "must be a list, not 'date'. Write the"),
        ("decimals: 1", "decimals: one", "must be a whole number, not 'one'"),
        ("hidden: true", "hidden: perhaps", "must be true or false, not 'perhaps'"),
        ("2013-12-31", "soon", "time.complete_through must be a date, not 'soon'. Write it as"),
        ("complete_through: 2013-12-31", "grains: [daily]", "Did you mean 'day'?"),
        ("complete_through: 2013-12-31", "timezone: America/New_Yrok",
         "There is no time zone 'America/New_Yrok'. Did you mean 'America/New_York'"),
        ("unit: minutes", "unit: currency:usd", "Write currency:USD."),
        ("  dest:\n", "  aircraft:\n", "has the name of a dimension"),
        ("  dest:\n", "  period:\n", "has a name that every answer uses"),
        ("  dest:\n", "  rows:\n", "has a name that every answer uses"),
        ("  dest:\n", "  ' ':\n", "is not a usable name"),
        ("    agg: sum\n    column: dep_delay", "    agg: sum\n", "has agg: sum and names no"),
        ("    agg: sum\n", "", "has no key 'agg'. Write agg: sum, avg"),
        ("    agg: sum\n", "    agg: sum\n    name: x\n", "the key is the name"),
        ("    agg: sum\n", "    agg: sum\n    additivity: additiv\n", "Write additive, or {non_"),
        ("    agg: sum\n", "    agg: max\n    additivity: {non_additive: {take: last}}\n",
         "does not suit agg: max"),
        ("label: Airline", "privacy: secret", "dimensions.airline.privacy is 'secret'"),
        ("column: date", "\tcolumn: date", "indented with a tab. YAML wants spaces."),
        ("label: Airline", "label: A: b", "in quotes"),
        ("filter: cancelled", "filter: `cancelled`", "Put the whole value in double quotes."),
        ("filter: cancelled", "filter: *cancelled", "begins with '*'"),
        ("filter: cancelled", "filter: !!python/name:os.system ''", "the tag"),
        ("filter: cancelled", "? [a]\n    : b", "a key is not plain text"),
        ("filter: cancelled", "filter: 'cancelled", "not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_file_and_the_right_word(old, new, said):
    text = message(changed((old, new)))
    assert said in text
    assert text.startswith("flights.model.yaml, line ")


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("numerator: on", "numeratr: on", "numeratr: on"),
        ("numerator: on_time_flights", "numerator: on_time", "numerator: on_time"),
        ("filter: arr_delay <= 15", "filter: arr_delay = 15", "filter: arr_delay = 15"),
        ("filter: arr_delay <= 15", "filter: arrdelay < 15", "filter: arrdelay < 15"),
        ("filter: cancelled", "filter: `cancelled`", "filter: `cancelled`"),
        ("column: arr_delay", "column: arr", "column: arr\n"),
        ("[date, carrier,", "\n    [date,\n    carier,", "    carier,"),
        ("    column: arr_delay\n", "", "  arrival_delay:\n"),
        ("    agg: median\n", "", "  arrival_delay:\n"),
        ("2013-12-31", "soon", "complete_through: soon"),
        ("  column: date", "\tcolumn: date", "\tcolumn: date"),
    ],
)
def test_the_line_is_that_of_the_key(old, new, at):
    text = changed((old, new))
    assert message(text).startswith(f"flights.model.yaml, line {line_of(text, at)}: ")


def test_several_mistakes_are_told_together_by_line():
    text = changed(
        ("agg: median", "agg: medain"),
        ("better: up", "better: upp"),
        ("entity: tailnum", "entity: tailnum\n  x: 1"),
    )
    parts = ("x: 1", "better: upp", "agg: medain")
    first, *rest = message(text).split("\n")
    assert first == "flights.model.yaml has 3 errors:"
    assert [int(line.split()[1].rstrip(":")) for line in rest] == [line_of(text, p) for p in parts]


def test_mistakes_are_told_in_the_order_of_the_file():
    text = "metrics:\n  rows: {agg: cuont}\ndataset: {nam: x}\n"
    with pytest.raises(ModelError) as caught:
        parse_model(text, "m.yaml")
    assert [line[:9] for line in str(caught.value).split("\n")[1:]] == ["  line 2:", "  line 3:"]


def test_a_key_that_is_not_written_has_the_line_of_its_parent():
    model = parse_model("metrics:\n  rows: {agg: count}\ndimensions:\n  dst:\n", "m.yaml")
    with pytest.raises(ModelError, match=r"^m\.yaml, line 4: dimensions\.dst\.column .* 'dest'"):
        check_model(model, SCHEMA, "m.yaml")


def test_at_most_five_mistakes_are_told():
    text = message(DEMO.read_text().replace("label: ", "lable: "))
    assert text.startswith("flights.model.yaml has 14 errors:")
    assert text.endswith("and 9 more.")
    assert text.count("Did you mean 'label'?") == 5


def test_a_key_twice_names_both_lines():
    text = changed(("  dest:\n", "  origin:\n"))
    lines = [i for i, line in enumerate(text.split("\n"), 1) if line == "  origin:"]
    said = message(text)
    assert said.startswith(f"flights.model.yaml, line {lines[1]}: the key 'origin' is there twice")
    assert f"first in line {lines[0]}." in said


def test_a_circle_of_metrics_is_shown():
    with pytest.raises(ModelError, match="a -> b -> c -> a"):
        parse_model(
            {
                "metrics": {
                    "n": {"agg": "count"},
                    "a": {"expression": "b + n"},
                    "b": {"expression": "2 * c"},
                    "c": {"expression": "a - n"},
                }
            }
        )


def test_a_long_chain_of_metrics_is_no_circle():
    chain = {f"m{i}": {"expression": f"m{i - 1} + m{i - 1}"} for i in range(1, 2000)}
    model = parse_model({"metrics": {"m0": {"agg": "count"}, **chain}})
    assert len(model.metrics) == 2000


def test_stocks_need_time():
    with pytest.raises(ModelError, match=r"metrics\.s\.additivity needs time"):
        parse_model(
            {"metrics": {"s": {"agg": "sum", "column": "x", "additivity": {"non_additive": {}}}}}
        )


def test_two_statements_of_privacy_may_not_differ():
    with pytest.raises(ModelError, match="State it once"):
        parse_model(
            {
                "dimensions": {"mail": None},
                "metrics": {"rows": {"agg": "count"}},
                "privacy": {"columns": {"mail": "personal"}},
            }
        )


def test_rows_may_only_name_the_count_of_rows():
    assert parse_model({"metrics": {"rows": {"agg": "count"}}}).metrics["rows"].name == "rows"
    with pytest.raises(ModelError, match="every answer uses for its rows"):
        parse_model({"metrics": {"rows": {"agg": "sum", "column": "x"}}})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "x.yaml is empty."),
        ("# only a note", "x.yaml is empty."),
        ("[1]", "is not a model"),
        ("text", "is not a model"),
        ("metrics:", "metrics must have keys of its own, not nothing."),
        ("metrics: {}", "metrics must not be empty"),
        ("metrics: 5", "metrics must have keys of its own, not '5'"),
        ("metrics: {a: 5}", "metrics.a must have keys of its own"),
        ("metrics: {a: }", "metrics.a has no key 'agg'"),
        ("dataset: {name: x}", "the model names no metrics."),
        ("metrics: {rows: {<<: {agg: count}}}", "Merge keys"),
        ("a: 1\n---\nb: 2", "a second document"),
        ("a: \x00", "U+0000"),
        ("[" * 5000, "too many values or levels"),
        ("a: &a [*a]", "too many values or levels"),
        ("a: &a [x,x]\n" + "".join(f"{c}: &{c} [{', '.join([f'*{p}'] * 60)}]\n"
                                   for p, c in zip("abcd", "bcde", strict=True)), "too many"),
        ("a: [" + "x," * 300_000 + "]", "too many values or levels"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(text, said):
    with pytest.raises(ModelError) as caught:
        parse_model(text, "x.yaml")
    assert said in str(caught.value)
    assert str(caught.value).startswith("x.yaml")


def test_words_that_other_readers_of_yaml_change_stay_what_they_are():
    model = parse_model(
        "dimensions: {no: {label: On}, y: {label: 12:30}}\n"
        "metrics: {on: {agg: count, label: 2013-01-01, decimals: 0, hidden: yes, better: ~}}\n"
    )
    assert list(model.dimensions) == ["no", "y"]
    assert model.dimensions["y"].label == "12:30"
    assert model.metrics["on"].label == "2013-01-01"
    assert (model.metrics["on"].decimals, model.metrics["on"].hidden) == (0, True)
    assert model.metrics["on"].better is None


def test_anchors_may_be_used():
    model = parse_model("metrics: {a: &a {agg: sum, column: x}, b: *a}")
    assert model.metrics["b"].column == "x"


@settings(max_examples=150)
@given(st.text(max_size=60) | st.text(alphabet="abc:-[]{}&*!|>'\"%@`#?, \n\t01", max_size=60))
def test_any_text_is_either_a_model_or_refused_by_name(text):
    try:
        named = bool(parse_model(text, "x.yaml").metrics)
    except ModelError as error:
        named = str(error).startswith("x.yaml")
    assert named


# -- files -----------------------------------------------------------------------------------


def test_a_missing_file_is_answered_with_the_nearest(tmp_path):
    (tmp_path / "sales.model.yaml").write_text("metrics: {rows: {agg: count}}")
    with pytest.raises(ModelError, match=r"Did you mean 'sales\.model\.yaml'") as caught:
        load_model(tmp_path / "sale.model.yaml")
    assert "no model file 'sale.model.yaml'" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_folder_is_no_model_file(tmp_path):
    with pytest.raises(ModelError, match="it is a folder"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("metrics: {}\nx: ü".encode("latin-1"), r"m\.yaml, line 2: byte 0xfc is not UTF-8"),
        ("metrics: {}".encode("utf-16"), "UTF-16"),
        (b"x" * (MAX_BYTES + 1), "larger than 4 MB"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, data, said):
    path = tmp_path / "m.yaml"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=said):
        load_model(path)


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_bytes(b"\xef\xbb\xbfmetrics:\r\n  rows:\r\n    agg: count\r\n")
    assert load_model(path).lines["metrics", "rows", "agg"] == 3


@pytest.mark.parametrize(
    ("data", "model"),
    [
        ("flights.parquet", "flights.model.yaml"),
        ("sales.csv.gz", "sales.model.yaml"),
        ("sales.csv.gz", "sales.csv.model.yaml"),
        ("v1.2.CSV", "v1.2.model.yml"),
    ],
)
def test_the_model_of_a_file_lies_beside_it(tmp_path, data, model):
    (tmp_path / data).touch()
    (tmp_path / "other.csv").touch()
    assert find_model([tmp_path / data]) is None
    (tmp_path / "model.yaml").touch()
    assert find_model([tmp_path / data]) is None
    (tmp_path / model).touch()
    assert find_model([tmp_path / data]) == tmp_path / model


@pytest.mark.parametrize("model", ["sales/model.yaml", "sales.model.yaml"])
@pytest.mark.parametrize(
    "files",
    [["sales"], ["sales/a.csv"], ["sales/a.csv", "sales/b.csv"], ["sales/y=1/m=1/a.parquet"],
     ["sales/y=1/a.parquet", "sales/y=2/a.parquet"]],
)  # fmt: skip
def test_the_model_of_a_folder_lies_in_it_or_beside_it(tmp_path, files, model):
    paths = [tmp_path / file for file in files]
    (tmp_path / "sales").mkdir()
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix:
            path.touch()
    assert find_model(paths) is None
    (tmp_path / model).touch()
    assert find_model(paths) == tmp_path / model


def test_frames_have_no_model_beside_them():
    assert find_model([]) is None


def test_a_given_model_that_does_not_fit_is_called_so():
    model = parse_model({"metrics": {"total": {"agg": "sum", "column": "pric"}}})
    with pytest.raises(ModelError, match=r"^The model given: metrics\.total\.column.*'price'"):
        check_model(model, SCHEMA, "given")
