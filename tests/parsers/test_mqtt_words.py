"""Words about a broker that does not answer."""

import pytest

from diagnose.model.symptom import Symptom
from diagnose.parsers.mqtt_words import tells_of_silent_broker


@pytest.mark.parametrize(
    ("words", "is_told"),
    [
        ("握手成功返回101，但是发送CONNECT之后一直收不到CONNACK", True),
        ("mqtt over wss opens and then there is no response", True),
        ("Mosquitto antwortet nicht, der WebSocket ist offen", True),
        ("mqtt over wss is slow", False),
        ("the WebSocket never connects", False),
    ],
)
def test_words(words: str, is_told: bool) -> None:
    assert tells_of_silent_broker(Symptom("websocket", words)) is is_told
    assert not tells_of_silent_broker(Symptom("csp", words))
