"""server.certificate-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Command, Confidence, Observation, Severity
from diagnose.model.logs import ServerStartError
from diagnose.model.nginx import CertificateFile
from diagnose.model.server import Listeners
from diagnose.model.web_servers import WebServerTest
from diagnose.parsers.haproxy.config import parse
from diagnose.parsers.haproxy.sites import sites_of
from tests.support import haproxy_evidence
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, PASSED, apache_config

CHECK = "server.certificate-refused"
STOPPED = replace(APACHE, pid=None, ports=(), state="failed")
PATH = "/etc/ssl/shop.pem"
GOOD = CertificateFile(path=PATH, chain=(LEAF,), publics=("aa",), labels=("CERTIFICATE",))
CERTIFICATE = f"AH02562: Failed to configure certificate shop:443:0 (with chain), check {PATH}"


def claims(*observations: Observation, words: str = "") -> list[Claim]:
    log = ServerStartError(product="apache", log="/var/log/apache2/error.log", message=words)
    logged = (log,) if words else ()
    return judge(CHECK, STOPPED, apache_config(), Listeners(), PASSED, *logged, *observations)


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        ("ee key too small", "small_key"),
        ("ca md too weak", "weak_hash"),
        ("bad end line", "damaged"),
        ("no start line (Expecting: TRUSTED CERTIFICATE)", "nothing"),
    ],
)
def test_fires_with_openssls_reason(words: str, fact: str) -> None:
    (claim,) = claims(GOOD, words=f"{CERTIFICATE} ({words})")
    assert claim.facts["file"] == PATH
    assert claim.facts[fact] is True
    assert claim.confidence is Confidence.CERTAIN


def test_fires_with_the_size_of_the_key() -> None:
    small = replace(LEAF, key_type="RSA", key_bits=1024)
    (claim,) = claims(replace(GOOD, chain=(small,)), words=f"{CERTIFICATE} (ee key too small)")
    assert claim.facts["of"] == "RSA 1024"


def test_fires_by_the_file_where_the_server_says_no_more() -> None:
    (claim,) = claims(replace(GOOD, chain=(), labels=("PRIVATE KEY",)))
    assert claim.facts["swapped"] is True
    assert claim.confidence is Confidence.CERTAIN
    (claim,) = claims(replace(GOOD, labels=("CERTIFICATE", "CERTIFICATE")))
    assert claim.facts["damaged"] is True
    assert claim.confidence is Confidence.LIKELY


def test_fires_as_a_warning_while_the_server_runs() -> None:
    refused = WebServerTest(product="apache", passed=False, message=f"{PATH}: bad end line")
    (claim,) = judge(CHECK, APACHE, apache_config(), refused, GOOD)
    assert claim.facts["running"] is True
    assert claim.severity is Severity.WARNING


def test_silent_about_a_key_of_another_certificate_and_other_messages() -> None:
    assert not claims(GOOD, words="AH02565: Certificate and private key do not match")
    assert not claims(GOOD, words="AH00072: make_sock: could not bind to address 0.0.0.0:443")
    assert not claims(GOOD)


def test_silent_while_it_runs_and_its_test_passes() -> None:
    damaged = replace(GOOD, labels=("CERTIFICATE", "CERTIFICATE"))
    assert not judge(CHECK, APACHE, apache_config(), PASSED, damaged)


def test_fires_for_a_text_in_haproxys_folder_and_lets_it_go_away() -> None:
    text = haproxy_evidence.TEXT.replace(haproxy_evidence.PEM, "/etc/haproxy/certs/")
    parsed = parse([(haproxy_evidence.CONFIG, text)], [])
    loaded = {"/etc/haproxy/certs/": ("/etc/haproxy/certs/README", "/etc/haproxy/certs/shop.pem")}
    config = replace(haproxy_evidence.config(text), sites=sites_of(parsed, loaded))
    words = "unable to load certificate from file '/etc/haproxy/certs/README': no start line."
    refused = WebServerTest(product="haproxy", passed=False, message=words)
    (claim,) = judge(CHECK, replace(haproxy_evidence.SERVER, pid=None), config, refused)
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert step.argv == ("mv", "-n", "/etc/haproxy/certs/README", "/etc/haproxy/README")
