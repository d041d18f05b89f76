"""The answer of the site that a setting of the application makes: what proves that its value is
wrong, and what excludes the web server in front."""

import re
from collections.abc import Iterable
from dataclasses import replace

from checks.nginx import Nginx
from checks.upstream._setting_proofs import Proof, redirects_of, reported_proof
from checks.websocket import refused_attempts
from diagnose.model import Confidence, Evidence, Subject
from diagnose.model.applications import OwnSetting, ReadSetting
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.pages import Page
from diagnose.model.requests import Asked, ComparedRequest
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.applications import application_of
from diagnose.parsers.html_tags import excerpt
from diagnose.parsers.http import is_wordless_refusal, refuses_host
from diagnose.parsers.nginx.proxied_request import CLIENT_ADDRESS_FIELDS
from diagnose.parsers.origin_refusals import refuses_origin
from diagnose.parsers.setting_fit import fits
from diagnose.parsers.setting_symptoms import is_own_plain, is_wrong_address
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import routes_of_name

_URL = re.compile(r"(?:https?|wss?)://[\w.:\[\]-]{1,260}")


def proof_of(evidence: Evidence, setting: OwnSetting, read: ReadSetting) -> Proof | None:
    """Return what shows that the value is wrong; None if nothing does, or if it may be right."""
    if read.source == "unread" or read.topic not in _PROOFS:
        return None
    fit = fits(setting, read.values, evidence.target, read.proxy, read.folder)
    if read.source == "nowhere":
        # Without a base path a program takes itself to be at the root.
        is_needed = setting.required or setting.default or setting.means == "base-path"
        fit = False if is_needed else None
        # What is in force where it is not set.
        read = replace(read, values=(setting.default,) if setting.default else ())
    if read.misspelt:
        fit = False
    if read.stale and fit is not None:
        fit = False
    is_computed = read.unsure and not read.values and read.source == "file"
    if is_computed and read.topic == "allowed_host":
        fit = False
    elif is_computed:
        return None
    if fit is not False:
        return None
    proof = _PROOFS[read.topic](evidence, setting, read)
    if proof is None:
        return None
    if (read.unsure or read.stale) and proof.confidence is Confidence.CERTAIN:
        return Proof(
            proof.answers, Confidence.LIKELY, proof.url, proof.words, proof.control, proof.covers
        )
    return proof


def refused_host(evidence: Evidence, setting: OwnSetting, read: ReadSetting) -> Proof | None:
    target = evidence.target
    pages = [
        page
        for page in page_exchanges(evidence)
        if refuses_host(page.status, page.body) and page.purpose == "target"
    ]
    asked = [each for each in evidence.good(Asked) if each.variant == "passed"]
    names = {target.host, target.authority}
    if not pages or any(each.sent not in names for each in asked):
        return reported_proof(evidence, read)
    if not asked and _nginx_host(evidence) not in {*names, None}:
        return reported_proof(evidence, read)
    if not _keeps_host(evidence):
        return None
    local = [
        request
        for request in evidence.good(ComparedRequest)
        if request.name.lower() == "host" and 200 <= (request.status or 0) < 400
    ]
    first = pages[0]
    is_sure = bool(local) or not is_wordless_refusal(first.status, first.body)
    return Proof(
        (*pages, *asked, *local),
        Confidence.CERTAIN if is_sure else Confidence.LIKELY,
        first.url,
        _answer_words(first),
        local[0].equivalent if local else "",
    )


def _answer_words(page: Exchange) -> str:
    words = excerpt(page.body)
    return words if words.startswith(str(page.status)) else f"{page.status} {words}".strip()


def _nginx_host(evidence: Evidence) -> str | None:
    """Return the Host that nginx passes on for the target's path, None if it passes nothing on, or
    it is not known. Of a WebSocket's address the application was not asked as for a page."""
    # Imported late: few applications refuse a name.
    from checks.upstream._comparisons import proxied_match
    from diagnose.parsers.nginx import proxy_headers, upstreams

    target = evidence.target
    match = proxied_match(Nginx.of(evidence), target.path_without_query)
    variables = upstreams.route_variables(target, match, target.path) if match else {}
    passed = upstreams.proxy_target_of(match, variables) if match else None
    if match is None or passed is None:
        return None
    return proxy_headers.forwarded_host(match, passed, target)


def _keeps_host(evidence: Evidence) -> bool:
    """Return whether Apache, Caddy or HAProxy passes the visitor's name on, as far as is known."""
    target = evidence.target
    return all(
        route.keeps_host
        for config in evidence.good(WebServerConfig)
        for route in routes_of_name(config, target.port, target.host, target.path)[:1]
    )


