"""Apache does not pass the field Authorization on to PHP-FPM and other FastCGI programs, unless
`CGIPassAuth On` or a rule of the site says so (core, "CGIPassAuth": "HTTP authorization headers …
are normally not passed"); mod_wsgi keeps it from Python, unless `WSGIPassAuthorization On`. The
application then says that no token came, although one was sent.

A 401 is no fault. The evidence is the same answer to a request that had a token. Or the program
itself asks for a user and a password (a Basic challenge): it never gets them, and asks again for
ever. Where it asks with a page of its own, nobody opens the page that was asked about; the
challenge of an interface is a note, as its users may have a cookie in the place of a password.
Where Apache asks (AuthType), the program need not know who came. Or the script that refuses this
run reads the field.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    file_rows,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._cgi_sites import has_cgi_programs
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.html_tags import excerpt
from diagnose.parsers.missing_tokens import (
    says_no_token,
    says_no_token_of_its_scheme,
    says_token_is_read,
)
from diagnose.parsers.token_fields import refuses_unknown
from diagnose.parsers.web_sites import route_of

#: A line by which mod_wsgi answers: all below a path, or the files of a kind.
_WSGI = re.compile(r"(?i)\s*WSGIScriptAlias(?:Match)?\s+\"?(\S+?)\"?\s")
_WSGI_FILES = re.compile(r"(?i)\s*(?:(?:Set|Add)Handler\s+\"?wsgi-script|WSGIHandlerScript\s)")
#: The line by which Apache takes the field away.
_REMOVES = re.compile(r"(?i)\s*RequestHeader\s+(?:early\s+)?unset\s+\"?Authorization\"?\s*$")
#: The lines by which Apache asks itself (mod_auth_basic), or has a page of its own for that.
_ASKS = re.compile(r"(?i)\s*(?:AuthType\s+\"?(?:Basic|Digest)\b|ErrorDocument\s+401\b)")
#: What people say who are asked for their password again and again.
_LOGINS = frozenset({"login", "cookie", "request-field", "other"})

_NOT_AUTHORIZED, _NOT_PERMITTED = 401, 403
_PASSES = re.compile(r"(?i)HTTP_AUTHORIZATION|CGIPassAuth\s+on\b|WSGIPassAuthorization\s+on\b")
#: Words by which applications and people say that no login arrived: WordPress's interface, its
#: plugins for JWT, and the name of the field or of PHP's variable for it.
_NOT_ARRIVED = re.compile(
    r"rest_not_logged_in|rest_cannot_[a-z_]{2,30}|jwt_auth_no_auth_header|HTTP_AUTHORIZATION"
    r"|You are not currently logged in|Authorization header (?:is |was )?(?:not found|malformed)"
    r"|(?:no|missing|without(?: an?)?|lost|strip(?:s|ped)?(?: the)?) authorization header"
    r"|authorization header.{0,40}?"
    r"\b(?:not|missing|null|empty|stripped|lost|removed|dropped|never)\b"
    r"|(?:获取|拿|取|收|读|接收)不到.{0,12}?authorization"
    r"|authorization.{0,16}?(?:丢失|丢了|为空|获取不到|拿不到|收不到|取不到)",
    re.IGNORECASE,
)
#: Words of a person who sends a token.
_TOKEN = re.compile(r"(?i)\b(?:valid |access |bearer |jwt |auth )?(?:tokens?\b|bearer\b|jwt\b)")


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["server.own-answer", "server.login-withheld"],
)
def authorization_not_passed(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.product != "apache" or not view.answering_sites:
        return
    yield from _challenged(view, view.answering_sites[0])
    pages = [
        page
        for page in (*pages_with_status(evidence, 401), *pages_with_status(evidence, 403))
        if says_no_token(page.status, page.body)
    ]
    again = [page for page in evidence.good(Exchange) if page.purpose == "authorized"]
    if not all(says_no_token(page.status, page.body) for page in again):
        return
    site = view.answering_sites[0]
    removing = _removing_line(view, site)
    wsgi = _wsgi_line(view, site, target.path)
    is_kept = not site.passes_authorization and (
        bool(wsgi) or has_cgi_programs(view, site, target.path)
    )
    if not pages or not again or not (removing or is_kept):
        if not pages and not again and (removing or is_kept):
            yield from _reported_claims(view, site, removing, wsgi)
        return
    own = Subject(port=target.port, path=target.path_without_query)
    yield Claim(
        about=own,
        covers=(own, Subject(port=target.port)),
        because=(*pages, *again, view.server),
        # The application may look for its token in another place than this field. The words of
        # Django REST framework are those of an interface with a session's cookie, too.
        confidence=Confidence.POSSIBLE
        if says_no_token_of_its_scheme(pages[0].body)
        and not pages[0].header("WWW-Authenticate")
        and not evidence.target.symptom
        else Confidence.LIKELY,
        facts={
            **view.facts,
            "url": pages[0].url,
            "status": pages[0].status or "",
            "words": excerpt(pages[0].body, 110),
            "source": "",
            "fastcgi": not removing and not wsgi,
            "wsgi": bool(wsgi) and not removing,
            "removed": bool(removing),
            "challenge": False,
            "told": False,
            "sent": False,
            "place": place_text(site.file, removing or wsgi or site.line),
        },
        fix=_remedy(view, site, removing, wsgi),
    )


def _remedy(view: ServerView, site: WebSite, removing: int, wsgi: int) -> Fix:
    if removing:
        return manual_fix(view, "keep")
    return _wsgi_fix(view, site, wsgi) if wsgi else _fix(view, site)


def _reading_line(view: ServerView) -> ReadSetting | None:
    """Return the line of the script that looks for Authorization, if the script says that it does
    not know who asks."""
    pages = pages_with_status(view.evidence, _NOT_AUTHORIZED)
    is_missed = bool(pages) and all(
        refuses_unknown(page.status, page.body) and not says_token_is_read(page.body)
        for page in pages
    )
    reads = view.evidence.good(ReadSetting) if is_missed and not _is_passed_below(view) else ()
    return next(
        (
            read
            for read in reads
            if read.topic == "token_field" and read.values == ("Authorization",)
        ),
        None,
    )


def _reported_claims(view: ServerView, site: WebSite, removing: int, wsgi: int) -> Iterator[Claim]:
    """Judge by a person's words, or by the script, that the application gets no Authorization: no
    line of the site passes the field on."""
    evidence, target = view.evidence, view.evidence.target
    words, is_sent = _reported_words(view)
    read = None if words else _reading_line(view)
    if not words and read is None:
        return
    own = Subject(port=target.port, path=target.path_without_query)
    pages = [page for page in evidence.good(Exchange) if page.purpose == "target"]
    yield Claim(
        about=own,
        covers=(own, Subject(port=target.port)),
        because=(
            view.server,
            *([view.config] if view.config else []),
            *pages,
            *([read] if read else []),
        ),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": target.url,
            "status": _NOT_AUTHORIZED if read else "",
            "source": read.place if read else "",
            "words": words,
            "fastcgi": not removing and not wsgi,
            "wsgi": bool(wsgi) and not removing,
            "removed": bool(removing),
            "challenge": False,
            "told": not is_sent and read is None,
            "sent": is_sent or read is not None,
            "place": place_text(site.file, removing or wsgi or site.line),
        },
        fix=_remedy(view, site, removing, wsgi),
    )


def _reported_words(view: ServerView) -> tuple[str, bool]:
    """Return the words of a message by which no login arrives, and whether they say that a token is
    sent rather than that none arrives; "" without such words."""
    evidence, symptom = view.evidence, view.evidence.target.symptom
    # 403 is for somebody who has logged in (WordPress, rest_authorization_required_code).
    if symptom is None or symptom.number == _NOT_PERMITTED:
        return "", False
    text = symptom.text[:2000]
    if words := _NOT_ARRIVED.search(text):
        return words[0], False
    sent = _TOKEN.search(text) if symptom.number == _NOT_AUTHORIZED else None
    pages = pages_with_status(evidence, _NOT_AUTHORIZED)
    is_read = any(says_token_is_read(page.body) for page in pages)
    # The challenge of a password is no token's.
    is_password = any(page.asks_for_password for page in pages)
    if sent is None or is_read or is_password or says_token_is_read(text) or _is_passed_below(view):
        return "", False
    return sent[0].strip(), True


def _is_passed_below(view: ServerView) -> bool:
    """Return whether the .htaccess of a folder below that of the site passes the field on."""
    roots = {f"{site.root.rstrip('/')}/.htaccess" for site in view.answering_sites}
    files = view.config.files if view.config else ()
    below = (file for file in files if file.path.endswith("/.htaccess") and file.path not in roots)
    return any(_PASSES.search(file.text) for file in below)


def _challenged(view: ServerView, site: WebSite) -> Iterator[Claim]:
    """Judge by the challenge of a FastCGI program that gets no answer to it."""
    evidence, target = view.evidence, view.evidence.target
    pages = [page for page in pages_with_status(evidence, 401) if page.asks_for_password]
    if not pages or site.passes_authorization or not has_cgi_programs(view, site, target.path):
        return
    is_programs = any(page.header("X-Powered-By") for page in pages)
    if not is_programs and (_asks_for_password(view) or any(map(_is_apaches_page, pages))):
        return
    symptom = target.symptom
    own = Subject(port=target.port, path=target.path_without_query)
    is_told = symptom is not None and (symptom.kind in _LOGINS or symptom.number == 401)
    is_asked = symptom is None and any(map(_is_page_of_php, pages))
    is_closed = is_asked and not _is_passed_below(view)
    yield Claim(
        about=own,
        covers=(own, Subject(port=target.port)),
        because=(*pages, view.server, *([view.config] if view.config else [])),
        confidence=Confidence.LIKELY,
        # This run sends no password: 401 is the right answer to it.
        severity=None if is_told or is_closed else Severity.NOTE,
        facts={
            **view.facts,
            "url": pages[0].url,
            "status": 401,
            "words": "",
            "source": "",
            "fastcgi": True,
            "wsgi": False,
            "removed": False,
            "challenge": True,
            "told": False,
            "sent": False,
            "place": place_text(site.file, site.line),
        },
        fix=_fix(view, site),
    )


def _is_page_of_php(page: Exchange) -> bool:
    """Return whether a program in PHP asks with a page for people, and starts no session: a cookie
    may log in who has no password."""
    kind = (page.header("Content-Type") or "").lower()
    by_php = "php" in (page.header("X-Powered-By") or "").lower()
    return by_php and kind.startswith("text/html") and page.header("Set-Cookie") is None


def _is_apaches_page(page: Exchange) -> bool:
    """Return whether the charset is that of Apache's own error pages (ap_send_error_response)."""
    return "iso-8859-1" in (page.header("Content-Type") or "").lower()


