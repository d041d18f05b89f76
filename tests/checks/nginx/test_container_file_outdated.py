from dataclasses import replace

from diagnose.model import Applicability, Confidence, Severity
from diagnose.model.containers import BindMount
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxProcess, NginxState
from tests.checks.certificate.test_renewed_not_loaded import FILE, NEW
from tests.checks.upstream.test_container_loopback import OWN
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import config
from tests.support.renewed_certificate import OLD, SERVED

CHECK = "nginx.container-file-outdated"
MOUNT = BindMount(FILE.path, "/srv/certs/shop.pem", replaced=True)
MASTER = NginxProcess(pid=77, binary="/usr/sbin/nginx", container=("docker", "exec", "proxy"))
STATE = NginxState(installed=True, masters=(MASTER,))
OUTDATED = replace(OWN, mounts=(MOUNT,))
EXPIRED = replace(FILE, chain=(OLD,), sha256="aa")


def test_fires_for_a_certificate_that_has_expired_in_the_container() -> None:
    (claim,) = judge(CHECK, OUTDATED, config(), STATE, EXPIRED, SERVED)
    assert claim.severity is None
    assert claim.facts["source"] == "/srv/certs/shop.pem"
    assert claim.covers
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.fix.steps[0].argv == ("docker", "restart", "proxy")  # type: ignore[union-attr]


def test_fires_as_a_warning_while_the_old_one_is_good() -> None:
    good = replace(SERVED, chain=(NEW,), failure=None)
    (claim,) = judge(CHECK, OUTDATED, config(), STATE, FILE, good)
    assert claim.severity is Severity.WARNING


def test_silent_where_the_file_is_the_same_or_not_nginxs() -> None:
    same = replace(OWN, mounts=(replace(MOUNT, replaced=False),))
    assert not judge(CHECK, same, config(), STATE, EXPIRED, SERVED)
    other = replace(OWN, mounts=(replace(MOUNT, point="/etc/hosts"),))
    assert not judge(CHECK, other, config(), STATE, EXPIRED, SERVED)


PLAIN = config()
MAIN = replace(OWN, mounts=(BindMount(PLAIN.path, "/srv/nginx.conf", replaced=True),))


def test_an_old_configuration_is_an_error_while_the_page_fails() -> None:
    """Whatever was corrected in the server's file, nginx does not have it."""
    failed = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=502)
    (claim,) = judge(CHECK, MAIN, PLAIN, STATE, failed)
    assert (claim.severity, claim.confidence) == (None, Confidence.LIKELY)
    assert failed in claim.because
    (claim,) = judge(CHECK, MAIN, PLAIN, STATE, replace(failed, status=200))
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.CERTAIN)
