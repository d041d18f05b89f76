"""Words tell of a broker of MQTT that does not answer. This run sent it the first packet of a
client twice: without a subprotocol nothing came, with "mqtt" the broker answered. A client has to
offer it (MQTT 3.1.1, section 6); Mosquitto opens the WebSocket all the same, and leaves its
messages alone.

The two handshakes differ in that alone. It is certain where the page's script offers none: its call
is named, and edited where the web server has its file. Another client is not seen.
"""

import re
from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Upgrade
from diagnose.model.pages import WebSocketPath
from diagnose.model.websocket_attempts import websocket_attempts

#: A path that stands in a script as it is.
_PLAIN = re.compile(r"/[\w/-]{1,100}", re.ASCII)


@check(severity=Severity.ERROR, needs=[Upgrade], needs_message=True)
def mqtt_unanswered(evidence: Evidence) -> Iterator[Claim]:
    asked = [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if upgrade.variant == "mqtt" and upgrade.accepted
    ]
    silent = [each for each in asked if not each.offered and not each.frames and not each.ended]
    for first in silent[:1]:
        answered = [
            each for each in asked if each.offered and each.frames and each.path == first.path
        ]
        if not answered:
            continue
        own = first.path.partition("?")[0]
        named = [call for call in evidence.good(WebSocketPath) if call.path == own and call.line]
        calls = [call for call in named if not call.subprotocols]
        if named and not calls:
            continue  # The page's own client offers one.
        attempts = [
            websocket_attempt
            for websocket_attempt in websocket_attempts(evidence)
            if websocket_attempt.path == first.path
        ]
        command = _edit(evidence, calls[0].source, own) if len(calls) == 1 else None
        step = Manual("offer-it", Where.APPLICATION)
        yield Claim(
            about=Subject(port=first.port, path=own, text=first.url),
            covers=attempts[0].subjects if attempts else (),
            confidence=Confidence.CERTAIN if calls else Confidence.LIKELY,
            because=(first, *answered[:1], *calls[:1]),
            facts={
                "url": first.url,
                "path": own,
                "names": answered[0].offered,
                "script": calls[0].source if calls else "",
                "line": (calls[0].line or "") if calls else "",
            },
            fix=Fix((command,), Applicability.REVIEW)
            if command
            else Fix((step,), Applicability.MANUAL),
        )


def _edit(evidence: Evidence, script: str, path: str) -> Command | None:
    """Return the command that writes the subprotocol into the only argument of the script's call;
    None where its file is not known."""
    from checks.websocket._plain_ports import script_file
    from diagnose.model import commands

    file = script_file(evidence, script) if _PLAIN.fullmatch(path) else ""
    if not file:
        return None
    # The address ends with the path, and is the only argument.
    call = rf"s#\(new \(Reconnecting\)\?WebSocket([^,;]*{path}[\"'`]\))#\1, ['mqtt'])#"
    return commands.rewrite(file, (call,))
