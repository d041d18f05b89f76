"""An https page loads style sheets or scripts over http, or its scripts request http addresses of
the site. Browsers block them (W3C Mixed Content, section 4.4); only images, audio and video are
requested over https instead.

Usual reason: the application behind the proxy does not know that visitors use https, and writes
http: addresses.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.http import _page_files
from checks.http._forwarded_scheme import (
    forwarded_scheme,
    forwarded_to_server,
    front_title,
    server_fix,
)
from checks.nginx import Nginx, _location_edits
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.applications import KnownApplication, ReadSetting, Topic
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD
from diagnose.parsers.urls import (
    is_internal_host,
    is_loopback_host,
    is_related_host,
    normalize_url,
    parse_url,
)

if TYPE_CHECKING:
    from checks.http._inner_lines import InnerLine

#: Paths of the site that are looked at, to see where nginx passes them on.
_MAX_PATHS = 8
#: The page of a message about a script or a style sheet (Chromium). What scripts request is another
#: thing: it does not stand in the page.
_PAGE = re.compile(
    r"The page at '(https://[^'\s]{1,2000})' was loaded over HTTPS, but requested an insecure "
    r"(?:script|stylesheet) '"
)
#: A policy of the page allows its own origin, and http is another (form-action 'self').
_POLICY = "Content Security Policy"
#: Of the line behind the first server: what the page of this check says.
_INNER_FACTS = ("inner", "inner_line", "inner_container", "inner_engine")


@frozen
class _Blocked:
    """What browsers block: the files of the page by their URLs in it, the http: URLs they lead to,
    and the observations that show it."""

    files: tuple[str, ...]
    urls: tuple[str, ...]
    responses: tuple[PageFileResponse, ...]


@check(severity=Severity.WARNING, needs=[Page])
def mixed_content(evidence: Evidence) -> Iterator[Claim]:
    page = _page_files.page_of(evidence)
    page_url = parse_url(page.url) if page else None
    if page is None or page_url is None or not page_url.secure or page.upgrades:
        return
    files = _blocked_files(evidence, page)
    frames = () if files.urls else tuple(filter(_is_insecure, page.insecure_frames))
    requests = () if files.urls or frames else _blocked_requests(evidence, page)
    reported = () if files.urls or frames or requests else _reported_requests(evidence, page)
    urls = files.urls or frames or requests or reported
    if not urls:
        return
    severity = _page_files.severity(page, files.files) if files.urls else Severity.WARNING
    own = all(_host(url) == page_url.host for url in urls)
    if own and severity is Severity.NOTE and any(r.file_kind == "frame" for r in files.responses):
        severity = Severity.WARNING  # nothing stands where the page has the frame
    nginx, is_application = Nginx.of(evidence), own and not files.responses
    scheme_place = forwarded_scheme(evidence, page_url.path) if is_application else ""
    setting, about = _own_setting(evidence), _page_files.page_subject(page)
    if reported and scheme_place:
        # It is the application's own setting, or the message is of the time before nginx told it: a
        # subject of its own, so that the edit of nginx has helped all the same.
        severity = Severity.WARNING if setting["setting"] else Severity.NOTE
        about = replace(about, text=str(setting["known"] or SCHEME_FIELD))
    script = _script_of(evidence, requests)
    paths = (page_url.path, *_paths(evidence, page, urls)) if is_application and not script else ()
    inner = _inner_line(nginx, paths)
    is_untold = is_application and not scheme_place and not script
    fix = server_fix(evidence, page_url.path) if is_untold else None
    claim = Claim(
        about=about,
        because=(page, *files.responses),
        confidence=Confidence.LIKELY if requests or reported else Confidence.CERTAIN,
        severity=severity,
        facts={
            "page": page.url,
            "file": urls[0],
            "others": urls[1:],
            "base": page.base if _is_insecure(page.base) else "",
            "redirect": files.files[0] if files.responses else "",
            "request": bool(requests or reported),
            "script": script,
            "message": bool(reported),
            "own": own,
            "told": scheme_place,
            "untold": front_title(evidence) if fix else "",
            "port": _unforwarded_port(evidence, urls[0]) if own and scheme_place else "",
            "origin": evidence.target.origin,
            **{name: value for name, value in inner.facts.items() if name in _INNER_FACTS},
            "breaks": severity is Severity.ERROR,
            **setting,
        },
        location=nginx.location(inner.directive) if inner.directive else None,
        fix=_script_fix(evidence, page, urls)
        if script
        else inner.fix or fix or _fix(nginx, page_url.path, is_application),
    )
    is_inner = all(map(_is_inner, urls)) and not _is_inner(page.url)
    is_setting = (own or is_inner) and not script
    yield _with_own_remedy(evidence, claim, is_inner) if is_setting else claim


def _inner_line(nginx: Nginx, paths: Sequence[str]) -> "InnerLine":
    """Return the line behind the first server that hides the visitor's scheme at one of the
    paths."""
    # Imported late: few pages have such addresses.
    from checks.http._inner_lines import InnerLine, scheme_hiding_line

    lines = (scheme_hiding_line(nginx, path, "https-addresses") for path in dict.fromkeys(paths))
    return next((line for line in lines if line.directive), InnerLine())


def _script_fix(evidence: Evidence, page: Page, urls: tuple[str, ...]) -> Fix:
    """Let a person build the script anew; beside it the edit by which the web server lets browsers
    use https for these addresses, where no policy of the page is in its way."""
    from checks.http._added_fields import added_fields_fix
    from checks.server._scoped_fields import Scope

    answers = [exchange for exchange in evidence.good(Exchange) if exchange.url == page.url]
    has_policy = any(answer.header(_POLICY.replace(" ", "-")) for answer in answers)
    places = {(url.host, url.port) for each in urls if (url := parse_url(each)) is not None}
    target = evidence.target
    is_own = places == {(target.host, 80)} and target.port == 443
    is_upgraded = bool(answers) and not has_policy and is_own
    fields = {"Content-Security-Policy": "upgrade-insecure-requests"}
    scope = Scope(target.path_without_query)
    added = added_fields_fix(evidence, scope, fields) if is_upgraded else None
    typed = tuple(step for step in added.steps if not isinstance(step, Manual)) if added else ()
    step = Manual("requests-without-host", Where.APPLICATION, commands=typed)
    return Fix((step,), Applicability.MANUAL)


def _is_inner(url: str) -> bool:
    """Return whether the host of an address is a name of a network of containers, or of a machine:
    an application writes such a one by its own settings."""
    host = _host(url)
    return is_loopback_host(host) or is_internal_host(host) or "." not in host


def _with_own_remedy(evidence: Evidence, claim: Claim, is_inner: bool) -> Claim:
    # Imported late: few pages have such addresses.
    from checks.upstream._own_remedy import own_address_topics, plain_topics, with_own_remedy

    if is_inner:
        return with_own_remedy(evidence, claim, "public_url", "base_path", only_read=True)
    if claim.facts["port"]:
        topics: tuple[Topic, ...] = ("public_url",)
    else:
        is_told = claim.facts["told"] or _is_forwarded_through_a_server(evidence)
        topics = plain_topics(evidence) if is_told else own_address_topics(evidence)
    return with_own_remedy(evidence, claim, *topics)


def _is_forwarded_through_a_server(evidence: Evidence) -> bool:
    """Return whether the program's source lacks the line that believes the scheme, and the server
    in front tells it the web server that runs the program."""
    lacking = any(
        read.topic == "trusted_proxy" and read.new and read.application == "wordpress"
        for read in evidence.good(ReadSetting)
    )
    return lacking and bool(forwarded_to_server(evidence, evidence.target.path))


def _blocked_files(evidence: Evidence, page: Page) -> _Blocked:
    direct = [file.url for file in page.files if _is_insecure(file.url)]
    if direct:
        return _Blocked(tuple(direct), tuple(direct), ())
    redirected = [
        response
        for response in evidence.good(PageFileResponse)
        if response.page == page.url and any(map(_is_insecure, response.redirects))
    ]
    return _Blocked(
        tuple(response.url for response in redirected),
        tuple(next(filter(_is_insecure, response.redirects)) for response in redirected),
        tuple(redirected),
    )


def _blocked_requests(evidence: Evidence, page: Page) -> tuple[str, ...]:
    """Return the http: addresses of the site, or without a name, that its scripts request. A server
    of somebody else has a name."""
    urls = [
        *page.requests,
        *(url for response in evidence.good(PageFileResponse) for url in response.requests),
    ]
    host = _host(page.url)
    own = (
        url
        for url in urls
        if _is_insecure(url) and (is_related_host(host, _host(url)) or is_address(_host(url)))
    )
    return tuple(dict.fromkeys(own))


def _script_of(evidence: Evidence, requests: tuple[str, ...]) -> str:
    """Return the script in which the first of the addresses stands, as a file that is the same for
    everybody; "" if the page itself has it."""
    page = _page_files.page_of(evidence)
    if not requests or (page is not None and requests[0] in page.requests):
        return ""
    responses = evidence.good(PageFileResponse)
    source = next((response for response in responses if requests[0] in response.requests), None)
    # The application writes the description of its interface for each request.
    return "" if source is None or source.file_kind == "description" else source.url


def _reported_requests(evidence: Evidence, page: Page) -> tuple[str, ...]:
    """Return the http: addresses of the site that a browser blocked by the pasted message, as on a
    page behind a login. What this page loads over https today is of another time."""
    symptom = evidence.target.symptom
    if symptom is None or not (symptom.kind == "mixed-content" or _POLICY in symptom.text):
        return ()
    from checks.http._reported_addresses import reported_addresses

    # A new version of a file has another query.
    loaded = {file.url.partition("?")[0] for file in page.files}
    if loaded and _is_about_files_of(symptom.text, page):
        return ()
    return tuple(
        url
        for url in dict.fromkeys(reported_addresses(evidence))
        if _is_insecure(url) and _host(url) == evidence.target.host
        if url.partition("?")[0].replace("http:", "https:", 1) not in loaded
    )


def _is_about_files_of(text: str, page: Page) -> bool:
    """Return whether a message is about a script or a style sheet of this very page. It names none
    over http today: the message is older than the last change."""
    named = _PAGE.search(text)
    return named is not None and normalize_url(named[1]) == normalize_url(page.url)


def _paths(evidence: Evidence, page: Page, urls: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths of the site whose answers may have written these addresses: their own, and
    those from which scripts of the page read data."""
    own = (url.path for each in urls if (url := parse_url(each)) is not None)
    responses = evidence.good(PageFileResponse)
    read = (*page.data_paths, *(path for response in responses for path in response.data_paths))
    return tuple(dict.fromkeys((*own, *read)))[:_MAX_PATHS]


