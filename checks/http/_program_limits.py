"""The claim that a program keeps a visitor out, or has reached a limit of its own, by its own words
in a page, in a message, or in its log (`parsers.program_limits`)."""

from collections.abc import Sequence
from dataclasses import replace

from checks.http import endpoint_subjects
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
    Step,
    Subject,
    Where,
    commands,
    firewall_commands,
    merge_subjects,
)
from diagnose.model.addresses import is_loopback, is_private
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.program_logs import ProgramBan
from diagnose.model.visitor import visitor_address
from diagnose.parsers.nginx.edits import diff
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.program_limits import NAMES, ProgramLimit
from diagnose.parsers.told_visitors import addresses_in, told_visitors

#: EADDRNOTAVAIL.
_NO_LOCAL_PORT = 99
#: What counts by the visitor's address.
_COUNTED = {"ban", "rate"}
#: The one field of the request from which a program takes the visitor, without a setting
#: (Vaultwarden: IP_HEADER).
_FIELDS_READ = {"vaultwarden": "X-Real-IP"}
_DECIDED_BY_ADDRESS = {"ban", "rule", "rate"}
#: Programs that keep bans in their memory, or read them at their start, and those with a file.
_KEPT_UNTIL_RESTART = {"qbittorrent", "homeassistant", "webmin"}
_WITH_FILE = {"homeassistant"}


def limit_claim(
    evidence: Evidence,
    limit: ProgramLimit,
    own: Sequence[Exchange],
    place: ProgramBan | None,
    is_told: bool = False,
) -> Claim:
    """Return the claim about the pages that show the words (`own`), or about a message or a log.
    `place` is the program, None if that is not known."""
    subjects = endpoint_subjects(own)
    visitor = _visitor(evidence, limit)
    is_over = not own and limit.limit_of in {"pool", "rate"} and not _fails_now(evidence, limit)
    is_sure = bool(own) or bool(place and place.list_file and place.address in _named(evidence))
    claim = Claim(
        about=merge_subjects(subjects) if own else Subject(port=evidence.target.port),
        covers=subjects,
        because=(*(own or page_exchanges(evidence)), *([place] if place else [])),
        confidence=Confidence.CERTAIN if is_sure else Confidence.LIKELY,
        severity=_severity(evidence, limit, bool(own), is_over),
        is_reported=is_told or (place is not None and not own),
        rests_on_words=not own and place is None,
        facts={
            "url": own[0].url if own else evidence.target.url,
            "status": own[0].status or "" if own else "",
            "program": limit.program,
            "words": limit.words,
            "untried": is_over,
            "visitor": visitor,
            "proxied": bool(visitor) and is_private(visitor),
            "logged": bool(place) and not own,
            "file": place.list_file if place else "",
            "restarts": bool(place and _restart(place)),
            "address": limit.limit_of in _DECIDED_BY_ADDRESS,
            **{each: each == limit.limit_of for each in ("ban", "rule", "rate", "pool")},
            **{name: name == limit.name for name in NAMES},
        },
        fix=_fix(limit, visitor, place),
    )
    if limit.limit_of in _COUNTED and (of_proxy := _of_the_proxy(evidence, claim, limit)):
        return of_proxy
    return _with_source(evidence, claim) if limit.limit_of == "rate" else claim


def _severity(
    evidence: Evidence, limit: ProgramLimit, is_shown: bool, is_over: bool
) -> Severity | None:
    """Return a note for what is over, and for a limit of requests about which nobody asks: it may
    be meant, and this run may have used it up itself."""
    if is_over or (limit.limit_of == "rate" and evidence.target.symptom is None):
        return Severity.NOTE
    return None if is_shown and limit.limit_of != "rate" else Severity.WARNING


def _with_source(evidence: Evidence, claim: Claim) -> Claim:
    """Return the claim with the line by which the program trusts its proxy, if its source was read
    and lacks it: until then it counts all visitors as one."""
    # Imported late: few programs limit requests.
    from checks.upstream._own_remedy import source_remedy

    own = source_remedy(evidence, "trusted_proxy")
    if own is None:
        return claim
    read, remedy = own
    facts = {**claim.facts, **remedy.facts, "untried": False}
    severity = Severity.WARNING if claim.facts["untried"] else claim.severity
    because = (*claim.because, read)
    return replace(claim, because=because, facts=facts, fix=remedy.fix, severity=severity)


