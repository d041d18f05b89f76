"""Whether a run looked at what a browser's message tells of, as the browser asks for it. Pure.

A GET of the page shows nothing of many messages: of a request with another site's Origin, of a
preflight, of a file that a script loads later, of a POST. That such a message did not occur may be
said only where this run sent that request, and the answer is one that browsers take.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from diagnose.model import Evidence, Host, Symptom, Vantage
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.other_requests import ToldAnswer
from diagnose.model.pages import Page, PageFileResponse
from diagnose.model.symptom import SymptomKind
from diagnose.model.web_servers import WebServer
from diagnose.parsers.complaints import fails_at_times
from diagnose.parsers.content_security_policy import frame_ancestors
from diagnose.parsers.cors_messages import tells_of_failed_script, tells_of_preflight
from diagnose.parsers.cross_origin_answers import permits
from diagnose.parsers.integrity import tells_of_integrity
from diagnose.parsers.request_fields import shown_origin
from diagnose.parsers.urls import parse_url

if TYPE_CHECKING:
    from diagnose.parsers.told_requests import ToldRequest

#: It fails for some visitors alone.
_SOME_VISITORS: tuple[SymptomKind, ...] = ("some-visitors",)
#: The methods of this run's own requests.
_OWN_METHODS = frozenset({"", "GET", "OPTIONS"})
#: A field of a request with its value, which no answer has.
_FIELD = re.compile(
    r"(?<![\w-])(accept|accept-encoding|accept-language|range|if-[a-z-]{4,20}|authorization|cookie"
    r"|x-requested-with|x-api-key|x-auth-token|x-csrf-token|x-xsrf-token|x-forwarded-[a-z]{2,6})"
    r":\s?[^\s:]",
    re.IGNORECASE,
)
#: A font that came, and whose content is none; a chunk whose name the message does not tell.
_CONTENT = re.compile(r"OTS parsing error|decode downloaded font")
_LATER = re.compile(
    r"ChunkLoadError|Loading (?:CSS )?chunk|dynamically imported|module script failed"
)
#: A public page asks a private address (Private Network Access).
_ADDRESS_SPACE = re.compile(r"address space|Private Network Access", re.IGNORECASE)


def untried_method(evidence: Evidence, symptom: Symptom) -> str:
    """Return the method of the request of a message that this run does not send by itself, if it
    sent no request with it; "" otherwise."""
    return _untried_method(evidence, _described(symptom))


def _described(symptom: Symptom) -> "ToldRequest | None":
    # Imported late: few runs end without a finding that answers the message.
    from diagnose.parsers.described_requests import described_request

    return described_request(symptom.text)


def _untried_method(evidence: Evidence, told: "ToldRequest | None") -> str:
    method = told.method if told and told.method not in _OWN_METHODS else ""
    sent = {page.method for page in page_exchanges(evidence)}
    return "" if method in sent | _told_values(evidence, "method") else method


def _told_values(evidence: Evidence, part: str) -> set[str]:
    """Return what this run sent of a part of the request of a message."""
    return {
        difference.value
        for answer in evidence.of(ToldAnswer)
        for difference in answer.differences
        if difference.part == part
    }


def _named_fields(text: str) -> set[str]:
    """Return the fields of a request that a message names with a value, in lower case."""
    return {match[1].lower() for match in _FIELD.finditer(text)}


def _told_names(evidence: Evidence) -> set[str]:
    """Return the names of the fields that this run sent as a message tells of them."""
    return {
        difference.name for answer in evidence.of(ToldAnswer) for difference in answer.differences
    }


def _is_part_unsent(evidence: Evidence, symptom: Symptom, told: "ToldRequest | None") -> bool:
    """Return whether a message tells of a language, a page, a version of HTTP or another field that
    this run's requests had not; `told` is the request of the message."""
    if told is None:
        return bool(_named_fields(symptom.text))
    if told.method not in _OWN_METHODS:
        return False
    is_language = "accept-language" in dict(told.fields)
    return (
        told.version == "1.0"
        or bool(_named_fields(symptom.text) - _told_names(evidence))
        or (is_language and not _told_values(evidence, "language"))
        or (bool(told.referer) and not _told_values(evidence, "referer"))
    )


