"""A script for the loopback Bedrock that says what it cannot do is refused as it is written."""

from __future__ import annotations

import pytest

from mirrorbi import testing
from mirrorbi.errors import MirrorBIError


def test_a_fault_that_bedrock_does_not_have_is_refused_with_the_nearest() -> None:
    with pytest.raises(MirrorBIError, match="throttle"):
        testing.fault("throtle")
    assert testing.fault("ThrottlingException").status == 429
    assert testing.fault("TeapotException", status=418).status == 418


def test_a_stream_breaks_only_in_ways_that_are_known() -> None:
    with pytest.raises(MirrorBIError, match="cut"):
        testing.say("Half of it").broken("kut")
    assert testing.say("Half of it").broken("cut", after=3).broken_by == "cut"
