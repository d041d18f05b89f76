from checks.nginx import Nginx
from checks.upstream import backends
from checks.upstream._claims import BackendFault, upstream_claim
from diagnose.model import Claim, Confidence, Fix, Observation, Severity, Subject
from tests.support.check_evidence import REFUSED, evidence
from tests.support.upstreams import DIRECT, PAGE, WELL, proxied, tried

DOWN = tried(failure=REFUSED, path="/")


def claimed(*observations: Observation, **details: object) -> Claim:
    nginx = Nginx.of(evidence(proxied(DIRECT), *observations))
    (backend,) = backends(nginx)
    fault = BackendFault(backend, {"own": 1}, (DOWN,), **details)  # type: ignore[arg-type]
    return upstream_claim(nginx, fault, Fix(()))


def test_a_claim_covers_the_paths_and_shows_what_visitors_get() -> None:
    claim = claimed(PAGE, DOWN)
    assert claim.about == Subject(text="127.0.0.1:3000")
    assert claim.covers == (Subject(port=443, path="/"),)
    assert claim.because[:2] == (DOWN, PAGE)
    assert (claim.facts["status"], claim.facts["own"]) == (502, 1)
    assert (claim.severity, claim.confidence) == (None, Confidence.CERTAIN)
    assert claim.location is not None


def test_a_fault_names_some_servers_and_its_own_severity() -> None:
    ruled_out = ("upstream.timeout",)
    claim = claimed(WELL, endpoints=("a:1",), severity=Severity.ERROR, ruled_out=ruled_out)
    assert claim.facts["application"] == ("a:1",)
    assert claim.severity is Severity.ERROR
    assert claim.ruled_out == ruled_out


def test_a_site_that_works_anyway_gets_a_note() -> None:
    assert claimed(WELL).severity is Severity.NOTE
