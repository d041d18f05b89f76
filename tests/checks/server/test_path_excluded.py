"""server.path-excluded: when it fires, and when it is silent."""

from diagnose.model import Applicability, Edit
from tests.support.check_evidence import CHAT, judge
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.path-excluded"
EXCLUDED = HTTPS.replace("ProxyPass /ws ws://127.0.0.1:3000/ws", "ProxyPass /ws !")


def test_fires_and_passes_the_path_on() -> None:
    config = apache_config(EXCLUDED)
    (claim,) = judge(CHECK, APACHE, config, LISTENING, upgrade(404), target=CHAT)
    assert claim.facts["prefix"] == "/ws"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+    ProxyPass /ws ws://127.0.0.1:3000/ws\n" in claim.fix.steps[0].diff


def test_silent_where_it_is_passed_on_or_works() -> None:
    assert not judge(CHECK, APACHE, apache_config(), LISTENING, upgrade(404), target=CHAT)
    accepted = upgrade(101, accepted=True, fault="")
    assert not judge(CHECK, APACHE, apache_config(EXCLUDED), LISTENING, accepted, target=CHAT)
    other = EXCLUDED.replace("/ws !", "/static !")
    assert not judge(CHECK, APACHE, apache_config(other), LISTENING, upgrade(404), target=CHAT)
