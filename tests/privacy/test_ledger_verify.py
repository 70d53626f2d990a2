"""Whatever is done to a ledger afterwards is found."""

import contextlib
import json
import shutil
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirrorbi.errors import LedgerError
from mirrorbi.privacy.disclosure import Disclosure, _sealed, canonical
from mirrorbi.privacy.ledger import FileLedger, Intent, Outcome, calls_of, verify_ledger
from mirrorbi.privacy.ledger.chain import START, Link, seal
from mirrorbi.privacy.ledger.head import Head
from mirrorbi.privacy.ledger.head import head_of as ledger_head
from mirrorbi.privacy.policy import Policy

POLICY = Policy()


def intent(run):
    body = canonical({"facts": [{"name": "f1", "shown": f"{run} é"}]})
    sent = Disclosure("facts", body, POLICY.sha256, sealed=_sealed("facts", body, POLICY.sha256))
    return Intent(run, "ana", "ask", "claude", ("eu-west-1",), (sent,), POLICY)


def write(folder, calls=4):
    ledger = FileLedger(folder)
    for number in range(calls):
        ledger.close(ledger.open(intent(f"run-{number}")), Outcome(cost=Decimal("0.01")))
    return ledger


@pytest.fixture
def ledger(tmp_path):
    return write(tmp_path / "ledger")


@pytest.fixture(scope="module")
def good():
    folder = Path(tempfile.mkdtemp())
    write(folder / "ledger")
    yield folder / "ledger"
    shutil.rmtree(folder)


def lines_of(ledger):
    return (ledger.folder / "ledger.jsonl").read_bytes().splitlines(True)


def rewrite(ledger, lines):
    (ledger.folder / "ledger.jsonl").write_bytes(b"".join(lines))


def found(ledger, head=None):
    return [": ".join(problem) for problem in verify_ledger(ledger, head=head).problems]


def test_a_ledger_that_was_left_alone(ledger):
    checked = verify_ledger(ledger)
    assert (checked.ok, checked.entries, checked.calls) == (True, 9, 4)
    assert checked.last.seq == 9
    assert json.loads(json.dumps(checked.to_dict()))["ok"] is True


def test_an_entry_that_was_edited_is_named(ledger):
    lines = lines_of(ledger)
    lines[3] = lines[3].replace(b"run-1", b"run-9")
    rewrite(ledger, lines)
    assert found(ledger) == ["entry 4: was changed: its hash does not fit"]


@pytest.mark.parametrize(
    ("old", "new"), [(b'{"', b'{ "'), (b'":"open"', b'": "open"'), (b"\xc3\xa9", b"\\u00e9")]
)
def test_the_same_said_in_other_bytes_is_a_change(ledger, old, new):
    lines = lines_of(ledger)
    assert old in lines[3]
    lines[3] = lines[3].replace(old, new, 1)
    rewrite(ledger, lines)
    assert found(ledger)[0] == "entry 4: was changed: its hash does not fit"


def test_an_edited_entry_with_a_new_hash_breaks_the_next(ledger):
    lines = lines_of(ledger)
    entry = json.loads(lines[3])
    after = Link(3, entry["previous"])
    content = {k: v for k, v in entry.items() if k not in ("seq", "previous", "hash")}
    lines[3] = seal({**content, "user": "nobody"}, after)[0]
    rewrite(ledger, lines)
    assert found(ledger)[0] == "entry 5: does not follow entry 4"


def test_an_entry_that_was_removed_is_named(ledger):
    lines = lines_of(ledger)
    del lines[2]
    rewrite(ledger, lines)
    assert found(ledger)[0] == "entry 3: missing before entry 4"


def test_several_that_were_removed_are_named(ledger):
    lines = lines_of(ledger)
    del lines[2:5]
    rewrite(ledger, lines)
    assert found(ledger)[0] == "entries 3 to 5: missing before entry 6"


def test_two_that_were_swapped_are_named(ledger):
    lines = lines_of(ledger)
    lines[3], lines[4] = lines[4], lines[3]
    rewrite(ledger, lines)
    assert "entry 4: stands behind entry 5" in found(ledger)