def _own_setting(evidence: Evidence) -> dict[str, object]:
    """Return the application that the page is known by, and its own setting for its address, or for
    the proxy that it trusts; "" if nothing is known."""
    if not evidence.good(KnownApplication):
        return {"known": "", "setting": ""}
    from checks.http._known_application import own_setting
    from checks.upstream._own_remedy import plain_topics

    return own_setting(evidence, *plain_topics(evidence))


def _unforwarded_port(evidence: Evidence, url: str) -> int | str:
    # Imported late: few pages have such addresses.
    from checks.http._forwarded_names import unforwarded_port

    return unforwarded_port(evidence, url)


def _host(url: str) -> str:
    parsed_url = parse_url(url)
    return parsed_url.host if parsed_url else ""


def _is_insecure(url: str) -> bool:
    """Return whether a secure page may not load a URL: http, and not this machine itself (W3C
    Secure Contexts, section 3.1)."""
    return url.startswith("http:") and not is_loopback_host(_host(url))


def _fix(nginx: Nginx, path: str, is_own_address: bool) -> Fix:
    """Return a fix that tells the application the visitor's scheme, if nginx does not do so."""
    changes: Changes = {}
    matches = list(nginx.location_matches(path))
    if (
        is_own_address
        and len(matches) == 1
        and proxy_pass_of(matches[0])
        and not _location_edits.sends_field(nginx, matches[0], "X-Forwarded-Proto")
    ):
        header = {"X-Forwarded-Proto": "$scheme"}
        lines = _location_edits.header_lines(nginx, matches[0], header, changes)
        _location_edits.insert_lines(nginx, matches[0], lines, changes)
    manual = Manual("https-addresses", Where.APPLICATION)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((manual,), Applicability.MANUAL)
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