def _of_the_proxy(evidence: Evidence, claim: Claim, limit: ProgramLimit) -> Claim | None:
    """Return the claim with what tells the program its visitors, where the words name an address of
    this machine or its network as the visitor's: that is the web server's, and all are one."""
    symptom = evidence.target.symptom
    text = symptom.text if symptom and not claim.facts["logged"] else limit.words
    named = addresses_in(text)
    if not named or not all(is_loopback(address) or is_private(address) for address in named):
        return None
    # Imported late: few programs name their web server.
    from checks.nginx import Nginx
    from checks.nginx._visitor_address import address_fix
    from checks.upstream._comparisons import proxied_match
    from checks.upstream._own_remedy import own_remedy

    nginx = Nginx.of(evidence) if evidence.good(NginxConfig) else None
    match = proxied_match(nginx, evidence.target.path) if nginx else None
    facts = {**claim.facts, "visitor": named[0], "proxied": True}
    known = replace(claim, facts={**facts, "untried": False}, severity=Severity.WARNING)
    field = _FIELDS_READ.get(limit.name, "")
    if nginx is not None and match is not None and not _is_sent(match, field):
        fix = address_fix(nginx, match, _lifting(claim))
        return replace(known, fix=fix, because=(*claim.because, *nginx.configs)) if fix else None
    remedy = None if field else own_remedy(evidence, "trusted_proxy")
    if remedy is None:
        return None
    # What only the documentation names may be right already.
    is_read = not remedy.facts["its_documented"]
    known = known if is_read else replace(claim, facts=facts)
    steps = (*remedy.fix.steps, *(_lifting(claim) if is_read else ()))
    fix = replace(remedy.fix, steps=steps)
    return replace(known, fix=fix, facts={**known.facts, **remedy.facts})


def _lifting(claim: Claim) -> tuple[Step, ...]:
    """Return the commands that lift the ban, without what only a person can do."""
    steps = claim.fix.steps if claim.fix else ()
    return tuple(step for step in steps if not isinstance(step, Manual))


def _is_sent(match: LocationMatch, field: str) -> bool:
    """Return whether a location sends the field that the program reads, or any about the visitor
    if that is not known."""
    from checks.nginx._visitor_address import passes_address

    names = {line.args[0].lower() for line in match.directives("proxy_set_header") if line.args}
    return field.lower() in names if field else passes_address(match)


def logged_ban(evidence: Evidence) -> ProgramBan | None:
    """Return the ban that the program's log names, if it may be what a message is about: 403, or a
    visitor alone: the ban of a visitor who is named, or else the only one. Of several bans most are
    meant."""
    symptom, named = evidence.target.symptom, _named(evidence)
    if symptom is None or symptom.number not in {None, 401, 403}:
        return None
    bans = [
        program_ban
        for program_ban in evidence.good(ProgramBan)
        if program_ban.source == "log" and (not named or program_ban.address in named)
    ]
    return bans[0] if bans and (named or len(bans) == 1) else None


def _named(evidence: Evidence) -> tuple[str, ...]:
    symptom = evidence.target.symptom
    told = told_visitors(symptom.text) if symptom else ()
    return tuple(filter(None, (visitor_address(evidence), *told)))


def _fails_now(evidence: Evidence, limit: ProgramLimit) -> bool:
    """Return whether the page fails as well, or nginx's log of the last minutes has the error."""
    is_failing = any((page.status or 0) >= 500 or page.failure for page in page_exchanges(evidence))
    return is_failing or (
        limit.name == "ports"
        and any(line.errno == _NO_LOCAL_PORT for line in evidence.good(LogLine))
    )


def _visitor(evidence: Evidence, limit: ProgramLimit) -> str:
    """Return the address that is kept out, if somebody names it; "" if nobody does."""
    if limit.limit_of not in _DECIDED_BY_ADDRESS:
        return ""
    return next(iter((*addresses_in(limit.words), *_named(evidence))), "")


def _fix(limit: ProgramLimit, visitor: str, place: ProgramBan | None) -> Fix:
    if limit.name == "crowdsec" and visitor and not is_private(visitor):
        command = firewall_commands.delete_decisions(("--ip", visitor))
        return Fix((command,), Applicability.REVIEW)
    restart = _restart(place) if place and limit.name in _KEPT_UNTIL_RESTART else ()
    edits = _edits(place) if place and place.list_file else ()
    if restart and (edits or limit.name not in _WITH_FILE):
        return Fix((*edits, *restart), Applicability.REVIEW)
    return Fix((Manual("lift", Where.APPLICATION),), Applicability.MANUAL)


def _edits(place: ProgramBan) -> tuple[Edit, ...]:
    """Take the address out of a list in YAML, with the lines below it that are its own."""
    rows, kept, is_own = place.list_text.split("\n"), list[str](), False
    for row in rows:
        is_own = row.strip("\"' \r:") == place.address or (is_own and row[:1] in {" ", "\t"})
        if not is_own:
            kept.append(row)
    text = diff(place.list_file, place.list_text, "\n".join(kept))
    return (Edit(place.list_file, text),) if text else ()


def _restart(place: ProgramBan) -> tuple[Command, ...]:
    """Return what ends the program and starts it again; () if that is not known."""
    if place.container:
        return (commands.restart_container(place.engine, place.container),)
    if place.unit:
        return (commands.restart_service(place.unit.removesuffix(".service")),)
    # Imported late: few programs are started by hand.
    from diagnose.model.program_commands import restart_by

    return restart_by(place.starter) if place.starter else ()
