"""The page reaches the browser under a type with which it is not shown: it is downloaded, or its
source is shown (MIME Sniffing standard, section 7: none of these types is sniffed as HTML, and no
page without a type where `X-Content-Type-Options: nosniff` comes with it).

nginx sends `default_type` for a file whose type it does not know. The source of a PHP page comes if
nginx serves the file itself and does not pass it to PHP. Chromium was asked about each row of the
test. After a message about a download whatever is downloaded counts: data of an interface, which
`memcached_pass` and `redis2_pass` give the type of `default_type`, or what is sent as an
attachment.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import _page_files, endpoint_subjects, shown_pages
from checks.nginx import Nginx, file_line
from checks.nginx._location_edits import location_fix, setting_edits
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
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.parsers.browser_types import mime_type
from diagnose.parsers.http import document_kind
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import parse_url

if TYPE_CHECKING:
    from checks.http._sent_fields import SentField
    from checks.http._source_types import SniffingLine
    from checks.nginx._php_locations import Obstacle

#: Types that browsers download, and those whose source they show.
_DOWNLOADED = {"application/octet-stream", "application/x-httpd-php", "application/x-php"}
_SHOWN = {
    "text/plain", "text/css", "text/javascript", "application/javascript",
    "application/x-javascript", "application/json",
}  # fmt: skip

#: Alibaba Cloud OSS says so, where it forces the download.
_FORCED = "x-oss-force-download"


@check(severity=Severity.ERROR, needs=[Exchange], explains=["nginx.method-not-allowed"])
def page_downloaded(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    is_told = symptom is not None and symptom.kind == "download"
    pages = tuple(
        exchange
        for exchange in shown_pages(evidence)
        if exchange.status == 200 and (_is_not_shown(exchange) or (is_told and _is_saved(exchange)))
    )
    if not pages:
        return
    subjects, first = endpoint_subjects(pages), pages[0]
    url = parse_url(first.url)
    is_php = document_kind(first.body) == "php"
    is_told = not _is_not_shown(first)
    is_forced = _is_forced(first) or (is_told and bool(first.header("Content-Disposition")))
    nginx = Nginx.of(evidence)
    php = _Php.of(nginx, url.path if url else "/") if is_php else _Php()
    obstacle = php.obstacle
    adding = _adding_line(evidence, first) if is_forced else None
    sniffing = _sniffing_line(evidence, first)
    step = "pass-to-php" if is_php else "not-as-a-file" if is_forced else "send-html"
    yield Claim(
        about=merge_subjects(subjects),
        # The line that keeps the script from its location does so for every path.
        covers=(*subjects, *([Subject(port=evidence.target.port)] if obstacle else [])),
        because=pages,
        # A site may show sources as text on purpose, as the raw files of a repository.
        confidence=Confidence.LIKELY
        if is_told or is_forced or mime_type(first.headers) in _SHOWN
        else Confidence.CERTAIN,
        facts={
            "url": first.url,
            "type": mime_type(first.headers),
            "php": is_php,
            **php.facts,
            "data": is_told,
            "downloaded": is_forced or mime_type(first.headers) in _DOWNLOADED,
            "forced": is_forced,
            "unsniffed": _is_unsniffed(first),
            "sniff_place": sniffing.place if sniffing else "",
            "storage": bool(first.header(_FORCED)),
            "adding_place": adding.place if adding else "",
            **_page_files.location_facts(nginx, url.path if url else "/"),
        },
        severity=Severity.WARNING
        if is_told
        else Severity.NOTE
        if symptom is None and _is_typed_on_purpose(nginx, first)
        else None,
        location=nginx.location(obstacle.directive)
        if obstacle
        else adding.location
        if adding
        else None,
        fix=_typed(nginx, first)
        if is_told and not is_forced
        else php.handler
        or (adding.without() if adding else None)
        or (sniffing.fix if sniffing else None)
        or _obstacle_fix(nginx, obstacle)
        or php.location
        or php.added_handler
        or _by_hand("pass-line" if obstacle and obstacle.lacks_pass else step),
    )


@frozen
class _Php:
    """What lets PHP run a script that comes as a file: Apache's `handler` or module, the line that
    is in the way (`obstacle`), a `location` for nginx or a handler for Apache that is not there
    yet. `address` is that of PHP-FPM, "" if it is not known. `is_socket_alone` is True if the
    handler names a socket and no protocol."""

    handler: Fix | None = None
    obstacle: "Obstacle | None" = None
    address: str = ""
    location: Fix | None = None
    added_handler: Fix | None = None
    is_socket_alone: bool = False

    @classmethod
    def of(cls, nginx: Nginx, path: str) -> "_Php":
        handler, address = _handler_fix(nginx.evidence), _php_address(nginx.evidence)
        obstacle = None if handler else _obstacle(nginx, path)
        location = None
        if not handler and not obstacle and not nginx.is_refused:
            location = _added_location(nginx, path, address)
        added = None if location or obstacle else _added_handler(nginx.evidence, address)
        is_alone = handler is not None and _names_socket_alone(nginx.evidence)
        return cls(handler, obstacle, address, location, added, is_alone)

    @property
    def facts(self) -> dict[str, object]:
        return {
            "module": bool(self.handler) and not self.is_socket_alone,
            "socket": bool(self.handler) and self.is_socket_alone,
            "handler": bool(self.added_handler and not self.handler),
            "php_address": self.address,
            "written": self.location is not None,
            **_obstacle_facts(self.obstacle),
        }


def _obstacle_facts(obstacle: "Obstacle | None") -> dict[str, object]:
    """Return the line that keeps the script from the location that passes PHP on, and that
    location."""
    line, owner = (obstacle.directive, obstacle.php) if obstacle else (None, None)
    return {
        "obstacle": line.text if line else "",
        "obstacle_place": file_line(line) if line else "",
        "rewrite": obstacle is not None and obstacle.is_rewrite,
        "passless": obstacle is not None and obstacle.lacks_pass,
        "owner": owner.text if owner else "",
        "owner_place": file_line(owner) if owner else "",
    }


def _php_address(evidence: Evidence) -> str:
    # Imported late: few pages are PHP's source.
    from checks.http._php_handler import php_address

    return php_address(evidence)


def _is_typed_on_purpose(nginx: Nginx, page: Exchange) -> bool:
    """Return whether a location for a folder of its own names the type that came: sources that
    visitors may read."""
    url = parse_url(page.url)
    matches = list(nginx.location_matches(url.path)) if url else []
    return bool(matches) and all(
        match.block.name == "location"
        and match.block.args[-1:] != ("/",)
        and any(
            line.args[:1] == (mime_type(page.headers),)
            for line in children(match.block, "default_type")
        )
        for match in matches
    )


def _obstacle(nginx: Nginx, path: str) -> "Obstacle | None":
    # Imported late: few pages are PHP's source.
    from checks.nginx._php_locations import obstacle_of

    return None if nginx.is_refused else obstacle_of(nginx, path)


def _added_location(nginx: Nginx, path: str, address: str) -> Fix | None:
    # Imported late: few pages are PHP's source.
    from checks.nginx._php_additions import added_location_fix

    return added_location_fix(nginx, path.partition("?")[0], address)


def _obstacle_fix(nginx: Nginx, obstacle: "Obstacle | None") -> Fix | None:
    from checks.nginx._php_locations import obstacle_fix

    return obstacle_fix(nginx, obstacle) if obstacle else None


def _names_socket_alone(evidence: Evidence) -> bool:
    from checks.http._php_handler import names_socket_alone

    return names_socket_alone(evidence)


def _handler_fix(evidence: Evidence) -> Fix | None:
    # Imported late: few pages are PHP's source.
    from checks.http._php_handler import module_fix

    return module_fix(evidence)


def _added_handler(evidence: Evidence, address: str) -> Fix | None:
    # Imported late: few pages are PHP's source.
    from checks.http._php_handler import added_handler_fix

    return added_handler_fix(evidence, address)


def _adding_line(evidence: Evidence, page: Exchange) -> "SentField | None":
    """Return the line of the web server itself that offers the page as a file."""
    # Imported late: few pages are sent as a file.
    from checks.http._sent_fields import sent_field

    url, value = parse_url(page.url), page.header("Content-Disposition") or ""
    return sent_field(evidence, "Content-Disposition", (value,), url.path if url else "")


def _by_hand(step: str) -> Fix:
    return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)


def _is_saved(exchange: Exchange) -> bool:
    """Return whether a browser saves a response, whatever it is."""
    disposition = (exchange.header("Content-Disposition") or "").lower()
    return disposition.startswith("attachment") or mime_type(exchange.headers) in _DOWNLOADED


def _typed(nginx: Nginx, page: Exchange) -> Fix:
    """Give the answers of nginx's location the type of what is in them. An application that is
    passed on by HTTP sets it itself."""
    url, kind = parse_url(page.url), document_kind(page.body)
    text = page.body.lstrip()[:1]
    media_type = "text/html" if kind else "application/json" if text in {"{", "["} else "text/plain"
    for match in nginx.location_matches(url.path.partition("?")[0] if url else "/"):
        passing = pass_directive_of(match)
        if passing is not None and passing.name in {"proxy_pass", "fastcgi_pass", "uwsgi_pass"}:
            break
        file_edits = setting_edits(nginx, match, {"default_type": media_type})
        if file_edits:
            return location_fix(nginx, match, file_edits, sure=False)
    return _by_hand("send-html")


def _is_forced(exchange: Exchange) -> bool:
    """Return whether an HTML page is sent as a file without a name. A file that is meant to be
    saved has one, or another type or path. Object storages send pages so under the bucket's own
    name."""
    disposition = (exchange.header("Content-Disposition") or "").lower()
    path = exchange.url.partition("?")[0]
    return (
        document_kind(exchange.body) == "html"
        and mime_type(exchange.headers) == "text/html"
        and path.endswith(("/", ".html", ".htm"))
        and disposition.startswith("attachment")
        and "filename" not in disposition
    )


def _is_not_shown(exchange: Exchange) -> bool:
    """Return whether a browser does not show a page. A response that is offered as a file by its
    own words (Content-Disposition; RFC 6266) is meant to be one."""
    content_type, kind = mime_type(exchange.headers), document_kind(exchange.body)
    if _is_forced(exchange):
        return True
    if not kind or exchange.header("Content-Disposition"):
        return False
    is_source = content_type in _SHOWN or _is_unsniffed(exchange)
    return content_type in _DOWNLOADED or is_source or kind == "php"


def _is_unsniffed(exchange: Exchange) -> bool:
    if mime_type(exchange.headers):
        return False
    # Imported late: few pages have no type.
    from checks.http._source_types import is_unsniffed

    return is_unsniffed(exchange)


def _sniffing_line(evidence: Evidence, page: Exchange) -> "SniffingLine | None":
    if not _is_unsniffed(page):
        return None
    from checks.http._source_types import sniffing_line

    return sniffing_line(evidence, page)
