"""nginx itself refuses one visitor by address: `deny`, an allow-list without the visitor, a `geo`
or `map` of addresses that ends in `return 403`.

It is a fault for the visitor of this run (`--from`), likely for one whom a message names, and, if
the rule names that very address, for a person who is logged in over SSH. A whole site that no
address may enter is a warning, and so is, after a message about 403, a line that refused visitors
by the error log. Otherwise a note says that the page is not open to all.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from checks.firewall._visitors import ssh_clients
from checks.http import exchanges_by_purpose
from checks.nginx import Nginx, file_line
from checks.nginx._access import PathAccess, first_networks, in_force, visitor_access
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._failed_requests import current_failures
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.visitor import visitor_address
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.access_rules import access_rules
from diagnose.parsers.nginx.locations import LocationMatch

#: Addresses of five parts of the world, one of each registry: who is none of the site's own.
_STRANGERS = ("12.0.0.1", "41.0.0.1", "62.0.0.1", "200.0.0.1", "202.0.0.1")
#: A message may be about the addresses too, and has the status in its words.
_FORBIDDEN = re.compile(r"\b403\b")
EXPLAINS = ["nginx.other-requests-failed", "nginx.rule-refuses"]
#: By what a visitor is known: the option `--from`, a message, a login over SSH.
Source = Literal["option", "words", "ssh"]


@check(severity=Severity.ERROR, needs=[NginxConfig], explains=EXPLAINS)
def visitor_denied(evidence: Evidence) -> Iterator[Claim]:
    nginx, visitor = Nginx.of(evidence), visitor_address(evidence)
    denied = False
    for person, source in _persons(evidence, visitor):
        if denied and source == "ssh":
            break
        denials_by_rule: dict[int, list[PathAccess]] = {}
        for access in _accesses(nginx, person, source):
            rule = access.answer.decided_by
            personal = access.answer.verdict == "denied" and access.answer.personal
            if personal and rule and (source != "ssh" or rule.args[:1] != ("all",)):
                denials_by_rule.setdefault(id(rule), []).append(access)
        for accesses in denials_by_rule.values():
            denied = True
            yield _denied(nginx, person, accesses, source)
    if not denied and not visitor:
        logged = (_logged(nginx) if _is_told(evidence) else None) or _of_one_family(nginx)
        yield from (logged,) if logged else _restriction_notes(nginx)
        yield from _computed_restrictions(nginx)


def _persons(evidence: Evidence, visitor: str) -> Iterator[tuple[str, Source]]:
    """Yield the visitors who are judged one by one, and who names them."""
    if visitor:
        yield visitor, "option"
    elif evidence.target.symptom is not None:
        # Imported late: few messages name a visitor.
        from checks.nginx._told_visitors import named_visitors

        yield from ((person, "words") for person in named_visitors(evidence))
    yield from ((person, "ssh") for person in (() if visitor else ssh_clients(evidence)))


def _accesses(nginx: Nginx, person: str, source: Source) -> list[PathAccess]:
    if source != "words":
        return list(visitor_access(nginx, person))
    from checks.nginx._told_visitors import told_access

    return told_access(nginx, person)


def _denied(nginx: Nginx, visitor: str, accesses: list[PathAccess], source: Source) -> Claim:
    answer = accesses[0].answer
    rule = answer.decided_by
    assert rule is not None
    paths = tuple(dict.fromkeys(access.path for access in accesses))
    target = nginx.evidence.target
    serious = any(path == target.path or path in target.websockets for path in paths)
    return Claim(
        about=Subject(name=target.host, path=paths[0] if len(paths) == 1 else None),
        covers=(Subject(),) if source == "words" else (),
        because=(nginx.config,) if nginx.config else (),
        severity=Severity.ERROR if serious and source != "words" else Severity.WARNING,
        # A list that keeps somebody out may be meant.
        confidence=Confidence.LIKELY if source == "words" else Confidence.CERTAIN,
        is_reported=source == "words",
        facts={
            **_note(nginx, rule, (), False).facts,
            "visitor": visitor,
            "asked": source == "option",
            "told": source == "words",
            "paths": paths,
            "rule": f"{rule.name} {' '.join(rule.args)}",
            "place": file_line(rule),
            "status": answer.status or "",
            "listed": rule.name == "deny" and rule.args[0] != "all",
            "reserved": rule.name == "deny" and rule.args[0] == "all",
            "computed": rule.name != "deny",
            "header": _header(accesses[0]),
        },
        location=nginx.location(rule),
        fix=_fix(nginx, visitor, rule),
    )


def _logged(nginx: Nginx) -> Claim | None:
    """Return the claim about visitors whom the log names, after a message about 403."""
    # Imported late: few messages are about refused visitors.
    from checks.nginx._logged_denials import denial_fix, logged_denial

    answered, refused = _answered(nginx.evidence), _refused_pages(nginx.evidence)
    denial = logged_denial(nginx) if answered or refused else None
    if denial is None:
        return None
    note = _note(nginx, denial.rule, (), False)
    return replace(
        note,
        about=Subject(name=nginx.evidence.target.host, path=nginx.evidence.target.path),
        because=(denial.line, *answered, *refused, *note.because),
        severity=Severity.WARNING,
        confidence=Confidence.LIKELY,
        facts={
            **note.facts,
            "visitor": denial.visitors[-1],
            "header": denial.field,
            "listed": True,
            "status": 403,
            "log": denial.line.file,
            "refused": denial.visitors,
            "answered": bool(answered) and not refused,
        },
        fix=denial_fix(nginx, denial),
    )


def _of_one_family(nginx: Nginx) -> Claim | None:
    """Return the claim about a list that has networks of one family only, while the log names
    refused visitors of the other one, and no other."""
    # Imported late: few sites have such a list.
    from checks.nginx._family_lists import allowed_families, family_denial

    denial = family_denial(nginx, is_told=_is_told(nginx.evidence))
    if denial is None:
        return None
    target = nginx.evidence.target
    note = _note(nginx, denial.rule, first_networks(denial.networks), True)
    return replace(
        note,
        about=Subject(name=target.host, path=target.path),
        covers=(Subject(),),
        because=(*denial.lines, *_refused_pages(nginx.evidence), *note.because),
        severity=Severity.WARNING,
        confidence=Confidence.LIKELY,
        facts={
            **note.facts,
            "log": denial.lines[-1].file,
            "refused": denial.visitors,
            **denial.facts,
        },
        fix=allowed_families(nginx, denial),
    )


def _header(access: PathAccess) -> str:
    """Return the header from which nginx takes the visitor's address behind a proxy."""
    location_match = LocationMatch(
        (access.selected_server.server.http, access.selected_server.server.block)
    )
    if not location_match.directives("set_real_ip_from"):
        return ""
    directive = location_match.directive("real_ip_header")
    return directive.args[0] if directive and directive.args else "X-Real-IP"


