"""The certificate authority asks from several places of the world, and one of them is shut out of
port 80: "During secondary validation: … Timeout during connect". The first validation passed, so
the port is open and the name is right; a list of networks, of countries mostly, drops the others.

The addresses from which the authority asks are not published, so this is likely and not certain.
"""

from collections.abc import Iterator

from checks.firewall._netfilter import netfilter_view
from checks.firewall._shut_out import shut_out
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.netfilter import Ruleset
from diagnose.model.renewal import RenewalFailure
from diagnose.parsers.linux.bans import network

#: The authority's words (Boulder, "va"), and the port of a challenge over http.
_WORDS, _PORT = "secondary validation", 80
#: How many networks are shown.
_SHOWN = 5


@check(
    severity=Severity.ERROR,
    needs=[Ruleset],
    explains=["certificate.renewal-failed", "certificate.expired", "certificate.expires-soon"],
)
def validation_blocked(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    failures: list[Observation] = [
        failure for failure in evidence.good(RenewalFailure) if _WORDS in failure.message.lower()
    ]
    if not failures and (symptom is None or _WORDS not in symptom.text.lower()):
        return
    view = netfilter_view(evidence)
    counts, addresses = shut_out(view, _PORT)
    networks = [address for address in dict.fromkeys(addresses) if _is_wide(address)]
    if not networks:
        return
    shown, count = tuple(networks[:_SHOWN]), sum(counts.values())
    yield Claim(
        about=Subject(port=_PORT, text=f"{_PORT}/tcp, secondary validation"),
        covers=(Subject(port=_PORT),),
        because=(*view.because, *failures),
        confidence=Confidence.LIKELY,
        facts={
            "networks": (*shown, f"+{count - len(shown)}") if count > len(shown) else shown,
            "makers": tuple(f"{name}: {number}" for name, number in counts.items()),
            "name": evidence.target.host,
        },
        fix=Fix((Manual("let-it-in", Where.SERVER),), Applicability.MANUAL),
    )


def _is_wide(address: str) -> bool:
    """Return whether this is a network, and no single visitor who is banned."""
    subnet = network(address)
    return subnet is not None and subnet.num_addresses > 1
