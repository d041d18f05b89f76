"""websocket.mqtt-unanswered: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Command, Confidence, Manual
from diagnose.model.pages import WebSocketPath
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.mqtt-unanswered"
TOLD = replace(CHAT, symptom=Symptom("websocket", "101, but CONNECT never gets CONNACK"))
SILENT = upgrade(101, variant="mqtt", accepted=True)
ANSWERED = replace(SILENT, offered=("mqtt",), subprotocol="mqtt", frames=1)
CALL = WebSocketPath(source="https://shop.example.com/js/panel.js", path="/ws", line=3)
FILES = """\
server {
  listen 443 ssl;
  server_name shop.example.com;
  root /var/www/panel;
  location /ws { proxy_pass http://127.0.0.1:9001; }
}
"""


def test_fires_with_the_edit_of_the_script() -> None:
    (claim,) = judge(CHECK, SILENT, ANSWERED, CALL, RUNNING, config(FILES), target=TOLD)
    assert (claim.facts["names"], claim.facts["line"]) == (("mqtt",), 3)
    assert claim.fix
    (command,) = (step for step in claim.fix.steps if isinstance(step, Command))
    assert command.argv[-1] == "/var/www/panel/js/panel.js"


def test_fires_without_a_script() -> None:
    (claim,) = judge(CHECK, SILENT, ANSWERED, target=TOLD)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["offer-it"]


def test_silent_where_the_broker_answers_or_never_does() -> None:
    assert not judge(CHECK, replace(SILENT, frames=1), ANSWERED, target=TOLD)
    assert not judge(CHECK, SILENT, replace(ANSWERED, frames=0), target=TOLD)
    assert not judge(CHECK, replace(SILENT, ended="close"), ANSWERED, target=TOLD)
    assert not judge(CHECK, SILENT, target=TOLD)
    offers = replace(CALL, subprotocols=("mqtt",))
    assert not judge(CHECK, SILENT, ANSWERED, offers, target=TOLD)
