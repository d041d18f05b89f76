"""How long a client of SignalR waits, and which line lets it wait for too long."""

import pytest

from diagnose.model.symptom import Symptom
from diagnose.parsers.hub_timeouts import late_interval, told_timeout

WORDS = "Server timeout {}elapsed without receiving a message from the server."


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        (WORDS.format(""), 30.0),
        (WORDS.format("(60000.00ms) "), 60.0),
        ("the server timeout elapsed", 0.0),
    ],
)
def test_what_a_client_tells(words: str, seconds: float) -> None:
    assert told_timeout(Symptom("websocket-closed", words)) == seconds
    assert told_timeout(None) == 0.0


@pytest.mark.parametrize(
    ("line", "new"),
    [
        ('    "KeepAliveInterval": "00:00:50",', '    "KeepAliveInterval": "00:00:15",'),
        ('"SignalRKeepAliveSeconds": 120', '"SignalRKeepAliveSeconds": 15'),
        ('"KeepAliveInterval" : "1.00:00:00" }\r', '"KeepAliveInterval" : "00:00:15" }\r'),
    ],
)
def test_a_line_that_is_too_long(line: str, new: str) -> None:
    read = late_interval(f"{{\n{line}\n}}\n", 30.0)
    assert read is not None
    assert (read.number, read.line, read.new) == (2, line, new)


@pytest.mark.parametrize(
    "text",
    [
        '"KeepAliveInterval": "00:00:15"',
        '// "KeepAliveInterval": "00:00:50"',
        '"KeepAliveInterval": "00:00:50"\n"KeepAliveInterval": "00:00:40"',
        '"KeepAlive": true',
        '"KeepAliveInterval": "soon"',
        "",
    ],
)
def test_none(text: str) -> None:
    assert late_interval(text, 30.0) is None