def _untrusted(evidence: Evidence, setting: OwnSetting, read: ReadSetting) -> Proof | None:
    served = [
        request
        for request in evidence.good(ComparedRequest)
        if request.name.lower() in CLIENT_ADDRESS_FIELDS and (request.status or 999) < 400
    ]
    refused = [page for page in page_exchanges(evidence) if page.status == 400]
    if refused and served:
        return Proof(
            (*refused, *served), Confidence.CERTAIN, refused[0].url,
            _answer_words(refused[0]), served[0].equivalent,
        )  # fmt: skip
    is_named = any(refuses_host(page.status, page.body) for page in refused)
    if refused and not is_named and setting.means == "proxy-list" and _has_message(read):
        return Proof(tuple(refused), Confidence.LIKELY, refused[0].url, _answer_words(refused[0]))
    if _has_own_address(evidence):
        return reported_proof(evidence, read)
    return plain_redirect(evidence) or plain_page(evidence) or reported_proof(evidence, read)


def _has_message(read: ReadSetting) -> bool:
    """Return whether the application refuses a proxy that it does not trust."""
    application = application_of(read.application)
    messages = application.messages if application else ()
    return any(message.means == read.topic for message in messages)


def plain_redirect(evidence: Evidence) -> Proof | None:
    """Return the redirect to http of an application that is told that visitors use https."""
    from checks.http._forwarded_scheme import forwarded_scheme

    steps = [
        step for step, onward in redirects_of(evidence) if is_own_plain(evidence.target, onward)
    ]
    if not steps or not forwarded_scheme(evidence, evidence.target.path) or heeds_scheme(evidence):
        return None
    locations = {step.header("Location") for step in steps}
    answers = [
        backend_answer
        for backend_answer in evidence.good(BackendAnswer)
        if backend_answer.location in locations
    ]
    is_controlled = {"", "https"} <= {answer.proto for answer in answers}
    return Proof(
        (*steps, *answers),
        Confidence.CERTAIN if is_controlled else Confidence.LIKELY,
        steps[0].url,
        f"{steps[0].status} Location: {steps[0].header('Location')}",
        answers[-1].equivalent if is_controlled else "",
        (Subject(port=80),),
    )


def plain_page(evidence: Evidence) -> Proof | None:
    """Return the page that has files of the site at http: addresses, of an application that is told
    that visitors use https."""
    from checks.http._forwarded_scheme import forwarded_scheme

    for page in evidence.good(Page):
        url = parse_url(page.url)
        named = (*(file.url for file in page.files), *page.insecure_forms, *page.insecure_frames)
        plain = [address for address in named if is_own_plain(evidence.target, address)]
        if url and plain and forwarded_scheme(evidence, url.path) and not heeds_scheme(evidence):
            return Proof(
                (page,), Confidence.LIKELY, page.url, plain[0], "",
                (Subject(port=url.port, path=url.path),),
            )  # fmt: skip
    return None


def heeds_scheme(evidence: Evidence) -> bool:
    """Return whether the application, asked directly and told https, writes no http: address of the
    site: then the web server in front does not tell it."""
    return any(
        answer.proto == "https"
        and answer.status is not None
        and not answer.websocket
        and not answer.plain_addresses
        and not is_own_plain(evidence.target, answer.location)
        for answer in evidence.good(BackendAnswer)
    )


def _has_own_address(evidence: Evidence) -> bool:
    """Return whether the application has its own address or scheme in its settings: then it does
    not ask the proxy for it."""
    for read in evidence.good(ReadSetting):
        application = application_of(read.application)
        means = {
            setting.means
            for setting in (application.own_settings if application else ())
            if setting.topic == read.topic
            and setting.redirects
            and read.key in {setting.key, setting.variable}
        }
        if read.values and read.topic == "public_url" and means & {"external-url", "protocol"}:
            return True
    return False


def _own_address(evidence: Evidence, setting: OwnSetting, read: ReadSetting) -> Proof | None:
    if read.misspelt and setting.means == "protocol":
        return plain_redirect(evidence)
    value = read.values[0] if read.values else ""
    for step, onward in redirects_of(evidence) if setting.redirects or read.cached else ():
        # Before its restart the application has another value than the file.
        is_old = read.stale and is_wrong_address(evidence.target, onward)
        if not is_old and not _is_made_of(evidence, setting, value, onward):
            continue
        is_plain = is_own_plain(evidence.target, onward)
        # A name that the web server tells may be that of the request as well.
        if not is_plain and _is_told(evidence, step, onward):
            continue
        controls = _answers_to_https(evidence, step) if is_plain else ()
        is_sure = bool(controls) or not is_plain
        return Proof(
            (step, *controls),
            Confidence.CERTAIN if is_sure else Confidence.LIKELY,
            step.url,
            f"{step.status} Location: {onward}",
            "",
            (Subject(port=80), Subject(port=443)),
        )
    for page in evidence.good(Page):
        for address in _named(page):
            if _is_made_of(evidence, setting, value, address):
                is_sure = setting.redirects and not _may_be_of_request(evidence, page, address)
                sure = Confidence.CERTAIN if is_sure else Confidence.LIKELY
                return Proof((page,), sure, page.url, address)
    return _reported_address(evidence, setting, value) or reported_proof(evidence, read)