def is_looked_at(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether this run asked for what a message tells of, so that it counts that nothing of
    it was seen. What fails at times may not fail in one run, and what fails for some visitors not
    for this one."""
    if fails_at_times(symptom) or _is_for_some(symptom):
        return False
    told = _described(symptom)
    if _untried_method(evidence, told) or _is_part_unsent(evidence, symptom, told):
        return False
    control = _CONTROLS.get(symptom.kind)
    return control is None or control(evidence, symptom)


def _is_for_some(symptom: Symptom) -> bool:
    # Imported late: few runs end without a finding that answers the message.
    from diagnose.parsers.visible_faults import visible_fault

    return visible_fault(symptom.text, _SOME_VISITORS) is not None


def _is_permitted(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether the page of another site asked, and may read the answer."""
    is_preflight = tells_of_preflight(symptom.text)
    for page in evidence.good(Exchange):
        origin = shown_origin(page.equivalent)
        if not origin or origin == evidence.target.origin or not permits(page.headers, origin):
            continue
        if not is_preflight or (page.method == "OPTIONS" and 200 <= (page.status or 0) < 300):
            return True
    return False


def _is_framed(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether the page came, without a field that keeps it out of frames."""
    pages = [page for page in page_exchanges(evidence) if (page.status or 500) < 400]
    return bool(pages) and not any(
        page.header("X-Frame-Options")
        or frame_ancestors(page.header("Content-Security-Policy") or "")
        for page in pages
    )


def _is_file_loaded(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether the file that the message names came: as the target, or for the page."""
    if _CONTENT.search(symptom.text):
        return False
    return _is_target_file(evidence) or any(_named_files(evidence, symptom))


def _are_files_loaded(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether the page's files came; of a message that names a file, this one."""
    if tells_of_integrity(symptom.text):
        return any(_is_intact(evidence, file) for file in _named_files(evidence, symptom))
    if _LATER.search(symptom.text) or "." in evidence.target.path_without_query.rpartition("/")[2]:
        return _is_file_loaded(evidence, symptom)
    return True


def _is_intact(evidence: Evidence, response: PageFileResponse) -> bool:
    """Return whether the page demands a hash of a file, and the whole file was read and has it."""
    is_demanded = any(
        file.url == response.url and file.integrity
        for page in evidence.good(Page)
        for file in page.files
    )
    return is_demanded and not response.integrity_fails and response.body_end == "complete"


def _is_target_file(evidence: Evidence) -> bool:
    """Return whether the target itself is a file or data, and came."""
    return any(
        page.status == 200 and "html" not in (page.header("Content-Type") or "html").lower()
        for page in page_exchanges(evidence)
    )


def _named_files(evidence: Evidence, symptom: Symptom) -> Iterator[PageFileResponse]:
    """Yield the files of the page that came and that a message names."""
    for response in evidence.good(PageFileResponse):
        url = parse_url(response.url)
        path = url.path.partition("?")[0] if url else ""
        if path and path in symptom.text and not response.shows_fault:
            yield response


def _is_data_asked(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether data was asked for: the target is data, or a script of the front page names
    where it reads some."""
    if _is_target_file(evidence):
        return True
    readers: tuple[Page | PageFileResponse, ...]
    readers = (*evidence.good(Page), *evidence.good(PageFileResponse))
    return evidence.target.path == "/" and any(reader.data_paths for reader in readers)


def _is_connected(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether a script's request that failed was asked for: the page of another site may be
    kept from the answer, and browsers do not say so there."""
    return not tells_of_failed_script(symptom.text) or _is_permitted(evidence, symptom)


def _is_public(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether a message is about an address of the site, and not about the network from
    which a visitor asks for it."""
    return _ADDRESS_SPACE.search(symptom.text) is None


def _is_encoding_named(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether the page or the file names its encoding in its header: else each browser
    takes one of its own."""
    pages = [page for page in page_exchanges(evidence) if page.status == 200]
    return bool(pages) and all(
        "charset=" in (page.header("Content-Type") or "").lower() for page in pages
    )


def _is_server_looked_into(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether this run looked inside the server, which alone shows what its programs write
    when they start, and what the kernel writes."""
    return any(host.vantage is Vantage.SERVER for host in evidence.of(Host))


def _are_workers_seen(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether this run looked at the server whose workers a message says are used up. No
    run sees how many of PHP's are busy."""
    product = "apache" if _OF_APACHE.search(symptom.text) else "haproxy"
    is_there = any(server.product == product for server in evidence.good(WebServer))
    return is_there and "max_children" not in symptom.text


def _is_now(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether a message is about now: a fault that comes back at its time is not seen at
    another one."""
    from diagnose.parsers.told_schedules import told_schedule

    return told_schedule(symptom.text) is None


def _is_whole(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether a page that came whole says something: of a large file or of what a visitor
    makes, the target has to be that file."""
    return _LARGE.search(symptom.text) is None or _is_target_file(evidence)


def _is_page_given(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether the page came. Behind a login or a rule that refuses this run, nothing of what
    others meet there is seen. A firewall for web requests refuses what a visitor sends."""
    if _OF_WEB_FIREWALL.search(symptom.text):
        return False
    pages = page_exchanges(evidence)
    return not pages or any((page.status or 500) < 400 for page in pages)


#: The workers of Apache's modules; those of others are HAProxy's connections.
_OF_APACHE = re.compile(r"\bAH\d{5}\b|MaxRequestWorkers|scoreboard", re.IGNORECASE)
#: How ModSecurity and Coraza log a request that a rule refuses.
_OF_WEB_FIREWALL = re.compile(r"(?:ModSecurity|Coraza): Access denied", re.IGNORECASE)
#: What is larger than a page, in the languages that people type.
_LARGE = re.compile(
    r"(?i)\bdownloads?\b|\bdownloading\b|\bheruntergeladen|\bherunterladen|télécharge|descarga"
    r"|scarica|скачива|загрузк|下载|下載|ダウンロード|다운로드|\b\d+(?:[.,]\d+)?\s?[GM]i?B\b"
    r"|\b(?:pdf|zip|iso|mp4|video|export|backup|archive?)s?\b"
)
#: What only the server's own programs and its kernel write.
_OF_THE_SERVER: tuple[SymptomKind, ...] = (
    "conntrack", "no-space", "no-files", "port-in-use", "address-unavailable", "port-permission",
    "nginx-certificate", "nginx-key", "nginx-config", "nginx-start", "server-config",
    "server-start", "server-port", "server-module", "server-certificate",
)  # fmt: skip
_CONTROLS: Mapping[SymptomKind, Callable[[Evidence, Symptom], bool]] = {
    "cors": _is_permitted,
    "frame": _is_framed,
    "mime": _is_file_loaded,
    "page-files": _are_files_loaded,
    "data": _is_data_asked,
    "not-connected": _is_connected,
    "wrong-address": _is_public,
    "status": _is_page_given,
    "incomplete": _is_whole,
    "unusable": _is_now,
    "characters": _is_encoding_named,
    **dict.fromkeys(_OF_THE_SERVER, _is_server_looked_into),
    "server-workers": _are_workers_seen,
}