def _fix(nginx: Nginx, visitor: str, rule: Directive) -> Fix:
    """Remove a rule about this one address; before any other rule, insert an exception."""
    # Imported late: few sites have such a list.
    from checks.nginx._address_lists import passing_visitor

    typed = passing_visitor(nginx, rule, visitor) if rule.name != "deny" else ()
    step = Manual("change-the-list", Where.SERVER, commands=typed)
    manual = Fix((step,), Applicability.MANUAL)
    file = nginx.file(rule)
    if rule.name != "deny" or file is None:
        return manual
    alone = rule.args[0] in {visitor, f"{visitor}/32", f"{visitor}/128"}
    if alone:
        change = edits.remove_directive(file.text, rule)
    else:
        change = edits.insert_before(file.text, rule, [f"allow {visitor};"])
    edit = config_edit(nginx, rule.file, change)
    if edit is None:
        return manual
    steps: tuple[Step, ...] = (edit, *reload_steps(nginx))
    return Fix(steps, Applicability.REVIEW)


# Runs without a visitor


def _restriction_notes(nginx: Nginx) -> Iterator[Claim]:
    """Note that the page is closed to some addresses, or open to some only."""
    target = nginx.evidence.target
    for location_match in nginx.location_matches(target.path):
        access_directives = access_rules(location_match)
        deciding, dead = in_force(access_directives)
        allowed = tuple(directive.args[0] for directive in deciding if directive.name == "allow")
        denied = tuple(
            directive.args[0] for directive in access_directives if directive.name == "deny"
        )
        if not denied:
            continue
        reserved = "all" in denied
        sources = allowed if reserved else denied
        first = next(directive for directive in access_directives if directive.name == "deny")
        note = _note(nginx, first, first_networks(sources), reserved)
        refused = _refused_pages(nginx.evidence)
        # `location /` alone may be closed on purpose, as of an interface without a page there.
        is_of_all = first not in (location_match.block.block or ()) or (
            location_match.block.name == "server"
        )
        is_closed = bool(refused) and note.facts["nobody"] and is_of_all and target.path == "/"
        # This server may come in, and a message says that a visitor may not.
        is_told = reserved and bool(allowed) and not refused and _is_told(nginx.evidence)
        is_closed = is_closed or (is_told and bool(_answered(nginx.evidence)))
        step = "allow-first" if dead else "open-site" if is_closed else ""
        both_fix = None
        if reserved and allowed and refused and _is_told(nginx.evidence):
            # Imported late: few sites have such a list.
            from checks.nginx._address_lists import either_one

            both_fix = either_one(nginx, location_match)
        yield replace(
            note,
            about=Subject(name=target.host, path=target.path),
            because=(*refused, *note.because),
            severity=Severity.WARNING if step else Severity.NOTE,
            confidence=Confidence.LIKELY if is_told else note.confidence,
            facts={
                **note.facts,
                "dead": first_networks(tuple(rule.args[0] for rule in dead)),
                "both": both_fix is not None and not step,
            },
            fix=_list_fix(nginx, step, first, dead)
            if step
            else both_fix
            if both_fix
            else _page_fix(nginx, first)
            if refused and note.facts["nobody"] and _is_told(nginx.evidence)
            else None,
        )


