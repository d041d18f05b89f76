"""The certificate does not cover the name that visitors use (RFC 9525). The finding lists the names
that it covers and why the nearest one does not match; see `diagnose.parsers.hostnames`.

A certificate for another name is not the site's own: renewing it or completing its chain would not
help. So this check explains those findings; see `checks.certificate`.
"""

from collections.abc import Iterator

from checks.certificate import COMMON_EFFECTS, REPLACEABLE_FAULTS, claim, manual_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Certificate, Handshake, served_certificates
from diagnose.parsers.hostnames import closest_mismatch, covers

_SHOWN = 12


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=[
        "certificate.chain-incomplete",
        "certificate.rejected",
        "certificate.untrusted-root",
        "certificate.wrong-intermediate",
        *REPLACEABLE_FAULTS,
        *COMMON_EFFECTS,
    ],
)
def name_mismatch(evidence: Evidence) -> Iterator[Claim]:
    host = evidence.target.host
    for served_cert in served_certificates(evidence):
        names, addresses = names_of(served_cert.leaf)
        if covers(host, names, addresses) or "names" in served_cert.leaf.unread:
            continue
        # Imported late: most certificates have the name.
        from checks.certificate._caddy_files import files_line
        from checks.certificate._expansion import (
            expansion_by_hand,
            expansion_fix,
            is_bought,
            is_of_certbot,
        )
        from checks.certificate._replacement import replacement_fix

        mismatch_reason, nearest_name = closest_mismatch(host, names)
        covered_names = tuple(dict.fromkeys((*names, *addresses)))
        fix, replacement_facts = replacement_fix(evidence, served_cert)
        expansion = None if fix else expansion_fix(evidence, served_cert.leaf)
        fix = expansion[0] if expansion else fix
        place, line = ("", "") if fix or mismatch_reason == "address" else files_line(evidence)
        fix = manual_fix("let-caddy-request-it") if place else fix
        facts = {
            **replacement_facts,
            "caddy_place": place,
            "caddy_line": line,
            "inside": False,
            **expansion_by_hand(evidence, served_cert.leaf),
            "certbot": is_of_certbot(evidence, served_cert.leaf),
            "bought": is_bought(evidence, served_cert.leaf),
            "covered": covered_names[:_SHOWN],
            "more": max(len(covered_names) - _SHOWN, 0),
            "nearest": nearest_name,
            **{
                f"why_{reason}": reason == mismatch_reason
                for reason in ("apex", "depth", "www", "address")
            },
        }
        yield claim(evidence, served_cert, facts, fix or manual_fix("cover-the-name"))


def names_of(leaf: Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and addresses that the certificate covers.

    If it has only a common name, return that, so that only `no-san` reports it if the name itself
    is right.
    """
    if leaf.dns_names or leaf.addresses or not leaf.common_name:
        return leaf.dns_names, leaf.addresses
    return (leaf.common_name,), (leaf.common_name,)
