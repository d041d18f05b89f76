"""The certificate is its own issuer (OpenSSL: 18): a placeholder of a distribution, a panel or a
test, or one made by hand. It must be replaced, so this check explains its dates, names and
strength; see `checks.certificate`.

Controllers that are given certificates by name serve one of their own where they have none for a
name: ingress-nginx (internal/ingress/controller/store, "Kubernetes Ingress Controller Fake
Certificate") and Traefik (pkg/tls/generate, "TRAEFIK DEFAULT CERT").
"""

from collections.abc import Iterator

from checks.certificate import COMMON_EFFECTS, REPLACEABLE_FAULTS, chain_fault, claim, request_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, served_certificates

#: The names in the certificates that controllers make for themselves.
_CONTROLLERS = {
    "Kubernetes Ingress Controller Fake Certificate": "ingress-nginx",
    "TRAEFIK DEFAULT CERT": "Traefik",
}
_STEPS = {"ingress-nginx": "name-the-secret", "Traefik": "name-the-resolver"}


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=["certificate.name-mismatch", *REPLACEABLE_FAULTS, *COMMON_EFFECTS],
)
def self_signed(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(
        evidence, lambda handshake: chain_fault(evidence, handshake) == "self-signed"
    ):
        # Imported late: few certificates are signed by themselves.
        from checks.certificate._replacement import replacement_fix

        fix, replacement_facts = replacement_fix(evidence, served_cert)
        controller = _CONTROLLERS.get(served_cert.leaf.common_name, "")
        yield claim(
            evidence,
            served_cert,
            {
                **replacement_facts,
                "controller": controller,
                "traefik": controller == "Traefik",
            },
            fix or request_fix(evidence, _STEPS.get(controller, "get-a-certificate")),
        )
