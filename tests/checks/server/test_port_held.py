from dataclasses import replace

from diagnose.model import Confidence, Failure
from diagnose.model.http import Exchange
from diagnose.model.nginx import CertificateFile
from diagnose.model.server import Listener, Listeners
from diagnose.model.web_servers import WebServerConfig, WebServerTest
from diagnose.parsers.haproxy.config import parse
from diagnose.parsers.haproxy.sites import sites_of
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import PEM, TEXT
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.tls_evidence import shake
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.port-held"
OTHER = apache_config(HTTPS.replace("shop.example.com", "www.example.org"))
STOPPED = replace(HAPROXY, pid=None, ports=())
NAMED = "    use_backend app if { hdr(host) -i shop.example.com }\n    default_backend app\n"
HELD = Listeners(
    sockets=(Listener(address="0.0.0.0", port=443, family=4, pid=10, process="apache2"),)
)
FOREIGN = shake(chain=(replace(LEAF, dns_names=("www.example.org",)),))


def shown(body: str) -> Exchange:
    return Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, status=200,
        purpose="target", body=body,
    )  # fmt: skip


def haproxy_site() -> WebServerConfig:
    return haproxy_config(TEXT.replace("    default_backend app\n", NAMED))


def test_fires_for_the_server_that_has_the_site_and_does_not_run() -> None:
    config = haproxy_site()
    (claim,) = judge(CHECK, APACHE, STOPPED, OTHER, config, HELD, FOREIGN)
    assert claim.facts["holder"] == "apache2"
    assert claim.facts["server"] == "HAProxy"
    assert claim.confidence is Confidence.LIKELY


def test_fires_where_the_program_on_the_port_speaks_plain_http() -> None:
    plain = shake(failure=Failure("protocol", "wrong version number"), received="HTTP/1.1 400 Bad")
    (claim,) = judge(CHECK, STOPPED, haproxy_site(), HELD, plain)
    assert claim.facts["plain"] is True
    asked = shake(variant="plain", received="HTTP/1.1 200 OK")
    silent = shake(failure=Failure("timeout", "timed out"))
    assert judge(CHECK, STOPPED, haproxy_site(), HELD, silent, asked)
    needs_tls = shake(variant="plain", received="HTTP/1.1 400 Bad Request")
    assert not judge(CHECK, STOPPED, haproxy_site(), HELD, silent, needs_tls)
    other = shake(failure=Failure("protocol", "wrong version number"), received="220 mail")
    assert not judge(CHECK, STOPPED, haproxy_site(), HELD, other)


def test_fires_for_a_frontend_without_names_by_its_certificate() -> None:
    parsed = parse([("/etc/haproxy/haproxy.cfg", TEXT)])
    config = replace(haproxy_config(), sites=sites_of(parsed, {PEM: (PEM,)}))
    file = CertificateFile(path=PEM, chain=(LEAF,))
    (claim,) = judge(CHECK, APACHE, STOPPED, OTHER, config, HELD, FOREIGN, file)
    assert claim.facts["server"] == "HAProxy"
    assert not judge(CHECK, APACHE, STOPPED, OTHER, config, HELD, FOREIGN)


def test_silent_when_the_holder_has_the_site_or_its_certificate_fits() -> None:
    config = haproxy_site()
    both = (APACHE, STOPPED, apache_config(), config, HELD, FOREIGN)
    assert not judge(CHECK, *both)
    fits = shake(chain=(LEAF,))
    assert not judge(CHECK, APACHE, STOPPED, OTHER, config, HELD, fits)


def test_silent_when_nobody_else_has_the_site() -> None:
    assert not judge(CHECK, APACHE, OTHER, HELD, FOREIGN)


def test_fires_for_the_page_of_a_package_with_the_sites_certificate() -> None:
    page = shown("<title>Welcome to nginx!</title>")
    test = WebServerTest(product="haproxy", passed=False, message="unknown keyword 'servr'")
    held = (APACHE, STOPPED, OTHER, haproxy_site(), HELD, shake(chain=(LEAF,)))
    (claim,) = judge(CHECK, *held, page, test)
    assert claim.facts["refused"] == "unknown keyword 'servr'"
    assert claim.confidence is Confidence.LIKELY
    assert not judge(CHECK, *held, shown("<h1>Shop</h1>"))
