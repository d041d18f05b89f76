"""The words in which frameworks refuse a form because of where it comes from. No I/O.

A browser sends the page's origin with every form and every POST (Fetch standard, "Origin"). The
framework compares it with the origin that it believes to have: the scheme, the name and the port
that the proxy before it told it.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Django and its REST framework; Rails, GitLab, Mastodon, Redmine and OpenProject; Next.js;
#: SvelteKit; Spring; Grafana, Phoenix and others.
REFUSAL = lazy_pattern(
    r"CSRF verification failed|CSRF Failed:|(?:Origin|Referer) checking failed"
    r"|HTTP Origin header|InvalidAuthenticityToken|The change you (?:want|request)ed was rejected"
    r"|Security verification failed\. Are you blocking cookies|Invalid form authenticity token"
    r"|Unable to verify Cross-Site Request Forgery token|Invalid Server Actions request"
    r"|does not match .?origin.? header"
    r"|Cross-site \S{1,10} (?:form submissions|requests?) (?:are|is) forbidden"
    r"|Invalid CORS request|cross-origin request (?:detected|rejected|denied)"
    r"|(?:origin|referr?er)(?: header)? (?:is )?(?:not (?:allowed|valid|trusted)|mismatch|rejected)"
    r"|(?:invalid|untrusted|disallowed|forbidden|bad) (?:origin|referer)\b",
    re.IGNORECASE,
)

#: Words that refuse an origin and nothing else. The others may mean a token that is missing.
_ORIGIN_ALONE = lazy_pattern(
    r"(?:Origin|Referer) checking failed|HTTP Origin header|Server Actions request"
    r"|does not match .?origin.? header|Cross-site \S{1,10} (?:form submissions|requests?)"
    r"|Invalid CORS request|origin (?:is )?not (?:allowed|trusted)"
    r"|(?:invalid|untrusted|bad) origin",
    re.IGNORECASE,
)

#: What a browser sends in the place of its page's origin, where a Referrer-Policy hides it.
HIDDEN_ORIGIN = lazy_pattern(
    r"Origin checking failed - null\b|\borigin.{0,20}\bnull\b", re.IGNORECASE
)


def refuses_origin(status: int | None, body: str) -> bool:
    """Return whether an answer refuses a request because of its origin."""
    return (status or 0) >= 400 and REFUSAL.search(body[:2048]) is not None


def names_origin(body: str) -> bool:
    """Return whether a refusal can be about the origin only."""
    return _ORIGIN_ALONE.search(body[:2048]) is not None


#: What a program writes about a request without a Referer, which is no page's.
_NO_REFERER = lazy_pattern(r"no referr?er\b", re.IGNORECASE)
#: The path at the end of Django's line ("Forbidden (Origin checking failed - …): /login/").
_LOGGED_PATH = lazy_pattern(r"\): (/\S{0,300})\s*$")
#: Longest line, in characters, and most lines of a log that are read.
_MAX_LINE, _MAX_LINES = 1000, 2000


def logged_refusal(text: str, authority: str, path: str) -> tuple[str, int]:
    """Return the last line in a program's log in which it refuses a form for its origin and nothing
    else, and the number of such lines; "" and 0 without one. A line counts that is about the site's
    own pages (`authority`) and this path, as far as it names any."""
    lines = [
        line
        for line in _refusing_lines(text)
        if (authority in line.lower() or "://" not in line)
        and ((named := _LOGGED_PATH.search(line)) is None or named[1] == path)
    ]
    return (lines[-1].strip(), len(lines)) if lines else ("", 0)


def named_refusal(text: str, authority: str) -> tuple[str, str, int]:
    """Return the path, without its query, the last line and the number of lines in which a program
    refused a form of the site's own pages (`authority`) for its origin, where no other log shows
    which forms were sent: lines that name the page's origin and the path themselves. "", "" and 0
    without one."""
    lines = [
        (named[1].partition("?")[0], line.strip())
        for line in _refusing_lines(text)
        if f"//{authority} " in line.lower() and (named := _LOGGED_PATH.search(line))
    ]
    if not lines:
        return "", "", 0
    path, line = lines[-1]
    return path, line, sum(other == path for other, _ in lines)


def _refusing_lines(text: str) -> Iterator[str]:
    """Yield the lines that refuse the origin of a browser's form, and nothing else."""
    for raw in text.split("\n")[-_MAX_LINES:]:
        line = raw[:_MAX_LINE]
        if names_origin(line) and not HIDDEN_ORIGIN.search(line) and not _NO_REFERER.search(line):
            yield line


