from dataclasses import replace
from datetime import timedelta

from diagnose.model import Applicability, Command, Confidence, Severity
from diagnose.model.kernel import Boot
from diagnose.model.server import Listener, Listeners
from tests.checks.certificate.test_renewed_elsewhere import FILE, NEW, OTHER
from tests.support.check_evidence import NOW, judge
from tests.support.program_certificates import BY_HAND, LIVE, named
from tests.support.renewed_certificate import OLD, SERVED

CHECK = "certificate.program-not-restarted"
NODE = Listener(address="0.0.0.0", port=443, family=4, pid=20, process="node")
LISTENING = Listeners(sockets=(NODE,))


def test_fires_and_names_the_program_and_the_file() -> None:
    (claim,) = judge(CHECK, SERVED, LISTENING, OTHER)
    assert (claim.facts["process"], claim.facts["file"]) == ("node", OTHER.path)
    assert claim.severity is None


def test_fires_and_restarts_the_service_that_runs_the_program() -> None:
    boot = Boot(
        manager="systemd", service="shop.service", state="enabled", running=True, process="node"
    )
    (claim,) = judge(CHECK, SERVED, LISTENING, OTHER, boot)
    assert claim.fix
    assert [step.argv for step in claim.fix.steps if isinstance(step, Command)] == [
        ("systemctl", "restart", "shop.service")
    ]
    assert claim.fix.applicability is Applicability.REVIEW
    for other in (
        replace(boot, process="java"),
        replace(boot, by_hand=True),
        replace(boot, service="supervisor.service"),
        replace(boot, manager="openrc", service="shop"),
    ):
        (claim,) = judge(CHECK, SERVED, LISTENING, OTHER, other)
        assert not claim.facts["unit"]


def test_a_certificate_that_expires_soon_is_a_warning() -> None:
    soon = replace(OLD, not_after=NOW + timedelta(days=3))
    (claim,) = judge(CHECK, replace(SERVED, chain=(soon,), failure=None), LISTENING, OTHER)
    assert claim.severity is Severity.WARNING


def test_silent_for_web_servers_and_without_a_later_certificate_with_a_key() -> None:
    nginx = Listeners(sockets=(replace(NODE, process="nginx"),))
    assert not judge(CHECK, SERVED, nginx, OTHER)
    assert not judge(CHECK, SERVED, LISTENING, replace(OTHER, key=""))
    assert not judge(CHECK, SERVED, LISTENING, replace(OTHER, leaf=OLD))
    assert not judge(CHECK, SERVED, LISTENING, OTHER, FILE)
    assert not judge(CHECK, replace(SERVED, chain=(NEW,)), LISTENING, OTHER)


def test_fires_for_an_old_copy_and_writes_the_renewed_one_into_it() -> None:
    own = named("/srv/shop/tls/cert.pem", OLD, key="/srv/shop/tls/key.pem")
    (claim,) = judge(CHECK, SERVED, LISTENING, OTHER, own)
    assert claim.fix
    assert [step.argv[-2:] for step in claim.fix.steps if isinstance(step, Command)] == [
        ("/srv/shop/tls/cert.pem", OTHER.path),
        ("/srv/shop/tls/key.pem", OTHER.key),
        ("restart", "shop"),
    ]
    assert (claim.facts["copy"], claim.confidence) == (own.path, Confidence.CERTAIN)
    (claim,) = judge(CHECK, SERVED, LISTENING, OTHER, replace(own, key=own.path))
    assert claim.fix
    assert len(claim.fix.steps) == 2


def test_fires_and_leaves_a_copy_to_a_person_whose_key_is_not_known() -> None:
    for own in (
        named("/srv/shop/tls/cert.pem", OLD),
        named(f"{LIVE}/cert.pem", OLD, key=f"{LIVE}/privkey.pem"),
        named("/srv/shop/cert.pem", OLD, key="/root/.acme.sh/other/other.key"),
        named(
            "/srv/shop/cert.pem", replace(OLD, dns_names=(*OLD.dns_names, "b.example")), key="/k"
        ),
    ):
        (claim,) = judge(CHECK, SERVED, LISTENING, OTHER, own)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_leaves_a_copy_to_a_person_where_the_renewed_one_may_not_be_trusted() -> None:
    own = named("/srv/shop/cert.pem", OLD, key="/srv/shop/key.pem")
    private = replace(OTHER, tool="", leaf=replace(OTHER.leaf, issuer="CN=Own root"))
    (claim,) = judge(CHECK, SERVED, LISTENING, private, own)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_starts_a_program_again_that_no_service_has() -> None:
    own = named(OTHER.path, OTHER.leaf, unit="", starter=BY_HAND)
    (claim,) = judge(CHECK, SERVED, LISTENING, OTHER, own, FILE)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.confidence is Confidence.CERTAIN
