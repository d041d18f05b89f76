from dataclasses import replace

from diagnose.model import Confidence
from diagnose.model.containers import ContainerPort
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import SiteSocket, WebServerConfig, WebSite
from tests.checks.upstream.test_container_loopback import OWN
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import SITE, config

CHECK = "listener.container-port"
BOTH = SITE + "server { listen 80; server_name shop.example.com; }\n"
WRONG = replace(OWN, ports=(ContainerPort(80, 443, "0.0.0.0"), ContainerPort(80, 80, "0.0.0.0")))
FAILED = Handshake(address="203.0.113.10", port=443)


def test_fires_where_443_leads_to_80() -> None:
    (claim,) = judge(CHECK, WRONG, config(BOTH), FAILED)
    assert (claim.facts["inner"], claim.facts["secure"]) == (80, 443)
    assert claim.confidence is Confidence.CERTAIN


def test_fires_for_caddy_which_opens_port_80_by_itself() -> None:
    site = WebSite(("shop.example.com",), (SiteSocket(443, tls=True),))
    caddy = WebServerConfig(product="caddy", path="/etc/caddy/Caddyfile", sites=(site,))
    (claim,) = judge(CHECK, WRONG, caddy, FAILED)
    assert (claim.facts["program"], claim.facts["secure"]) == ("Caddy", 443)
    apache = replace(caddy, product="apache")
    assert not judge(CHECK, WRONG, apache, FAILED), "nothing listens on port 80 in there"


def test_silent_where_tls_is_spoken_or_the_port_is_right() -> None:
    assert not judge(CHECK, WRONG, config(BOTH), replace(FAILED, protocol="TLSv1.3"))
    right = replace(OWN, ports=(ContainerPort(443, 443, "0.0.0.0"),))
    assert not judge(CHECK, right, config(BOTH), FAILED)
    # nginx speaks TLS nowhere: its configuration is at fault.
    assert not judge(CHECK, WRONG, config(BOTH.replace("443 ssl", "8080")), FAILED)
