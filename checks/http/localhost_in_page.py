"""The page or one of its scripts opens a WebSocket at localhost, or requests it. In a visitor's
browser that is the visitor's own machine (RFC 6761 section 6.3), where no such program runs.

Mostly the front end was built with the settings of development, or the application writes the
address of its own setting into files and forms of the page, or into its data. A link is none:
documentation has such
links for its readers. Some pages speak with a program on
the visitor's machine on purpose (a printer, a wallet, a card reader): a port that servers of
development do not use is only a note. So does a person's message, where the page shows no such
address: if it is that of the site's own application, the application gives out its inner address.
Where the browser's message names an address that stands in the page, that is certain.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from checks.http import endpoint_subjects
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
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.urls import is_loopback_host, is_related_host, parse_url

#: Where an address stands.
Part = Literal["script", "file", "form", "base"]


@frozen
class _Mention:
    """An address, what it was read from, and the script in which it stands ("" for the page). What
    is no address of a script stands in the page itself, which an application mostly writes."""

    url: str
    source: Observation
    script: str = ""
    part: Part = "script"

    @property
    def host(self) -> str:
        url = parse_url(self.url)
        return url.host if url else ""

    @property
    def port(self) -> int:
        url = parse_url(self.url)
        return url.port if url else 0

    @property
    def is_local(self) -> bool:
        return is_loopback_host(self.host)

    @property
    def is_socket(self) -> bool:
        return self.url.startswith("ws")


@frozen
class _LocalAddresses:
    """Addresses of a visitor's own machine, and how they are known.

    `is_confirmed` is True if the browser's message names one that stands in the page, `is_told` if
    no page shows any, `is_given` if the application gives it out in an answer, and `is_answered` if
    this run got that answer.
    """

    mentions: tuple[_Mention, ...] = ()
    is_confirmed: bool = False
    is_told: bool = False
    is_given: bool = False
    is_answered: bool = False


@check(severity=Severity.WARNING, needs=[Exchange])
def localhost_in_page(evidence: Evidence) -> Iterator[Claim]:
    pages = tuple(
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.is_of_visit and exchange.status == 200
    )
    if not pages or is_loopback_host(evidence.target.host):
        return
    addresses = _local_addresses(evidence, pages)
    if addresses.mentions and not _is_of_before(evidence, addresses):
        yield _claim(evidence, pages, addresses)


def _is_of_before(evidence: Evidence, addresses: _LocalAddresses) -> bool:
    """Return whether the message alone shows the address, and the program's own address fits, or
    the web server rewrites the redirect that it is about."""
    if not addresses.is_told or addresses.is_given:
        return False
    from checks.http._handed_out import is_rewritten
    from checks.upstream._read_settings import fits_by_now

    urls = (parse_url(mention.url) for mention in addresses.mentions)
    named = [f"{url.host}:{url.port}" for url in urls if url]
    rewritten = bool(named) and all(is_rewritten(evidence, each) for each in named)
    return rewritten or fits_by_now(evidence, "public_url")


def _local_addresses(evidence: Evidence, pages: tuple[Exchange, ...]) -> _LocalAddresses:
    mentions = list(_mentions(evidence, pages))
    # The browser itself says that it asked for what stands there.
    if confirmed := _confirmed(evidence, mentions):
        return _LocalAddresses(tuple(confirmed), is_confirmed=True)
    own_socket = any(_is_own_socket(mention, evidence.target.host) for mention in mentions)
    shown = tuple(
        mention
        for mention in mentions
        if mention.is_local and not (own_socket and mention.is_socket)
    )
    if shown:
        return _LocalAddresses(shown)
    local_mentions = _reported_mentions(evidence, pages[0]) if evidence.target.symptom else ()
    # A page that opens WebSockets at the site alone by now was changed after the message.
    local_socket = any(mention.is_local and mention.is_socket for mention in mentions)
    is_changed = own_socket and not local_socket
    if local_mentions := tuple(
        mention for mention in local_mentions if not (is_changed and mention.is_socket)
    ):
        return _LocalAddresses(local_mentions, is_told=True)
    if url := _handed_out(evidence, pages[0]):
        return _LocalAddresses((_file_mention(url, pages[0]),), is_told=True, is_given=True)
    if url := _answered_address(evidence, pages):
        return _LocalAddresses((_file_mention(url, pages[0]),), is_given=True, is_answered=True)
    return _LocalAddresses()


def _is_own_now(page: Exchange, address: str) -> bool:
    """Return whether the page has a link to the same path with the site's own origin: then the
    message is of the time before."""
    url, own = parse_url(address), parse_url(page.url)
    path = url.path.partition("?")[0] if url else ""
    origin = f"{own.scheme}://{own.authority}" if own else ""
    return len(path) > 1 and bool(origin) and f"{origin}{path}" in page.body


def _reported_mentions(evidence: Evidence, page: Exchange) -> tuple[_Mention, ...]:
    """Return the addresses that the visitor's browser names where no page shows them: behind a
    login, for example."""
    from checks.http._reported_addresses import reported_addresses

    named = tuple(_Mention(url, page) for url in reported_addresses(evidence))
    local_mentions = tuple(mention for mention in named if mention.is_local)
    local = tuple(mention for mention in local_mentions if not _is_own_now(page, mention.url))
    if local_mentions and not local:
        return ()
    if local and (now := _own_paths(evidence)):
        # What the page asks the site itself by now was built again after the message.
        return tuple(mention for mention in local if _bare(mention.url)[2] not in now)
    return local or tuple(_Mention(url, page) for url in _called(evidence, page))


def _own_paths(evidence: Evidence) -> frozenset[str]:
    """Return the paths that the page and its scripts ask of the site itself, but for its root."""
    sources: list[Page | PageFileResponse] = [
        *evidence.good(Page), *evidence.good(PageFileResponse),
    ]  # fmt: skip
    paths = (path for source in sources for path in (*source.data_paths, *source.sent_paths))
    uses = (_bare(use.url) for source in sources for use in source.uses)
    own = (path for host, _, path in uses if host == evidence.target.host)
    own_paths = (
        path for response in evidence.good(PageFileResponse) for path in response.told_paths
    )
    return frozenset(path.partition("?")[0] for path in (*paths, *own, *own_paths)) - {"", "/"}


def _file_mention(url: str, page: Exchange) -> _Mention:
    return _Mention(url, page, part="file")


def _claim(evidence: Evidence, pages: tuple[Exchange, ...], addresses: _LocalAddresses) -> Claim:
    # Imported late: few pages have such addresses.
    from checks.http._known_application import own_setting
    from checks.http._local_programs import DEVELOPMENT_PORTS, application_on
    from checks.http._setting_lines import setting_facts

    # The port of the site's own application is that of no wallet and of no printer.
    own = frozenset(_own_ports(evidence))
    local = addresses.mentions
    ports = DEVELOPMENT_PORTS
    first = min(local, key=lambda each: (each.port not in own, each.port not in ports))
    is_known = addresses.is_given or addresses.is_confirmed
    is_development = first.port in ports or first.port in own or is_known
    subjects = endpoint_subjects(pages)
    setting = own_setting(evidence, "public_url")
    # A program that has such a setting makes its script's addresses of it.
    is_unshown = addresses.is_confirmed or addresses.is_told or addresses.is_given
    written = first.part != "script" or bool(is_unshown and setting["setting"])
    likely = Confidence.LIKELY if is_development else Confidence.POSSIBLE
    claim = Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(dict.fromkeys(mention.source for mention in local)),
        confidence=Confidence.CERTAIN if addresses.is_confirmed else likely,
        severity=None if is_development else Severity.NOTE,
        facts={
            "page": pages[0].url,
            "script": first.script,
            "url": first.url,
            "others": tuple(
                dict.fromkeys(mention.url for mention in local if mention.url != first.url)
            ),
            "told": addresses.is_told,
            "given": addresses.is_given,
            "answered": addresses.is_answered,
            "socket": first.is_socket,
            "form": first.part == "form",
            "written": written,
            "origin": evidence.target.origin,
            **setting,
            **setting_facts(evidence, first.url),
            "built_file": "",
            "port": first.port,
            # There the web server itself listens: it would ask itself.
            "own_port": first.port in {80, 443, evidence.target.port},
            "application": application_on(evidence, first.port),
        },
        fix=Fix(
            (Manual("own-setting" if written else "own-address", Where.APPLICATION),),
            Applicability.MANUAL,
        ),
    )
    if first.script and (built := _built_again(evidence, claim)):
        return built
    if not written:
        return claim
    from checks.upstream._own_remedy import with_own_remedy

    return with_own_remedy(evidence, claim, "public_url")


def _built_again(evidence: Evidence, claim: Claim) -> Claim | None:
    """Return the claim with the commands that build the front end again, where its script is known,
    and a line of the settings: a wrong one, or one that has the right address already. Or with
    those that edit what was built."""
    from checks.http._builds import built_again
    from checks.http._built_addresses import edited_files

    return built_again(evidence, claim) or edited_files(evidence, claim)


def _confirmed(evidence: Evidence, mentions: Iterable[_Mention]) -> list[_Mention]:
    """Return the addresses of this kind that the message of a browser names too."""
    if evidence.target.symptom is None:
        return []
    from checks.http._reported_addresses import reported_addresses

    reported = {_bare(url) for url in reported_addresses(evidence)}
    confirmed = [
        mention for mention in mentions if mention.is_local and _bare(mention.url) in reported
    ]
    if evidence.target.symptom.kind != "csp":
        return confirmed
    # The browser did not ask: a program of the visitor's own machine may well be there.
    from checks.http._local_programs import is_meant_for_site

    return [each for each in confirmed if is_meant_for_site(evidence, each.port)]


def _bare(address: str) -> tuple[str, int, str]:
    """Return host, port and path of an address, without its query."""
    url = parse_url(address)
    return (url.host, url.port, url.path.partition("?")[0]) if url else ("", 0, "")


def _called(evidence: Evidence, page: Exchange) -> Iterator[str]:
    """Yield the address of the site's own application that a page asks by a person's words."""
    from checks.http._handed_out import called_address

    if url := called_address(evidence, page):
        yield url


def _own_ports(evidence: Evidence) -> Iterator[int]:
    from checks.http._handed_out import own_ports

    return own_ports(evidence)


def _handed_out(evidence: Evidence, page: Exchange) -> str:
    """Return the address of the site's own application that it gives out by a person's words, ""
    if there is none, or if the application may have it from the web server."""
    if evidence.target.symptom is None:
        return ""
    from checks.http._handed_out import handed_out_address, is_of_server

    url = handed_out_address(evidence)
    return "" if url and is_of_server(evidence, page, url.partition("://")[2]) else url


def _answered_address(evidence: Evidence, pages: tuple[Exchange, ...]) -> str:
    """Return the address of the site's own application in data that it answers with, or that its
    page has for its scripts."""
    has_values = any(page.local_values for page in evidence.good(Page))
    if not has_values and not any("://" in page.body or ":\\/" in page.body for page in pages):
        return ""
    from checks.http._handed_out import answered_address, written_address

    if url := written_address(evidence):
        return url
    return next(filter(None, (answered_address(evidence, page) for page in pages)), "")


def _mentions(evidence: Evidence, pages: tuple[Exchange, ...]) -> Iterator[_Mention]:
    for exchange in pages:
        yield from (_Mention(url, exchange) for url in exchange.mentions)
    for page in evidence.good(Page):
        yield from (_Mention(url, page) for url in page.requests)
        yield from (
            _Mention(file.url, page, part="file") for file in page.files if not file.is_optional
        )
        yield from _uses(page)
        forms = dict.fromkeys((*page.posts, *page.insecure_forms))
        yield from (_Mention(url, page, part="form") for url in forms)
        if page.base:
            yield _Mention(page.base, page, part="base")
    for response in evidence.good(PageFileResponse):
        urls = (*response.mentions, *response.requests)
        yield from (_Mention(url, response, response.url) for url in urls)
        yield from _uses(response)


def _uses(source: Page | PageFileResponse) -> Iterator[_Mention]:
    """Yield what a page with a policy shows besides its files: pictures, films, frames, fonts."""
    shown = (use for use in source.uses if use.kind not in {"request", "form", "base", "style"})
    yield from (_Mention(use.url, source, part="file") for use in shown)


def _is_own_socket(mention: _Mention, host: str) -> bool:
    return mention.is_socket and is_related_host(mention.host, host)