def _may_be_of_request(evidence: Evidence, page: Page, address: str) -> bool:
    """Return whether the address may be made of what the web server tells the application."""
    answer = next(
        (exchange for exchange in evidence.good(Exchange) if exchange.url == page.url), None
    )
    if answer is None or is_own_plain(evidence.target, address):
        return True
    return _is_told(evidence, answer, address)


def _reported_address(evidence: Evidence, setting: OwnSetting, value: str) -> Proof | None:
    """Return the address of a person's message that is made of the value."""
    symptom = evidence.target.symptom
    for address in _URL.findall(symptom.text[:2048]) if symptom else ():
        if _is_made_of(evidence, setting, value, address) and not is_own_plain(
            evidence.target, address
        ):
            answers = tuple(evidence.good(Exchange)[:1])
            return Proof(answers, Confidence.LIKELY, "", address) if answers else None
    return None


def _is_told(evidence: Evidence, step: Exchange, onward: str) -> bool:
    """Return whether the web server in front tells the application the name of an address, or tells
    it another than the visitor's."""
    from checks.http._forwarded_names import forwarded_name

    url = parse_url(onward)
    if url is not None and forwarded_name(Nginx.of(evidence), step, url.authority) is not None:
        return True
    return not _keeps_host(evidence)


def _answers_to_https(evidence: Evidence, step: Exchange) -> tuple[BackendAnswer, ...]:
    """Return the answers of the application, asked directly and told https, that redirect there all
    the same."""
    return tuple(
        answer
        for answer in evidence.good(BackendAnswer)
        if answer.proto == "https" and answer.location == step.header("Location")
    )


def _is_made_of(evidence: Evidence, setting: OwnSetting, value: str, address: str) -> bool:
    """Return whether visitors cannot use an address that is made of the value. That of the site
    with http may be made of the request as well."""
    if not is_wrong_address(evidence.target, address) or not _is_of(setting, value, address):
        return False
    if not is_own_plain(evidence.target, address):
        return True
    return setting.redirects and not heeds_scheme(evidence)


def _named(page: Page) -> Iterable[str]:
    return (
        *page.requests, *(file.url for file in page.files), *page.posts, *page.insecure_forms,
        *page.insecure_frames, *page.local_values, page.base,
    )  # fmt: skip


def _is_of(setting: OwnSetting, value: str, address: str) -> bool:
    """Return whether an address is made of the value."""
    url, own = parse_url(address), parse_url(value)
    if url is None:
        return False
    if setting.means == "protocol":
        return value.lower() == url.scheme
    if setting.means == "host":
        return value.lower() in {url.host, url.authority}
    return own is not None and (own.scheme, own.authority) == (url.scheme, url.authority)


def _other_folder(evidence: Evidence, setting: OwnSetting, read: ReadSetting) -> Proof | None:
    # Imported late: few programs are in a folder of the site.
    from checks.upstream._base_paths import folder_proof

    return folder_proof(evidence, setting, read)


def _refused_origin(evidence: Evidence, setting: OwnSetting, read: ReadSetting) -> Proof | None:
    attempts = list(refused_attempts(evidence, "origin"))
    if attempts:
        first = attempts[0].first
        covers = tuple(
            Subject(port=attempt.first.port, path=attempt.first.path) for attempt in attempts
        )
        return Proof(
            (first,), Confidence.LIKELY, first.url, str(first.status or ""), "", covers
        )  # fmt: skip
    for page in page_exchanges(evidence):
        if page.method == "POST" and refuses_origin(page.status, page.body):
            return Proof((page,), Confidence.LIKELY, page.url, str(page.status))
    return reported_proof(evidence, read)


def _closed_path(evidence: Evidence, setting: OwnSetting, read: ReadSetting) -> Proof | None:
    """Return the refusal of the one path that the program serves over http only with the setting:
    its own answer, where the web server asks it over http."""
    path = evidence.target.path_without_query
    if not setting.path or not f"{path}/".startswith(f"{setting.path}/"):
        return None
    pages = [page for page in page_exchanges(evidence) if page.status in {403, 404}]
    asked = [
        request
        for request in evidence.good(ComparedRequest)
        if request.part == "none" and request.target.startswith("http://")
    ]
    same = [each for each in asked if pages and each.status == pages[0].status]
    if not pages or (asked and not same):
        return None
    sure = Confidence.CERTAIN if same and read.values else Confidence.LIKELY
    return Proof((*pages[:1], *same[:1]), sure, pages[0].url, _answer_words(pages[0]))


_PROOFS = {
    "allowed_host": refused_host,
    "trusted_proxy": _untrusted,
    "public_url": _own_address,
    "base_path": _other_folder,
    "allowed_origin": _refused_origin,
    "plain_path": _closed_path,
}