def _page_fix(nginx: Nginx, deny: Directive) -> Fix | None:
    """Say what passes this page on, if it is the application's; None where it may be a file."""
    # Imported late: few sites refuse a page of their own.
    from checks.nginx._refused_paths import passed_page

    typed = passed_page(nginx, deny, nginx.evidence.target.path)
    step = Manual("pass-the-page", Where.SERVER, commands=typed)
    return Fix((step,), Applicability.MANUAL) if typed else None


def _answered(evidence: Evidence) -> list[Exchange]:
    """Return the responses with which this run's own requests for the page succeeded."""
    return [page for page in page_exchanges(evidence) if 0 < (page.status or 0) < 400]


def _list_fix(nginx: Nginx, step: str, deny: Directive, dead: tuple[Directive, ...]) -> Fix:
    """Say what a person types: the lines in the order that is meant, or a site that is open."""
    # Imported late: few sites have such a list.
    from checks.nginx._address_lists import allowed_first, opened_site

    is_order = step == "allow-first"
    typed = allowed_first(nginx, deny, dead) if is_order else opened_site(nginx, deny)
    return Fix((Manual(step, Where.SERVER, commands=typed),), Applicability.MANUAL)


def _is_told(evidence: Evidence) -> bool:
    """Return whether a message says that a visitor gets 403: else the rules are meant as they
    are."""
    symptom = evidence.target.symptom
    return symptom is not None and (
        symptom.number == 403 or _FORBIDDEN.search(symptom.text) is not None
    )


def _computed_restrictions(nginx: Nginx) -> Iterator[Claim]:
    """Note a rule that computes a value from the address and refuses all strangers, while this
    run's own request was answered. It is a warning if visitors met it who used the site's page."""
    target = nginx.evidence.target
    answered = _answered(nginx.evidence)
    results = [
        access.answer
        for stranger in _STRANGERS
        for access in visitor_access(nginx, stranger)
        if access.path == target.path
    ]
    rule = results[0].decided_by if results else None
    if not answered or rule is None or rule.name in {"allow", "deny"}:
        return
    if any(
        result.verdict != "denied" or not result.personal or result.decided_by is not rule
        for result in results
    ):
        return
    status = results[0].status
    refused = tuple(
        failure for failure in current_failures(nginx.evidence, {status}) if failure.is_from_page
    )
    note, is_met = _note(nginx, rule, (), False), bool(refused) or _is_met(nginx.evidence, status)
    yield replace(
        note,
        about=Subject(name=target.host, path=target.path, text=file_line(rule)),
        covers=(Subject(),) if refused else note.covers,
        because=(*answered, *refused, *note.because),
        severity=Severity.WARNING if is_met else Severity.NOTE,
        confidence=Confidence.CERTAIN if refused or not is_met else Confidence.LIKELY,
        facts={**note.facts, "strangers": status or "", "met": bool(refused)},
        fix=_strangers_fix(nginx, rule) if is_met else None,
    )


def _is_met(evidence: Evidence, status: int | None) -> bool:
    """Return whether a message says what such a rule does to a visitor: its status, or a connection
    that is closed without an answer (444, ngx_http_rewrite_module, "return")."""
    symptom = evidence.target.symptom
    if symptom is None or status is None:
        return False
    return symptom.number == status or (status == 444 and symptom.kind == "closed")


def _strangers_fix(nginx: Nginx, rule: Directive) -> Fix:
    # Imported late: few sites have such a list.
    from checks.nginx._address_lists import passing_everybody

    typed = passing_everybody(nginx, rule)
    return Fix((Manual("let-strangers-in", Where.SERVER, commands=typed),), Applicability.MANUAL)


def _refused_pages(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return the responses with which such a rule refuses this run's own requests for the page."""
    pages = exchanges_by_purpose(evidence, "target")
    return tuple(page for page in pages if page.status == 403)


def _note(nginx: Nginx, first: Directive, sources: tuple[str, ...], reserved: bool) -> Claim:
    return Claim(
        about=Subject(),
        because=(nginx.config,) if nginx.config else (),
        severity=Severity.NOTE,
        facts={
            "visitor": "",
            "paths": (nginx.evidence.target.path,),
            "rule": f"{first.name} {' '.join(first.args)}",
            "place": file_line(first),
            "reserved": reserved,
            "sources": () if reserved else sources,
            "closed": sources if reserved else (),
            "nobody": reserved and not sources,
            "dead": (),
            "both": False,
            "strangers": "",
            "met": False,
            "log": "",
            "refused": (),
            "answered": False,
            "only": "",
            "lacking": "",
            "asked": False,
            "told": False,
            "status": "",
            "header": "",
            "computed": False,
            "listed": False,
        },
        location=nginx.location(first),
    )
