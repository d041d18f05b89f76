from dataclasses import replace

from diagnose.model.server import Listeners
from tests.support.check_evidence import CHAT, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.application-down"
NOBODY = Listeners(sockets=LISTENING.sockets[:2])
UNAVAILABLE = replace(ANSWER, status=503)


def test_fires_when_nothing_listens_where_the_route_leads() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), NOBODY, UNAVAILABLE)
    assert claim.facts["application"] == "127.0.0.1:3000"
    assert claim.facts["listening"] == ("apache2 80", "apache2 443")


def test_fires_for_the_websocket_as_well() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), NOBODY, upgrade(503), target=CHAT)
    assert claim.facts["paths"] == ("/ws",)


def test_silent_when_it_listens_answers_or_is_elsewhere() -> None:
    assert not judge(CHECK, APACHE, apache_config(), LISTENING, UNAVAILABLE)
    assert not judge(CHECK, APACHE, apache_config(), NOBODY, ANSWER)
    remote = apache_config(HTTPS.replace("127.0.0.1", "10.0.0.5"))
    assert not judge(CHECK, APACHE, remote, NOBODY, UNAVAILABLE)
    excluded = apache_config(
        HTTPS.replace("    ProxyPass /ws", "    ProxyPass / !\n    ProxyPass /ws")
    )
    assert not judge(CHECK, APACHE, excluded, NOBODY, UNAVAILABLE)
