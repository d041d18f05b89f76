"""The sites of this server, for a command line that names none."""

import asyncio
import re
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING

from diagnose.machine.local import LocalMachine
from diagnose.model import Severity, Target
from diagnose.model.symptom import SymptomKind
from diagnose.parsers.target import NamelessMessageError

if TYPE_CHECKING:
    from diagnose.model import Finding, Report

#: Seconds for the configuration of a web server: an error is not to keep anybody waiting.
_TIME_LIMIT = 5.0
#: The largest number of sites in a sentence.
_MAX_NAMED = 5
#: The largest number of sites that are looked at for one message.
_MAX_COMPARED = 4
#: The option that compares one target with an earlier run.
_ONE_TARGET = "--baseline"
#: Options of somebody who does not ask about this server.
_ELSEWHERE = ("--server", "--outside")
#: What nginx says when it does not start, whatever site the line is of: any one shows the reason.
_OF_ALL = re.compile(r"\[emerg\]|nginx\.service\b")
#: What the console of a browser says of a request that a page made.
_OF_BROWSER = re.compile(
    r"net::ERR_|WebSocket connection to|can[’']t establish a connection to the server at"
    r"|XMLHttpRequest|Cross-Origin Request Blocked|Failed to load resource"
)
#: What a message says of a connection that failed.
_CONNECTION_KINDS: frozenset[SymptomKind] = frozenset(
    {
        "refused", "timeout", "unreachable", "reset", "not-connected", "upstream-refused",
        "port-in-use",
    }
)  # fmt: skip


def own_sites() -> tuple[str, ...]:
    """Return the URLs of the sites of nginx, as the screen would list them here, or else those of
    the names that other web servers have: () if nothing can be read."""
    from diagnose.probes.inside.site_discovery import find_sites

    async def find() -> tuple[str, ...]:
        if sites := await find_sites(LocalMachine()):
            return tuple(site.url for site in sites)
        from diagnose.probes.inside.site_names import site_names

        return tuple(f"https://{name}/" for name in await site_names(LocalMachine()))

    return _within_time(find())


def _within_time(search: Coroutine[None, None, tuple[str, ...]]) -> tuple[str, ...]:
    """Return what a search finds, () if it fails or takes too long."""
    try:
        return asyncio.run(asyncio.wait_for(search, _TIME_LIMIT))
    except (OSError, TimeoutError):
        return ()


def reported_sites(error: NamelessMessageError, arguments: list[str]) -> tuple[str, ...]:
    """Return the URLs of the sites of this server of which a message may tell that names none: ()
    if there are none, or too many to look at each, or where somebody asks about elsewhere."""
    if any(argument.startswith(_ELSEWHERE) for argument in arguments) or not error.with_example(""):
        return ()
    urls = _bare_sites()
    if len(urls) > 1 and error.symptom is not None:
        from diagnose.parsers.policy_messages import refused_host

        # What the policy of a page forbids is rather on another host than the page.
        urls = [url for url in urls if _host(url) != refused_host(error.symptom.text)]
        urls = _of_sender(error.symptom.text) or urls
    is_one = any(argument.startswith(_ONE_TARGET) for argument in arguments)
    most = 1 if is_one else _MAX_COMPARED
    if len(urls) > most and error.symptom is not None and _OF_ALL.search(error.symptom.text):
        urls = sorted(urls, key=lambda url: not url.startswith("https:"))[:most]
    return tuple(urls) if len(urls) <= most else ()


def reports_of_message(reports: Sequence["Report"]) -> list["Report"]:
    """Return the reports of the sites of which a message tells: those with a cause that produces
    it. If none has one, all whose name leads to a site: a configuration often has names that are in
    no DNS."""
    from diagnose.checking.symptom_answer import symptom_answer

    answers = [(report, symptom_answer(report)) for report in reports]
    for kind in ("cause", "possible"):
        if answered_reports := [
            report for report, answer in answers if answer and answer.kind == kind
        ]:
            return answered_reports
    named = [report for report in reports if not any(_is_of_name(cause) for cause in report.causes)]
    return named or [*reports]


def _is_of_name(cause: "Finding") -> bool:
    return cause.check.layer == "dns" and cause.severity is Severity.ERROR


def _of_sender(message: str) -> list[str]:
    """Return the sites of the web server that wrote a message, if it has one alone."""
    from diagnose.parsers.server_messages import sender_of
    from diagnose.probes.inside.site_names import site_names

    product = sender_of(message)
    if not product:
        return []

    async def find() -> tuple[str, ...]:
        names = await site_names(LocalMachine(), (product,))
        return tuple(f"https://{name}/" for name in names)

    urls = _without_www(_within_time(find()))
    return urls if len(urls) == 1 else []


def site_before(target: Target, arguments: list[str]) -> str:
    """Return the URL of the only site of this server, for a message that names a private address:
    the application's behind the site. "" where the address may be the site itself."""
    if any(argument.startswith(_ELSEWHERE) for argument in arguments):
        return ""
    urls = _bare_sites()
    is_own = any(_host(url) == target.host for url in urls)
    return urls[0] if len(urls) == 1 and not is_own else ""


def is_behind_a_site(target: Target) -> bool:
    """Return whether a message tells of a port at a private address, as proxies and applications
    write of one another, or of an address of this machine that a page's script asked in a
    visitor's browser. Who types curl asks that address on purpose."""
    from diagnose.model.addresses import is_local_host, is_private
    from diagnose.parsers.hostnames import is_address
    from diagnose.parsers.target import PORTS

    host, text = target.host, target.input
    is_connection = target.symptom is not None and target.symptom.kind in _CONNECTION_KINDS
    is_typed = "curl" in text or "wget" in text.lower() or "://" in text
    if target.symptom is not None and target.symptom.kind == "port-in-use":
        # A program names its own address so, also as a URL (Kestrel).
        is_typed = False
    if is_connection and is_local_host(host) and _OF_BROWSER.search(text):
        return True
    if not is_connection or is_typed or target.port in PORTS.values():
        return False
    return host == "localhost" or (is_address(host) and is_private(host))


def _bare_sites() -> list[str]:
    """Return the URLs of this server's sites. A name with www. and the one without it are one."""
    return _without_www(own_sites())


def _without_www(urls: Sequence[str]) -> list[str]:
    return [url for url in urls if _host(url) not in {f"www.{_host(other)}" for other in urls}]


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0]


def with_own_sites(error: NamelessMessageError, arguments: list[str]) -> str:
    """Return the text of an error, with a site of this server in the place of an example."""
    if any(argument.startswith(_ELSEWHERE) for argument in arguments):
        return str(error)
    urls = own_sites() if error.with_example("") else ()
    if not urls:
        return str(error)
    text = error.with_example(urls[0])
    others = ", ".join(urls[1:_MAX_NAMED])
    return f"{text} (other sites of this server: {others})" if others else text
