"""What is said of a notebook that failed."""

import pytest

from mirrorbi.reports.page.failure import Failure


@pytest.mark.parametrize(
    ("message", "end"),
    [
        ("No file 'a.csv'. Did you mean 'b.csv'?", "'b.csv'?"),
        ("Nothing is there.", "is there."),
        ("No", "No."),
    ],
)
def test_a_message_ends_once(message, end):
    assert Failure(message, "cell 2").error("").what.endswith(end)
