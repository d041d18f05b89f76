"""Whether a page that came over https names the site itself with http. No I/O.

An application does so that takes its visitors for users of http: in redirects, in the address to
which a login has to lead back, in addresses of files and forms.
"""

import re
from collections.abc import Iterator
from itertools import chain, islice
from urllib.parse import parse_qsl, unquote

from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from diagnose.model.symptom import Symptom
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import is_related_host, parse_url

#: The query of a login is longer only if somebody plays.
_MAX_QUERY = 8192
#: Characters of a page that are looked at.
_MAX_BODY = 262_144
#: JSON may write a slash as \\/ (RFC 8259 section 7).
_PLAIN_ADDRESS = re.compile(r"\b(http|ws):(?://|\\/\\/)([^\s\"'<>`{}|^]{1,300})", re.IGNORECASE)
#: The address to which a login elsewhere has to lead back, in the query of another address. JSON
#: may write the "&" before it as \u0026.
_RETURN_ADDRESS = re.compile(
    r"(?:[?&;]|\\u00(?:26|3f))(?:redirect_ur[il]|service|wreply)=(http%3A%2F%2F[\w.%~-]{1,300})",
    re.IGNORECASE,
)
#: The types of scripts that stand in a page, and of their settings. Others describe the page to
#: search engines ("application/ld+json").
_TYPE = re.compile(r"\btype\s{0,3}=\s{0,3}[\"']?([\w/+.-]{1,60})", re.IGNORECASE)
_READ_TYPES = frozenset({"module", "text/javascript", "application/javascript",
                         "application/json"})  # fmt: skip
#: As many scripts of a page are looked at.
_MOST_SCRIPTS = 50
#: "redirects to http", "http instead of https", "登录后会跳转到http". An error of HTTP is none, nor
#: is the address of a machine inside.
_TO_HTTP = lazy_pattern(
    r"(?i)(?:\b(?:to|with|is|are|as|uses?|opens?|loads?|back|becomes?)"
    r"|跳转|重定向|跳到|跳回|转到|变成|回到|是)[^A-Za-z0-9]{0,6}(?:the )?[\"'`“‘]?"
    r"http(?![a-z])(?:://(?!localhost|127\.|10\.|192\.168\.|172\.|[\w-]{1,63}[:/])"
    r"|(?!:| ?(?:error|status|code|[1-5]\d\d)))"
    r"|\bhttp (?:instead of|not|rather than) https"
)
#: As many addresses are named.
_MOST = 3


def plain_addresses(text: str, host: str) -> tuple[str, ...]:
    """Return the http: and ws: addresses of this host in a text, HTML or JSON, each once, at most
    three."""
    addresses = (
        f"{match[1].lower()}://{match[2]}".replace("\\/", "/").rstrip("\\.,;)")
        for match in _PLAIN_ADDRESS.finditer(text)
    )
    returns = (unquote(match[1]) for match in _RETURN_ADDRESS.finditer(text))
    named = dict.fromkeys(chain(addresses, returns))
    own = (url for url in named if _names_host(url, host))
    return tuple(islice(own, _MOST))


def is_written_in_script(body: str, host: str) -> bool:
    """Return whether a script that stands in a page, or its settings, has an http: address of this
    host: what it requests there, a browser does not let a page of https get."""
    return any(
        plain_addresses(text, host)
        for attributes, text in islice(_scripts(body[:_MAX_BODY]), _MOST_SCRIPTS)
        if ((kind := _TYPE.search(attributes)) is None or kind[1].lower() in _READ_TYPES)
    )


def _scripts(body: str) -> Iterator[tuple[str, str]]:
    """Yield the attributes and the text of each script that stands in a page."""
    small, end = body.lower(), 0
    while (start := small.find("<script", end)) >= 0:
        opened = small.find(">", start)
        end = small.find("</script", opened)
        if opened < 0 or end < 0:
            return
        yield body[start + 7 : min(opened, start + 500)], body[opened + 1 : end]


def _names_host(url: str, host: str) -> bool:
    parsed = parse_url(url)
    return parsed is not None and parsed.host == host


def complains_of_http(words: str) -> bool:
    """Return whether a message says that something leads to http, as a scheme."""
    return _TO_HTTP.search(words) is not None


def is_about_http(symptom: Symptom | None) -> bool:
    """Return whether a person says that a redirect or a login leads to http; or that a login
    elsewhere refuses the address to return to, which an application writes with http if it is not
    told of https."""
    if symptom is None:
        return False
    is_leading = symptom.kind in {"wrong-address", "login"} and complains_of_http(symptom.text)
    return is_leading or symptom.kind == "login-address"


def names_itself_plain(answer: Exchange | Page, host: str) -> bool:
    """Return whether a page of https names this host, or a related one, with http or ws."""
    if not answer.url.startswith("https:"):
        return False
    named = _named_by(answer) if isinstance(answer, Exchange) else _written_in(answer)
    return any(_is_own_plain(url, host) for url in named)


def _named_by(answer: Exchange) -> Iterator[str]:
    """Yield the address to which a response redirects, and those in its query."""
    onward = redirect_target(answer) or ""
    yield onward
    yield from query_values(onward)


def _written_in(page: Page) -> Iterator[str]:
    yield from (file.url for file in page.files)
    yield from page.insecure_forms
    yield from page.insecure_frames
    for login in page.logins:
        yield from query_values(login)


def query_values(url: str) -> Iterator[str]:
    """Yield the values in a URL's query; none of one with too many values."""
    query = url.partition("?")[2].partition("#")[0][:_MAX_QUERY]
    try:
        yield from (value for _, value in parse_qsl(query, max_num_fields=64))
    except ValueError:
        return


def _is_own_plain(url: str, host: str) -> bool:
    parsed = parse_url(url)
    return parsed is not None and not parsed.secure and is_related_host(host, parsed.host)
