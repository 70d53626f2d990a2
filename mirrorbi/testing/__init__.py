"""A Bedrock of your own to test against: real HTTP on 127.0.0.1, answers from a script.

What MirrorBI's own tests use, for notebooks, reports and tools built on it: boto3 and
MirrorBI run as they are, and nothing leaves the machine.

Examples
--------
>>> import urllib.request
>>> with Bedrock() as bedrock:
...     bedrock.say("Two words.")
...     request = urllib.request.Request(f"{bedrock.url}/model/any/converse", data=b"{}")
...     answer = urllib.request.urlopen(request).read().decode()
>>> "Two words." in answer, len(bedrock.received)
(True, 1)

The steps are a queue:

- ``bedrock.say("Two words.")``: a text; ``bedrock.say_json({...})``: a text that is JSON
- ``bedrock.use_tool("query", {"metrics": ["sales"]})``: one call of a tool
- ``bedrock.answer(thinking("..."), text("a"), tool("query", {}), stop="tool_use")``
- ``bedrock.fault("throttle")``: see `FAULTS`, or any of Bedrock's error codes
- ``bedrock.script(say("Half of it").broken("cut", after=3))``: a stream that breaks
- ``bedrock.script(lambda call: say(call.texts[-1]))``: a step made from what was received
- ``bedrock.always(step)``: the answer whenever the queue is empty

`Bedrock.environment` has the variables that send boto3 here, also in child processes: set
them, and ``mirrorbi run NOTEBOOK --narrator claude`` talks to the script.
"""

from __future__ import annotations

from mirrorbi.testing.bedrock_server import Bedrock
from mirrorbi.testing.bedrock_steps import (
    FAULTS,
    Answer,
    Call,
    Fault,
    Step,
    fault,
    redacted,
    say,
    say_json,
    text,
    thinking,
    tool,
    use_tool,
)

__all__ = [
    "FAULTS",
    "Answer",
    "Bedrock",
    "Call",
    "Fault",
    "Step",
    "fault",
    "redacted",
    "say",
    "say_json",
    "text",
    "thinking",
    "tool",
    "use_tool",
]