def test_one_that_stands_twice_is_named(ledger):
    lines = lines_of(ledger)
    rewrite(ledger, [*lines[:4], lines[3], *lines[4:]])
    assert "entry 4: stands here twice" in found(ledger)


def test_a_cut_tail_is_found_by_the_head(ledger):
    rewrite(ledger, lines_of(ledger)[:-1])
    assert found(ledger) == ["entry 9: cut off: the head says that the ledger went on"]
    rewrite(ledger, lines_of(ledger)[:-3])
    assert found(ledger) == ["entries 6 to 9: cut off: the head says that the ledger went on"]


def test_a_tail_cut_together_with_the_head_is_found_by_a_head_kept_elsewhere(ledger):
    noted = verify_ledger(ledger).last
    lines = lines_of(ledger)[:-1]
    rewrite(ledger, lines)
    last = json.loads(lines[-1])
    end = sum(map(len, lines))
    head = Head(Link(last["seq"], last["hash"]), end - len(lines[-1]), end)
    (ledger.folder / "ledger.head").write_bytes(head.line())
    assert verify_ledger(ledger).ok  # nothing in the folder can tell
    assert found(ledger, noted.hash) == [
        f"entry {noted.hash}: was noted elsewhere and is not in this ledger"
    ]


@pytest.mark.parametrize("form", [lambda link: link.id, lambda link: link.hash[:16].upper()])
def test_a_head_kept_elsewhere_may_be_an_older_one(ledger, form):
    noted = verify_ledger(ledger).last
    ledger.open(intent("later"))
    checked = verify_ledger(ledger, head=form(noted))
    assert checked.ok
    assert checked.notes == ("The head that was noted is entry 9; 1 was added since.",)


@pytest.mark.parametrize("short", ["", "9", "9-", "abc"])
def test_too_little_of_a_hash_proves_nothing(ledger, short):
    assert not verify_ledger(ledger, head=short).ok


def test_a_head_that_was_removed_or_changed(ledger):
    path = ledger.folder / "ledger.head"
    text = path.read_bytes()
    path.unlink()
    assert found(ledger) == ["head: was removed: a cut tail would not be seen"]
    path.write_bytes(text.replace(b'"seq":9', b'"seq":8'))
    assert found(ledger) == ["head: was changed"]
    noted = ledger_head(text)
    path.write_bytes(noted._replace(link=noted.link._replace(seq=8)).line())
    assert found(ledger) == ["head: does not fit entry 8"]
    path.write_bytes(noted._replace(end=noted.end + 1).line())
    assert found(ledger) == ["head: does not say where entry 9 stands"]
    path.write_bytes(b"")
    assert found(ledger) == ["head: was changed"]


def test_a_ledger_that_is_not_there(tmp_path):
    with pytest.raises(LedgerError, match="There is no ledger at"):
        verify_ledger(FileLedger(tmp_path))


def test_the_file_alone_removed_is_a_cut_tail(ledger):
    (ledger.folder / "ledger.jsonl").unlink()
    assert found(ledger) == ["entries 1 to 9: cut off: the head says that the ledger went on"]


def chained(contents):
    last, lines = START, []
    for content in contents:
        line, last = seal(content, last)
        lines.append(line)
    return lines


BEGIN = {"kind": "start", "version": 1}
OPEN = {"kind": "open", "retention": "hash", "disclosures": []}


