from dataclasses import replace

from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER

CHECK = "server.application-speaks-tls"
PORTAINER = caddy_config(
    "shop.example.com {\n\treverse_proxy localhost:9443\n}\n",
    document("shop.example.com", dial="localhost:9443"),
)
REFUSED = replace(ANSWER, status=400, body="Client sent an HTTP request to an HTTPS server.\n")


def test_fires_with_the_line_that_names_the_application() -> None:
    (claim,) = judge(CHECK, CADDY, PORTAINER, REFUSED)
    assert claim.facts["target"] == "localhost:9443"
    assert claim.facts["place"] == "/etc/caddy/Caddyfile:2"


def test_silent_when_the_answer_is_another() -> None:
    assert not judge(CHECK, CADDY, PORTAINER, replace(REFUSED, body="Bad Request"))
    assert not judge(CHECK, CADDY, PORTAINER, ANSWER)
