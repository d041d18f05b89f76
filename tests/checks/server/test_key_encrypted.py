from dataclasses import replace

from diagnose.model import Confidence, Failure
from diagnose.model.nginx import KeyFile
from diagnose.model.web_servers import WebServerTest
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import PEM, TEXT
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.web_server_evidence import APACHE, LISTENING, PASSED, apache_config

CHECK = "server.key-encrypted"
LOCKED = KeyFile(
    path="/etc/ssl/shop.key",
    failure=Failure("exit", "…:ossl_cipher_unpadblock:bad decrypt:…", 1),
)
STOPPED = replace(APACHE, pid=None, ports=())


def test_fires_for_a_server_that_did_not_start() -> None:
    (claim,) = judge(CHECK, STOPPED, apache_config(), PASSED, LOCKED)
    assert claim.facts["file"] == "/etc/ssl/shop.key"
    assert claim.confidence is Confidence.LIKELY


def test_silent_for_a_server_that_runs_or_a_key_that_is_missing() -> None:
    assert not judge(CHECK, APACHE, apache_config(), LISTENING, PASSED, LOCKED)
    missing = replace(LOCKED, failure=Failure("exit", "No such file or directory", 1))
    assert not judge(CHECK, STOPPED, apache_config(), PASSED, missing)


def test_fires_for_a_bundle_that_the_test_refuses() -> None:
    from diagnose.model.web_servers import ServerFile, WebServerConfig
    from diagnose.parsers.haproxy.config import parse
    from diagnose.parsers.haproxy.sites import listens_of, sites_of

    parsed = parse([("/etc/haproxy/haproxy.cfg", TEXT)])
    config = WebServerConfig(
        product="haproxy",
        path="/etc/haproxy/haproxy.cfg",
        sites=sites_of(parsed, {PEM: (PEM,)}),
        listens=listens_of(parsed),
        files=(ServerFile("/etc/haproxy/haproxy.cfg", TEXT),),
    )
    message = f"No Private Key found in '{PEM}.key'."
    test = WebServerTest(product="haproxy", passed=False, message=message)
    stopped = replace(HAPROXY, pid=None, ports=())
    (claim,) = judge(CHECK, stopped, config, test, replace(LOCKED, path=PEM))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["bundle"]
