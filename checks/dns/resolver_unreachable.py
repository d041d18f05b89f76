"""The resolver gives no usable answer to whatever it is asked: the fault is not the name's."""

import re
from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
)
from diagnose.model.dns import (
    DnsAnswer,
    ResolverConfig,
    final_answers,
    is_private,
    knows_the_root,
    outcome,
    reached,
    this_machine,
)
from diagnose.model.tcp import Uplink
from diagnose.parsers.nginx import edits

# RFC 1035 section 4.1.1: the server's own words about itself, whatever it is asked.
_REFUSALS = {"REFUSED", "NOTIMP", "FORMERR"}
#: What programs write at the head of the file that they make; what is changed there is lost.
_WRITTEN = re.compile(
    r"generated|managed|overwritten|do not edit|not edit this file", re.IGNORECASE
)
_FAILURES = {"refused", "unreachable", "denied", "protocol", "reset", "closed"}


@check(severity=Severity.ERROR, needs=[DnsAnswer])
def resolver_unreachable(evidence: Evidence) -> Iterator[Claim]:
    final = tuple(final_answers(evidence).values())
    asked = evidence.of(DnsAnswer)
    # What is answered without validation is `dns.dnssec-bogus`.
    bogus = {one.rdtype for one in asked if one.purpose == "unvalidated" and _is_usable(one)}
    failed = tuple(
        one
        for one in final
        if (one.failure or one.rcode in {"SERVFAIL", *_REFUSALS}) and one.rdtype not in bogus
    )
    controls = tuple(one for one in asked if one.purpose == "control")
    others = tuple(one for one in asked if one.purpose == "other-resolver")
    if not failed or any(one.records for one in final):
        return
    works = tuple(dict.fromkeys(one.server for one in others if _is_usable(one)))
    if not (works or any(_is_to_blame(one, controls) for one in failed)):
        return
    config = next(iter(evidence.of(ResolverConfig)), None)
    silent = (failed[0].server, *(one.server for one in others if one.server not in works))
    yield Claim(
        about=Subject(text=f"resolver {failed[0].server}"),
        because=(*failed, *controls, *others),
        severity=Severity.NOTE if reached(evidence) else None,
        confidence=Confidence.LIKELY if any(one.rcode for one in failed) else Confidence.CERTAIN,
        facts={
            "name": failed[0].name,
            "servers": tuple(dict.fromkeys(silent)),
            "server": failed[0].server,
            "file": config.file if config else "",
            "no_family": _missing_family(evidence, failed[0].server),
            "unset": config is not None and not config.servers,
            "outcome": tuple(dict.fromkeys(outcome(one) for one in failed)),
            "transport": failed[0].transport,
            "works": works,
            "reached": bool(reached(evidence)),
        },
        fix=_fix(evidence, failed[0].server, config if works else None),
    )


def _missing_family(evidence: Evidence, server: str) -> str:
    """The family of the resolver's address, where this machine has a way out by the other alone."""
    family = 6 if ":" in server else 4
    ways = {one.family: one.failure is None for one in evidence.of(Uplink)}
    lost = not is_private(server) and ways.get(family) is False and any(ways.values())
    return f"IPv{family}" if lost else ""


def _is_usable(answer: DnsAnswer) -> bool:
    return answer.failure is None and answer.rcode in {"NOERROR", "NXDOMAIN"}


def _is_to_blame(answer: DnsAnswer, controls: tuple[DnsAnswer, ...]) -> bool:
    """Whether it is the resolver and not the name: by the way it fails, or because it knows
    nothing of the root either."""
    if answer.rcode in _REFUSALS:
        return True
    if any(map(knows_the_root, controls)):
        return False
    own = answer.failure is not None and answer.failure.kind in _FAILURES
    return own or bool(controls)


def _fix(evidence: Evidence, server: str, config: ResolverConfig | None) -> Fix:
    """`config` is that which names a resolver that works as well."""
    where = this_machine(evidence)
    # systemd-resolved.service(8): its two stub addresses.
    if server in {"127.0.0.53", "127.0.0.54"}:
        restart = Command(("systemctl", "restart", "systemd-resolved"), where)
        return Fix((restart,), Applicability.REVIEW)
    if config and not _WRITTEN.search(config.text):
        named = re.compile(rf"[ \t]*nameserver[ \t]+{re.escape(server)}[ \t]*(?:[#;].*)?")
        lines = config.text.splitlines(keepends=True)
        left = "".join(line for line in lines if not named.fullmatch(line.rstrip("\r\n")))
        if difference := edits.diff(config.file, config.text, left):
            return Fix((Edit(config.file, difference, where),), Applicability.REVIEW)
    return Fix((Manual("name-another-resolver", where),), Applicability.MANUAL)
