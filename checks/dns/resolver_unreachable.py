"""The resolver gives no usable answer to any query, so the fault is not the name's.

Where it is silent and no other machine has answered in this run either, the way may be cut to
everything: then it is likely.
"""

import re
from collections.abc import Iterator, Sequence

from checks.dns._reach import reaches_others
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    commands,
)
from diagnose.model.addresses import LOCAL_ONLY, family_of, is_private, is_within
from diagnose.model.dns import (
    DnsAnswer,
    ResolverConfig,
    answer_text,
    final_answers,
    knows_the_root,
    resolved_addresses,
    this_machine,
)
from diagnose.model.tcp import Uplink
from diagnose.parsers.nginx import edits

# RFC 1035 section 4.1.1: errors by which a server speaks about itself, for any query.
_REFUSALS = {"REFUSED", "NOTIMP", "FORMERR"}
#: The first line that programs write into a file they generate. Manual changes there get lost.
_GENERATED_FILE = re.compile(
    r"generated|managed|overwritten|do not edit|not edit this file", re.IGNORECASE
)
_FAILURES = {"refused", "unreachable", "denied", "protocol", "reset", "closed"}

#: systemd-resolved.service(8): the two addresses of its stub resolver.
_STUBS = {"127.0.0.53", "127.0.0.54"}


@check(
    severity=Severity.ERROR,
    needs=[DnsAnswer],
    needs_fault=[DnsAnswer],
    about_resolver=True,
)
def resolver_unreachable(evidence: Evidence) -> Iterator[Claim]:
    answers = tuple(final_answers(evidence).values())
    all_answers = evidence.of(DnsAnswer)
    failed_answers = _failed_answers(answers, all_answers)
    control_answers = tuple(answer for answer in all_answers if answer.purpose == "control")
    other_answers = tuple(answer for answer in all_answers if answer.purpose == "other-resolver")
    if not failed_answers or any(answer.records for answer in answers):
        return
    working_servers = tuple(
        dict.fromkeys(answer.server for answer in other_answers if _is_usable(answer))
    )
    if not (
        working_servers or any(_is_to_blame(answer, control_answers) for answer in failed_answers)
    ):
        return
    config = next(iter(evidence.of(ResolverConfig)), None)
    silent_servers = (
        failed_answers[0].server,
        *(answer.server for answer in other_answers if answer.server not in working_servers),
    )
    is_silent = all(
        answer.failure is not None and answer.failure.kind == "timeout" for answer in failed_answers
    )
    is_alone = (
        is_silent
        and not is_within(failed_answers[0].server, LOCAL_ONLY)
        and not reaches_others(evidence)
    )
    yield Claim(
        about=Subject(text=f"resolver {failed_answers[0].server}"),
        because=(*failed_answers, *control_answers, *other_answers),
        severity=Severity.NOTE if resolved_addresses(evidence) else None,
        confidence=Confidence.LIKELY
        if is_alone or any(answer.rcode for answer in failed_answers)
        else Confidence.CERTAIN,
        facts={
            "name": failed_answers[0].name,
            "servers": tuple(dict.fromkeys(silent_servers)),
            "server": failed_answers[0].server,
            "file": config.file if config else "",
            "no_family": _missing_family(evidence, failed_answers[0].server),
            "unset": config is not None and not config.servers,
            "outcome": tuple(dict.fromkeys(answer_text(answer) for answer in failed_answers)),
            "transport": failed_answers[0].transport,
            "works": working_servers,
            "stub": failed_answers[0].server in _STUBS,
            "alone": is_alone,
            "reached": bool(resolved_addresses(evidence)),
        },
        fix=_fix(evidence, failed_answers[0].server, config if working_servers else None),
    )


def _failed_answers(
    answers: Sequence[DnsAnswer], all_answers: Sequence[DnsAnswer]
) -> tuple[DnsAnswer, ...]:
    """Return the answers by which the resolver does not help. What is answered without validation
    is `dns.dnssec-bogus`."""
    bogus_types = {
        answer.rdtype
        for answer in all_answers
        if answer.purpose == "unvalidated" and _is_usable(answer)
    }
    return tuple(
        answer
        for answer in answers
        if (answer.failure or answer.rcode in {"SERVFAIL", *_REFUSALS})
        and answer.rdtype not in bogus_types
    )


def _missing_family(evidence: Evidence, server: str) -> str:
    """Return the IP family of the resolver's address if this machine has a route only for the other
    family; "" otherwise."""
    family = family_of(server)
    family_works = {uplink.family: uplink.failure is None for uplink in evidence.of(Uplink)}
    is_missing = (
        not is_private(server) and family_works.get(family) is False and any(family_works.values())
    )
    return f"IPv{family}" if is_missing else ""


def _is_usable(answer: DnsAnswer) -> bool:
    return answer.failure is None and answer.rcode in {"NOERROR", "NXDOMAIN"}


def _is_to_blame(answer: DnsAnswer, control_answers: tuple[DnsAnswer, ...]) -> bool:
    """Return whether the resolver and not the name is at fault, by the kind of failure or because
    it does not answer for the root either."""
    if answer.rcode in _REFUSALS:
        return True
    if any(map(knows_the_root, control_answers)):
        return False
    is_own_failure = answer.failure is not None and answer.failure.kind in _FAILURES
    return is_own_failure or bool(control_answers)


def _fix(evidence: Evidence, server: str, config: ResolverConfig | None) -> Fix:
    """Return the fix. `config` is the resolver configuration that also names a working resolver, if
    any."""
    step_location = this_machine(evidence)
    if server in _STUBS:
        restart = commands.restart_service("systemd-resolved", step_location)
        return Fix((restart,), Applicability.REVIEW)
    if config and not _GENERATED_FILE.search(config.text):
        server_line = re.compile(rf"[ \t]*nameserver[ \t]+{re.escape(server)}[ \t]*(?:[#;].*)?")
        lines = config.text.splitlines(keepends=True)
        remaining_text = "".join(
            line for line in lines if not server_line.fullmatch(line.rstrip("\r\n"))
        )
        if difference := edits.diff(config.file, config.text, remaining_text):
            return Fix((Edit(config.file, difference, step_location),), Applicability.REVIEW)
    return Fix((Manual("name-another-resolver", step_location),), Applicability.MANUAL)
