"""405 Not Allowed: a POST (or another method than GET and HEAD) reaches a location that serves
files. nginx's module for static files refuses it (ngx_http_static_module). Usually the path belongs
to an application, and no location passes it on.

It is judged if the method was asked for (`--method POST`), if a pasted message says 405, if nginx's
access log has such a request from a page of the site, or if the page has a form or a script that
sends one. A rule for what does not exist (`if (!-e $request_filename)`) does not lead "/" to the
application: that folder exists. Where `dav_methods` lets visitors
change files, it may lack that method (ngx_http_dav_module).
"""

import re
from collections.abc import Iterator
from itertools import islice

from checks.http import endpoint_subjects
from checks.http._outside_folders import cause_outside_folder
from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._bypasses import bypasses
from checks.nginx._edits import config_edits
from checks.nginx._failed_requests import current_failures
from checks.nginx._kept_folders import KeptFolder, kept_folder, method_in
from checks.nginx._location_edits import location_fix
from checks.nginx._only_application import folder_of, only_application
from checks.nginx._sent_requests import has_rule_for_method, sent_requests
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.bypasses import Bypass
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import insert_first
from diagnose.parsers.nginx.final_requests import final_location, has_unknown_rules
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, fallback_location

#: Methods that change files (ngx_http_dav_module), and others that a message names.
_CHANGES = {"PUT", "DELETE", "MKCOL", "COPY", "MOVE"}
_METHOD = re.compile(r"\b(?:POST|PUT|PATCH|DELETE|OPTIONS|MKCOL|COPY|MOVE)\b(?= )")


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=["http.cors-refused", "nginx.cors-header-lost", "nginx.other-requests-failed"],
)
def method_not_allowed(evidence: Evidence) -> Iterator[Claim]:
    nginx, symptom = Nginx.of(evidence), evidence.target.symptom
    refused = [page for page in page_exchanges(evidence) if _is_refused(page)]
    is_pasted = symptom is not None and symptom.kind == "status" and symptom.number == 405
    pages = refused or (list(page_exchanges(evidence)) if is_pasted else [])
    in_message = _METHOD.search(symptom.text) if symptom and not refused else None
    method = pages[0].method if refused else in_message[0] if in_message else "POST"
    match = _file_location(nginx, evidence.target.path, method)
    kept_method = method if refused else method_in(symptom)
    kept = kept_folder(nginx, evidence.target.path, kept_method) if pages else None
    if not refused and (logged := _logged_claim(nginx)):
        yield logged
    elif kept is not None and (refused or pages[0].status == 200):
        yield _kept_claim(nginx, kept, tuple(pages), is_asked=bool(refused))
    elif not pages and (sent := _sent_claim(nginx)):
        yield sent
    elif pages and match is not None:
        subjects = endpoint_subjects(pages)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(*pages, *nginx.configs),
            confidence=Confidence.CERTAIN if refused else Confidence.LIKELY,
            location=nginx.location(match.block),
            facts={
                "asked": bool(refused),
                **_facts(nginx, match, evidence.target.path, method),
                "url": pages[0].url,
            },
            fix=_fix(nginx, match, evidence.target.path),
        )
    elif is_pasted:
        yield from _file_claims(nginx, pages, method)


def _file_claims(nginx: Nginx, pages: list[Exchange], method: str) -> Iterator[Claim]:
    """Yield the claim about a file of nginx's that stands before the application."""
    # Imported late: few messages say 405.
    from checks.nginx._kept_files import kept_file

    path = nginx.evidence.target.path_without_query
    kept = kept_file(nginx, path, pages)
    if kept is None:
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *nginx.configs),
        confidence=Confidence.LIKELY,
        location=nginx.location(kept.match.block),
        facts={
            "asked": False,
            **_facts(nginx, kept.match, path, method),
            "url": pages[0].url,
            "led": kept.fallback,
            "named": kept.named,
            "typed": " ".join(kept.lines),
        },
        fix=kept.fix(nginx),
    )


def _kept_claim(
    nginx: Nginx, kept: KeptFolder, because: tuple[Exchange | FailedRequests, ...], is_asked: bool
) -> Claim:
    pages = [page for page in because if isinstance(page, Exchange)]
    subjects = endpoint_subjects(pages) or (Subject(port=nginx.evidence.target.port, path="/"),)
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*because, *nginx.configs),
        confidence=Confidence.CERTAIN if is_asked else Confidence.LIKELY,
        location=nginx.location(kept.condition),
        facts={
            "asked": is_asked,
            **_facts(nginx, kept.match, "/", kept.method),
            "rule": kept.condition.text,
            "rule_place": file_line(kept.condition),
        },
        fix=kept.fix(nginx),
    )


def _logged_claim(nginx: Nginx) -> Claim | None:
    """Return the claim about a visitor's request that the access log has with 405, where nginx
    serves files."""
    for failure in current_failures(nginx.evidence, {405}):
        if kept := kept_folder(nginx, failure.path, failure.method):
            return _kept_claim(nginx, kept, (failure,), is_asked=True)
        match = _file_location(nginx, failure.path, failure.method)
        if failure.method not in {"GET", "HEAD"} and match is not None:
            return Claim(
                about=Subject(port=nginx.evidence.target.port, path=failure.path),
                because=(failure, *nginx.configs),
                confidence=Confidence.CERTAIN,
                location=nginx.location(match.block),
                facts={"asked": True, **_facts(nginx, match, failure.path, failure.method)},
                fix=_fix(nginx, match, failure.path),
            )
    return None


