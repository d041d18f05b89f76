"""The certificate does not cover the name that visitors use (RFC 9525). It says which names it
does cover and what keeps the nearest from reaching; see `diagnose.parsers.hostnames`.

A certificate for another name is not the site's own: renewing it, or completing its chain,
would help nobody. So it explains these; see `checks.certificate`.
"""

from collections.abc import Iterator

from checks.certificate import BROUGHT_ABOUT, REPLACED, by_hand, claim, replaced
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Certificate, Handshake, served
from diagnose.parsers.hostnames import covers, why_not

_SHOWN = 12


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=[
        "certificate.chain-incomplete",
        "certificate.rejected",
        "certificate.untrusted-root",
        "certificate.wrong-intermediate",
        *REPLACED,
        *BROUGHT_ABOUT,
    ],
)
def name_mismatch(evidence: Evidence) -> Iterator[Claim]:
    host = evidence.target.host
    for one in served(evidence):
        names, addresses = names_of(one.leaf)
        if covers(host, names, addresses) or "names" in one.leaf.unread:
            continue
        why, nearest = why_not(host, names)
        covered = tuple(dict.fromkeys((*names, *addresses)))
        fix, place = replaced(evidence, one)
        facts = {
            **place,
            "covered": covered[:_SHOWN] or ("-",),
            "more": max(len(covered) - _SHOWN, 0),
            "nearest": nearest,
            **{f"why_{each}": each == why for each in ("apex", "depth", "www", "address")},
        }
        yield claim(evidence, one, facts, fix or by_hand("cover-the-name"))


def names_of(leaf: Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names and addresses it means; where it has none but a common name, that one, so that
    `no-san` alone speaks where the name itself is right."""
    if leaf.dns_names or leaf.addresses or not leaf.common_name:
        return leaf.dns_names, leaf.addresses
    return (leaf.common_name,), (leaf.common_name,)
