from dataclasses import replace
from datetime import timedelta

from diagnose.model import Applicability, Claim, Command, Confidence, Observation, Severity
from diagnose.model.files import OtherCertificate
from diagnose.model.nginx import CertificateFile
from tests.support.check_evidence import NOW
from tests.support.check_evidence import judge as put
from tests.support.haproxy_evidence import PEM, SERVER, config
from tests.support.renewed_certificate import OLD
from tests.support.tls_evidence import shake

NEW = replace(
    OLD,
    not_before=NOW - timedelta(days=1),
    not_after=NOW + timedelta(days=89),
    sha256="bb",
    serial="2",
)
FILE = CertificateFile(path=PEM, sha256="aa", chain=(OLD,), changed=500.0)
LIVE = "/etc/letsencrypt/live/shop.example.com"
OTHER = OtherCertificate(
    path=f"{LIVE}/fullchain.pem", leaf=NEW, public="p", key=f"{LIVE}/privkey.pem", tool="certbot"
)


def judge(*observations: Observation) -> list[Claim]:
    return put(
        "server.haproxy-bundle-outdated", SERVER, config(), shake(chain=(OLD,)), *observations
    )


def test_fires_where_certbots_files_are_newer() -> None:
    (claim,) = judge(FILE, OTHER)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.AUTOMATIC
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert step.argv[-3:] == (PEM, f"{LIVE}/fullchain.pem", f"{LIVE}/privkey.pem")
    assert step.changes == (PEM,)


def test_fires_for_review_where_another_authority_issued_it() -> None:
    (claim,) = judge(FILE, replace(OTHER, leaf=replace(NEW, issuer="CN=another")))
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_without_a_command_where_crt_names_the_tools_own_file() -> None:
    (claim,) = judge(replace(FILE, real=f"{LIVE}/all.pem"), OTHER)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_without_a_key_or_a_later_certificate() -> None:
    assert not judge(FILE, replace(OTHER, key=""))
    assert not judge(FILE, replace(OTHER, leaf=OLD))
    assert not judge(FILE, replace(OTHER, leaf=replace(NEW, dns_names=("other.example",))))


def test_silent_where_the_file_is_not_the_one_that_is_served() -> None:
    assert not judge(replace(FILE, sha256="cc"), OTHER)
    assert not judge(replace(FILE, path="/elsewhere.pem"), OTHER)


EARLY = replace(OLD, not_before=NOW - timedelta(days=62), not_after=NOW + timedelta(days=28))


def early(other: OtherCertificate) -> list[Claim]:
    return put(
        "server.haproxy-bundle-outdated",
        SERVER,
        config(),
        shake(chain=(EARLY,)),
        replace(FILE, chain=(EARLY,)),
        other,
    )


def test_fires_before_the_bundle_expires() -> None:
    days_ago = replace(NEW, not_before=NOW - timedelta(days=5))
    (claim,) = early(replace(OTHER, leaf=days_ago))
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)


def test_silent_while_a_script_may_still_make_the_bundle() -> None:
    assert not early(OTHER)