def _sent_claim(nginx: Nginx) -> Claim | None:
    """Return the claim about a POST of the page itself to where nginx serves files."""
    if nginx.is_refused:
        return None
    for request in sent_requests(nginx.evidence):
        match = _file_location(nginx, request.path, "POST")
        if match is None or _turns_it_round(match):
            continue
        return Claim(
            about=Subject(port=nginx.evidence.target.port, path=request.path),
            covers=(NO_PORT,),
            consequence_of=cause_outside_folder(nginx.evidence, request.path),
            because=(request.source, *nginx.configs),
            confidence=Confidence.LIKELY,
            location=nginx.location(match.block),
            facts={
                "asked": False,
                **_facts(nginx, match, request.path, "POST"),
                "sender": request.source.url,
                "form": request.is_form,
            },
            fix=_fix(nginx, match, request.path),
        )
    return None


def _turns_it_round(match: LocationMatch) -> bool:
    """Return whether something else than a file answers: a rule for the method, or for 405."""
    pages = [page for page in match.directives("error_page") if "405" in page.args[:-1]]
    return bool(pages) or has_rule_for_method(match)


def _facts(nginx: Nginx, match: LocationMatch, path: str, method: str) -> dict[str, object]:
    fallback, lists = match.directive("try_files"), children(match.block, "dav_methods")
    exact = _exact_location(nginx, path)
    is_location = match.block.name == "location" and fallback is None
    outer = children(match.blocks[1], "try_files") if is_location else ()
    return {
        "url": nginx.evidence.target.origin + path,
        "path": path,
        "method": method,
        "dav": lists[0].text if lists else "",
        "location": match.block.text,
        "place": file_line(match.block),
        "fallback": " ".join(fallback.args) if fallback else "",
        "outer": " ".join(outer[0].args) if outer else "",
        "outer_place": file_line(outer[0]) if outer else "",
        "step": _fallback_line(nginx, match),
        "applications": tuple(islice(_applications(nginx), 4)),
        "application": only_application(nginx, match),
        "folder": folder_of(path),
        "own": match.block.name == "location" and match.block.args[-1:] == (folder_of(path),),
        "sender": "",
        "form": False,
        "led": "",
        "named": False,
        "typed": "",
        "rule": "",
        "rule_place": "",
        "exact": " ".join(("location", *exact.directive.args)) if exact else "",
        "exact_place": file_line(exact.directive) if exact else "",
        "prefix": exact.directive.args[-1] if exact else "",
    }


def _exact_location(nginx: Nginx, path: str) -> Bypass | None:
    """Return the location that passes on one path alone, above this one; None without it."""
    return next((bypass for bypass in bypasses(nginx, path) if bypass.by == "exact"), None)


def _fallback_line(nginx: Nginx, match: LocationMatch) -> str:
    """Return the `try_files` by which the location leaves to the site's application what is no
    file, as the server block does outside of it; "" if that names no application."""
    own = ("try_files", "alias", "dav_methods")
    if match.block.name != "location" or any(children(match.block, name) for name in own):
        return ""
    for selected in nginx.selected_servers():
        if selected.server.block is match.blocks[1]:
            whole = LocationMatch((selected.server.http, selected.server.block))
            named = fallback_location(selected.server, whole)
            if named is not None and upstreams.pass_directive_of(named) is not None:
                return f"try_files $uri {named.block.args[0]};"
    return ""


def _fix(nginx: Nginx, match: LocationMatch, path: str) -> Fix:
    exact = _exact_location(nginx, path)
    if exact is not None:
        # Imported late: few sites have such a location.
        from checks.nginx.path_taken import whole_folder_fix

        return whole_folder_fix(nginx, exact)
    line, file = _fallback_line(nginx, match), nginx.file(match.block)
    changes = {file.path: [insert_first(file.text, match.block, [line])]} if line and file else {}
    if file_edits := config_edits(nginx, changes):
        return location_fix(nginx, match, file_edits, sure=False)
    if children(match.block, "dav_methods"):
        return Fix((Manual("allow-the-method", Where.SERVER),), Applicability.MANUAL)
    # Imported late: a healthy run edits nothing.
    from checks.nginx._pass_on_edits import passing_steps

    typed = passing_steps(nginx, match, path)
    return Fix((Manual("pass-on", Where.SERVER, commands=typed),), Applicability.MANUAL)


def _is_refused(page: Exchange) -> bool:
    """Return whether nginx itself refuses the method."""
    return (
        page.failure is None
        and page.status == 405
        and page.method not in {"GET", "HEAD"}
        and proxy_page(page.body) == "nginx"
    )


def _file_location(nginx: Nginx, path: str, method: str) -> LocationMatch | None:
    """Return the location or server block that serves files for a path, and does not let visitors
    change them by this method. None also if a rule may lead elsewhere that is not understood."""
    for selected in nginx.selected_servers():
        if has_unknown_rules(selected.server, path):
            continue
        match = final_location(selected.server, path)
        answers = any(children(match.block, name) for name in ("return", "stub_status"))
        changes = [word for line in children(match.block, "dav_methods") for word in line.args]
        answers = answers or (bool(changes) and (method in changes or method not in _CHANGES))
        if upstreams.pass_directive_of(match) is None and not answers and not match.redirects:
            return match
    return None


def _applications(nginx: Nginx) -> Iterator[str]:
    """Yield the applications of the site, each with its location."""
    for selected in nginx.selected_servers():
        for match in all_locations(selected.server):
            directive = upstreams.pass_directive_of(match)
            if directive is not None:
                yield f"{' '.join(match.block.args)} → {directive.args[0]}"