@pytest.mark.parametrize(
    ("contents", "wrong"),
    [
        ([OPEN], "should be the first"),
        ([BEGIN, BEGIN], "is no first entry"),
        ([BEGIN, {"kind": "close", "of": 7}], "closes call 7, which is not there"),
        ([BEGIN, OPEN, *[{"kind": "close", "of": 2}] * 2], "closes call 2 again"),
        (
            [
                BEGIN,
                {**OPEN, "disclosures": [{"sha256": "0" * 64, "bytes": 2, "body": "{}"}]},
            ],
            "holds a payload that does not fit its hash",
        ),
        (
            [
                BEGIN,
                {**OPEN, "retention": "full", "disclosures": [{"sha256": "0" * 64, "bytes": 2}]},
            ],
            "names a payload that was not kept",
        ),
    ],
)
def test_what_an_intact_chain_cannot_say(tmp_path, contents, wrong):
    tmp_path.joinpath("ledger.jsonl").write_bytes(b"".join(chained(contents)))
    assert any(wrong in problem for problem in found(FileLedger(tmp_path)))


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
KEYS = ("kind", "of", "disclosures", "retention", "at", "host", "withheld", "cost", "regions")
WORDS = st.sampled_from(["start", "open", "close", "heal", "full"])
forged = st.dictionaries(st.sampled_from(KEYS), WORDS | st.integers(0, 4) | plain, max_size=5)


@settings(max_examples=200)
@given(st.lists(forged, max_size=4))
def test_whatever_a_forger_seals_is_an_answer_and_no_crash(contents):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "ledger.jsonl").write_bytes(b"".join(chained([BEGIN, *contents])))
        checked = verify_ledger(FileLedger(folder))
        assert checked.entries == len(contents) + 1
        with contextlib.suppress(LedgerError):
            calls_of(FileLedger(folder).entries())


MUTATIONS = ("flip", "delete", "swap", "duplicate", "truncate", "insert", "move", "drop byte")


@settings(max_examples=400)
@given(data=st.data())
def test_any_single_mutation_is_found(good, data):
    lines = (good / "ledger.jsonl").read_bytes().splitlines(True)
    text = b"".join(lines)
    kind = data.draw(st.sampled_from(MUTATIONS))
    if kind == "flip":
        at = data.draw(st.integers(0, len(text) - 1))
        bits = data.draw(st.integers(1, 255))
        text = text[:at] + bytes([text[at] ^ bits]) + text[at + 1 :]
    elif kind == "truncate":
        text = text[: data.draw(st.integers(0, len(text) - 1))]
    elif kind == "insert":
        at = data.draw(st.integers(0, len(text) - 1))
        text = text[:at] + data.draw(st.binary(min_size=1, max_size=5)) + text[at:]
    elif kind == "drop byte":
        at = data.draw(st.integers(0, len(text) - 1))
        text = text[:at] + text[at + 1 :]
    else:
        one = data.draw(st.integers(0, len(lines) - 1))
        other = data.draw(st.integers(0, len(lines) - 1).filter(lambda n: n != one))
        if kind == "delete":
            del lines[one]
        elif kind == "swap":
            lines[one], lines[other] = lines[other], lines[one]
        elif kind == "duplicate":
            lines.insert(other, lines[one])
        else:
            lines.insert(other, lines.pop(one))
        text = b"".join(lines)
    if text == (good / "ledger.jsonl").read_bytes():
        return  # inserted what stood there anyway
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "ledger.jsonl").write_bytes(text)
        shutil.copy(good / "ledger.head", folder)
        checked = verify_ledger(FileLedger(folder))
        assert not checked.ok, kind
        assert all(problem.entry and problem.what for problem in checked.problems)


@settings(max_examples=150)
@given(data=st.data())
def test_any_single_mutation_of_the_head_is_found(good, data):
    text = (good / "ledger.head").read_bytes()
    at = data.draw(st.integers(0, len(text) - 1))
    if data.draw(st.booleans()):
        text = text[:at] + bytes([text[at] ^ data.draw(st.integers(1, 255))]) + text[at + 1 :]
    else:
        text = text[:at]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(good / "ledger.jsonl", folder)
        Path(folder, "ledger.head").write_bytes(text)
        assert not verify_ledger(FileLedger(folder)).ok


def test_the_check_without_us_that_the_docs_give(ledger):
    page = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text("utf-8")
    code = compile(page.partition("```python\n")[2].partition("```")[0], "ledger.md", "exec")
    for line in lines_of(ledger):
        exec(code, {"line": line})  # noqa: S102
    with pytest.raises(AssertionError):
        exec(code, {"line": line.replace(b"answered", b"refused")})  # noqa: S102