#: Next.js (packages/next/src/server/app-render/action-handler.ts).
_TOLD_HOST = lazy_pattern(
    r"x-forwarded-host\W{1,3}header with value \W?([\w.:\[\]-]{1,260})", re.IGNORECASE
)


def host_in_refusal(words: str) -> str:
    """Return the host that a proxy told the framework by the words of its refusal, in lower case;
    "" if they name none."""
    match = _TOLD_HOST.search(words[:2048])
    return match[1].lower() if match else ""


#: Rails (actionpack, request_forgery_protection.rb).
_TOLD_BASE = lazy_pattern(r"match request\.base_url \((https?)://", re.IGNORECASE)


def scheme_in_refusal(words: str) -> str:
    """Return the scheme of which a framework says that it takes its own address to have; "" if its
    words name none. Rails takes what a proxy tells it (Rack, `Request#scheme`)."""
    match = _TOLD_BASE.search(words[:2048])
    return match[1].lower() if match else ""


#: What each framework's setting is called, by the words of its refusal.
_FRAMEWORKS = (
    ("django", r"CSRF (?:verification )?failed|(?:Origin|Referer) checking failed"),
    (
        "rails",
        r"HTTP Origin header|InvalidAuthenticityToken"
        r"|The change you (?:want|request)ed was rejected"
        r"|Security verification failed\. Are you blocking cookies|Invalid form authenticity token"
        r"|Unable to verify Cross-Site Request Forgery token",
    ),
    ("nextjs", r"Server Actions request|does not match .?origin.? header"),
    ("sveltekit", r"Cross-site \S{1,10} form submissions"),
    ("spring", r"Invalid CORS request"),
)


def framework_of(body: str) -> str:
    """Return the framework that refuses an origin in these words: "django", "rails", "nextjs",
    "sveltekit", "spring", or "" for another."""
    matches = (name for name, words in _FRAMEWORKS if re.search(words, body[:2048], re.IGNORECASE))
    return next(matches, "")


def means_token(words: str) -> bool:
    """Return whether these are Rails' words for a token as well as for an origin. It believes every
    proxy's fields, so that no setting of its own is wrong where a proxy sends the right ones."""
    return framework_of(words) == "rails" and not names_origin(words)


@frozen
class FormGuard:
    """How a framework guards forms: what its pages have (`marks`), the status of a refusal, and the
    header fields by which it knows its own origin, in lower case."""

    framework: str
    marks: str
    status: int
    fields: frozenset[str]

    @property
    def knows_no_mistake(self) -> bool:
        """Whether the status says nothing else than that the form itself is refused: one that was
        filled in wrongly gets another (Django 200, SvelteKit 400)."""
        return self.framework in {"django", "sveltekit"}


_SCHEME_AND_HOST = frozenset({"x-forwarded-proto", "host", "x-forwarded-host"})
_HOST_ALONE = frozenset({"host", "x-forwarded-host"})
#: Django's CsrfViewMiddleware; Rails' verified_request?; Next.js, "Server Actions", and SvelteKit's
#: adapter-node, which take https for granted.
_GUARDS = (
    FormGuard("django", r"^csrftoken=|name=[\"']csrfmiddlewaretoken[\"']", 403, _SCHEME_AND_HOST),
    FormGuard("rails", r"[\"']authenticity_token[\"']", 422, _SCHEME_AND_HOST),
    FormGuard("nextjs", r"/_next/static/", 500, _HOST_ALONE),
    FormGuard("sveltekit", r"/_app/immutable/", 403, _HOST_ALONE),
)


def form_guard(body: str, cookies: Iterable[str]) -> FormGuard | None:
    """Return the guard of the framework that made a page with this body, and that sets these
    cookies; None if it is not known."""
    texts = (body[:65536], *(cookie[:200].strip() for cookie in islice(cookies, 50)))
    return next(
        (guard for guard in _GUARDS if any(re.search(guard.marks, text) for text in texts)), None
    )