def _asks_for_password(view: ServerView) -> bool:
    """Return whether a line of Apache asks for a password somewhere."""
    files = view.config.files if view.config else ()
    return any(_ASKS.match(row) for file in files for row in file_rows(view, file))


def _removing_line(view: ServerView, site: WebSite) -> int:
    """Return the number of the line that takes the field away, 0 if none does."""
    numbers = range(site.line, site.end + 1)
    return next((n for n in numbers if _REMOVES.fullmatch(line_text(view, site.file, n))), 0)


def _wsgi_line(view: ServerView, site: WebSite, path: str) -> int:
    """Return the number of the line by which mod_wsgi answers a path, 0 if none does."""
    if route_of(site, path.partition("?")[0], websocket=False) is not None:
        return 0
    for number in range(site.line, site.end):
        text = line_text(view, site.file, number)
        alias = _WSGI.match(text)
        prefix = alias.group(1).rstrip("/") if alias else ""
        is_here = bool(alias) and (prefix[:1] == "^" or f"{path}/".startswith(f"{prefix}/"))
        if is_here or _WSGI_FILES.match(text):
            return number
    return 0


def _wsgi_fix(view: ServerView, site: WebSite, number: int) -> Fix:
    """Pass the field on for the virtual host: mod_wsgi takes the line there."""
    written = line_text(view, site.file, number)
    added = f"{indentation(written)}WSGIPassAuthorization On"
    is_whole = _WSGI.match(written) and not written.rstrip().endswith("\\")
    edit = line_edit(view, site.file, {number: (added, written)}) if is_whole else None
    if edit is None:
        return manual_fix(view, "pass-to-python")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _fix(view: ServerView, site: WebSite) -> Fix:
    """Pass the field on in the virtual host: <Location> counts for the scripts of every folder."""
    end = line_text(view, site.file, site.end)
    if not re.match(r"(?i)\s*</VirtualHost>", end):
        return manual_fix(view, "pass")
    margin = indentation(end)
    added = (
        f'{margin}    <Location "/">',
        f"{margin}        CGIPassAuth On",
        f"{margin}    </Location>",
    )
    edit = line_edit(view, site.file, {site.end: (*added, end)})
    if edit is None:
        return manual_fix(view, "pass")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
