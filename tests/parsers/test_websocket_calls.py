"""The calls of a script that open a WebSocket."""

import pytest

from diagnose.parsers.websocket_calls import call_of_path, calls_in


@pytest.mark.parametrize(
    ("script", "subprotocols"),
    [
        ("new WebSocket('wss://' + location.host + '/ws', 'chat')", ("chat",)),
        ("new WebSocket(`wss://${host(1, 2)}/ws`, ['mqtt', \"v12.stomp\"])", ("mqtt", "v12.stomp")),
        ("new WebSocket(url)", ()),
        ("new WebSocket(url, names)", ()),
        ("new WebSocket(url, ['a', other])", ()),
        ("new WebSocket(url, token ? 'a' : 'b')", ()),
        ("new WebSocket('a)b,', 'c')", ("c",)),
        ("new WebSocket(url, 'not closed", ()),
    ],
)
def test_the_subprotocols_of_a_call(script: str, subprotocols: tuple[str, ...]) -> None:
    (call,) = calls_in(script)
    assert call.subprotocols == subprotocols


def test_the_line_of_the_call_that_opens_a_path() -> None:
    script = "// new WebSocket('/old')\nnew WebSocket(base + '/a');\n\nnew WebSocket(base + '/b')"
    calls = calls_in(script)
    assert [call.line for call in calls] == [2, 4]
    found = call_of_path(calls, "/b")
    assert found is not None
    assert found.line == 4
    assert call_of_path(calls, "/") is None
    assert call_of_path(calls[:1], "/") is calls[0]
