from dataclasses import replace

from diagnose.model import Confidence
from diagnose.model.nginx import CertificateFile
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import PEM, SERVER, TEXT, config
from tests.support.tls_evidence import alerted, shake

CHECK = "server.haproxy-name-without-certificate"
LIST = "/etc/haproxy/list.txt"
STRICT = config(TEXT.replace(f"crt {PEM}", f"crt-list {LIST} strict-sni"))
FILE = CertificateFile(path=PEM, chain=(LEAF,))


def test_fires_for_a_list_that_gives_the_file_to_other_names() -> None:
    (claim,) = judge(CHECK, SERVER, STRICT, alerted(112), FILE)
    assert claim.facts["list"] == LIST
    assert claim.facts["fitting"] == (PEM,)
    assert claim.confidence is Confidence.LIKELY


def test_fires_with_certainty_when_no_file_is_for_the_name() -> None:
    other = replace(FILE, chain=(replace(LEAF, dns_names=("www.example.org",)),))
    (claim,) = judge(CHECK, SERVER, STRICT, alerted(40), other)
    assert claim.confidence is Confidence.CERTAIN


def test_silent_without_strict_sni_or_without_the_alert() -> None:
    assert not judge(CHECK, SERVER, config(), alerted(112), FILE)
    assert not judge(CHECK, SERVER, STRICT, shake(), FILE)
    assert not judge(CHECK, SERVER, STRICT, alerted(70), FILE)
