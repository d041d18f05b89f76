"""Whether words are about a broker of MQTT that leaves an open WebSocket without an answer. No I/O.

A client of MQTT sends CONNECT as its first packet, and the broker answers it with CONNACK (MQTT
3.1.1, section 3.1 and 3.2). Over a WebSocket it offers the subprotocol "mqtt" (section 6).
"""

import re

from diagnose.model.symptom import Symptom

_MQTT = re.compile(r"(?i)(?<![a-z])mqtt|(?<![a-z])connack(?![a-z])|mosquitto|(?<![a-z])emqx")
_SILENT = re.compile(
    r"(?i)(?<![a-z])connack(?![a-z])"
    r"|\b(?:no|never|without) (?:\w{1,12} )?(?:answer|response|reply|message|data|ack)"
    r"|\b(?:not|n[’']t|never) (?:\w{1,12} )?(?:answer|respond|receiv|connect|get|reply)|\bsilent"
    r"|\btime[ds]?[ -]?out|\bhangs?\b"
    r"|没有(?:任何)?(?:消息|响应|回应|数据|返回)|收不到|无响应|超时|连不上|不响应"
    r"|keine (?:Antwort|Nachricht)|antwortet nicht|aucune (?:réponse|donnée)"
    r"|sin respuesta|no (?:responde|recibe)|sem resposta|não (?:responde|recebe)"
    r"|нет ответа|не (?:отвечает|приход)"
    r"|応答(?:が)?(?:ない|なし|ありません)"
)
#: Kinds of symptoms that such words may be told as.
_KINDS = frozenset({"websocket", "websocket-closed", "not-connected", "timeout", "other"})


def tells_of_silent_broker(symptom: Symptom | None) -> bool:
    """Return whether words are about a broker that does not answer a client."""
    return (
        symptom is not None
        and symptom.kind in _KINDS
        and _MQTT.search(symptom.text) is not None
        and _SILENT.search(symptom.text) is not None
    )
