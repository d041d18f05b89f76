import json

import pytest

from diagnose.parsers.websocket_ids import (
    connection_id,
    negotiation_path,
    path_with_id,
    path_without_ids,
)


@pytest.mark.parametrize(
    ("path", "without"),
    [
        ("/chat?id=d0fc384a", "/chat"),
        ("/chat?room=7&connectionToken=a%2Bb", "/chat?room=7"),
        ("/socket.io/?EIO=4&transport=websocket&sid=a", "/socket.io/?EIO=4&transport=websocket"),
        ("/ws?access_token=a", "/ws"),
        ("/ws?session-id=a", "/ws"),
        ("/ws?id=", ""),
        ("/ws?room=7", ""),
        ("/ws", ""),
    ],
)
def test_what_belongs_to_one_connection_is_left_out(path: str, without: str) -> None:
    assert path_without_ids(path) == without


def test_where_signalr_gives_out_an_id_and_takes_it_back() -> None:
    assert negotiation_path("/chat?id=old&room=7") == "/chat/negotiate?negotiateVersion=1&room=7"
    assert negotiation_path("/chat") == "/chat/negotiate?negotiateVersion=1"
    assert path_with_id("/chat?id=old&room=7", "a+b=") == "/chat?room=7&id=a%2Bb%3D"
    assert path_with_id("/chat", "a") == "/chat?id=a"


def answer(**fields: object) -> str:
    return json.dumps({"availableTransports": [{"transport": "WebSockets"}], **fields})


def test_the_id_of_each_version_is_read() -> None:
    assert connection_id(answer(connectionId="a")) == "a"
    assert connection_id(answer(connectionId="a", connectionToken="b")) == "b"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "[" * 4000,
        answer(),
        answer(connectionId=1),
        answer(connectionId="a\nb"),
        answer(connectionId="a" * 400),
        answer(connectionId="a", url="https://other.example.com/"),
        answer(connectionId="a", availableTransports=[{"transport": "LongPolling"}, 1]),
        answer(connectionId="a", availableTransports="WebSockets"),
    ],
)
def test_no_id_is_read_where_none_is_given_for_a_websocket(body: str) -> None:
    assert connection_id(body) == ""
