from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.nginx import CertificateFile
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge
from tests.support.renewed_certificate import SERVED
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config

CHECK = "server.site-without-certificate"
TLS = "    SSLEngine on\n    SSLCertificateFile {0}.pem\n    SSLCertificateKeyFile {0}.key\n"
OWN = "<VirtualHost *:443>\n    ServerName shop.example.com\n{}</VirtualHost>\n"
OTHERS = "".join(
    f"<VirtualHost *:443>\n    ServerName {name}\n{TLS.format(path)}</VirtualHost>\n"
    for name, path in (("a.example.org", "/etc/ssl/a"), ("www.shop.example.com", "/etc/ssl/www"))
)
FIRST = replace(LEAF, dns_names=("a.example.org",), sha256="aa")
VISIT = replace(SERVED, chain=(FIRST,))
FILE = CertificateFile(path="/etc/ssl/a.pem", sha256="aa", chain=(FIRST,))
BOTH = replace(LEAF, dns_names=("www.shop.example.com", "shop.example.com"), sha256="bb")
FITTING = CertificateFile(path="/etc/ssl/www.pem", sha256="bb", chain=(BOTH,))


def asked(own: str, *files: Any, others: str = OTHERS, visit: Any = VISIT) -> list[Claim]:
    config = apache_config(OWN.format(own) + others)
    return judge(CHECK, APACHE, config, LISTENING, visit, *files)


def test_fires_and_writes_the_certificate_of_the_block_beside_it() -> None:
    (claim,) = asked("    Redirect / https://www.shop.example.com/\n", FILE, FITTING)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["other"] == "a.example.org"
    assert claim.facts["fitting"] == "/etc/ssl/www.pem"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    added = "".join(f"+{line}\n" for line in TLS.format("/etc/ssl/www").splitlines())
    assert f" <VirtualHost *:443>\n{added}" in edit.diff


def test_fires_without_an_edit_where_no_certificate_is_for_the_name() -> None:
    for files in ((FILE,), ()):
        (claim,) = asked("", *files)
        assert claim.confidence is (Confidence.LIKELY if not files else Confidence.CERTAIN)
        assert not claim.facts["fitting"]
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize("own", [TLS.format("/etc/ssl/shop"), "    SSLEngine on\n"])
def test_silent_where_the_block_has_tls(own: str) -> None:
    assert not asked(own, FILE, FITTING)


def test_silent_where_no_block_has_tls_or_the_certificate_is_for_the_name() -> None:
    assert not asked("", FILE, others="")
    assert not asked("", FITTING, visit=replace(SERVED, chain=(BOTH,)))
    named = OWN.replace("ServerName shop", "ServerName pages")
    config = apache_config(named.format("") + OTHERS)
    assert not judge(CHECK, APACHE, config, LISTENING, VISIT, FILE)
