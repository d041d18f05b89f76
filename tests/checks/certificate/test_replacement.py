from dataclasses import replace

from checks.certificate._replacement import replacement_fix
from diagnose.model import Applicability, Edit, Fix, Observation
from diagnose.model.tls import Certificate, served_certificates
from tests.support.certificates import LEAF, LIVE, OTHER_FILE, SELF, in_use, visit
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import RUNNING, SITE, config

NONE = (None, {"other": "", "place": ""})


def replacement(
    certificate: Certificate, *observations: Observation, text: str = SITE
) -> tuple[Fix | None, dict[str, str]]:
    """The replacement for a certificate that nginx serves from the file of its configuration."""
    given = evidence(visit(certificate), in_use(certificate), RUNNING, config(text), *observations)
    (served,) = served_certificates(given)
    return replacement_fix(given, served)


def test_a_stand_in_is_replaced_by_the_good_certificate_on_the_server() -> None:
    fix, facts = replacement(SELF, OTHER_FILE)
    assert fix
    (edit, *_) = fix.steps
    assert isinstance(edit, Edit)
    assert f"+    ssl_certificate {LIVE}/fullchain.pem;" in edit.diff
    assert fix.applicability is Applicability.AUTOMATIC
    assert facts == {"other": f"{LIVE}/fullchain.pem", "place": "/etc/nginx/nginx.conf:5"}


def test_a_certificate_for_another_name_is_replaced_too() -> None:
    fix, facts = replacement(replace(LEAF, dns_names=("blog.example.com",)), OTHER_FILE)
    assert fix
    assert facts["other"] == OTHER_FILE.path


def test_there_is_nothing_without_a_good_certificate() -> None:
    assert replacement(SELF) == NONE
    assert replacement(SELF, replace(OTHER_FILE, key="")) == NONE
    assert replacement(SELF, replace(OTHER_FILE, leaf=replace(SELF, sha256="06"))) == NONE


def test_the_sites_own_certificate_is_not_replaced() -> None:
    assert replacement(LEAF, OTHER_FILE) == NONE


def test_a_block_of_another_name_keeps_its_certificate() -> None:
    other = SITE.replace("server_name shop.example.com", "server_name blog.example.com")
    assert replacement(SELF, OTHER_FILE, text=other) == NONE
