"""The policies of the site's page: what they say, what they forbid of what the page asks for, and
where nginx sends them."""

from collections.abc import Iterator

from checks.http import _page_files
from checks.nginx import Nginx
from diagnose.model import Evidence
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.model.pages import FileKind, Page, PageFileResponse, UseKind
from diagnose.parsers.content_security_policy import (
    DIRECTIVES,
    Blocked,
    blocking_directive,
    policies,
)
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.urls import Url, parse_url

CSP = "content-security-policy"

#: Hosts that count visits or collect errors: nobody misses them.
_COUNTERS = lazy_pattern(
    r"analytics|googletagmanager|doubleclick|sentry|hotjar|clarity\.ms|matomo|plausible|umami"
    r"|posthog|bugsnag|datadog|newrelic|nr-data|segment\.|mixpanel|facebook\.|(?:^|\.)stats?\."
    r"|baidu\.com$|cnzz\.com$|adsbygoogle|googlesyndication"
)


@frozen(eq=False)
class ShownPage:
    """The site's page, and the response that carried it."""

    page: Page
    answer: Exchange
    url: Url

    def values(self, name: str) -> list[str]:
        """Return the values of a header field of the page."""
        return [value for key, value in self.answer.headers if key.lower() == name]


@frozen(eq=False)
class BlockedUse:
    """What a policy forbids of what the page asks for: its address ("data:" for content that is
    written in the page or its style sheets), the directive, and the observation in which it stands.
    `is_by_meta`: the policies of the header allow it, and one that the page has itself does not."""

    kind: FileKind | UseKind
    url: str
    directive: Blocked
    source: Page | PageFileResponse
    is_by_meta: bool = False

    @property
    def is_of_sheet(self) -> bool:
        """Whether a style sheet names it: it may be for a part of the site that is not shown."""
        return isinstance(self.source, PageFileResponse) and self.source.file_kind == "stylesheet"

    @property
    def is_optional(self) -> bool:
        """Whether the page is whole without it, as far as it shows."""
        is_decoration = self.kind == "image" and self.is_of_sheet
        return is_decoration or (self.kind == "font" and self.url == "data:")


def shown_page(evidence: Evidence) -> ShownPage | None:
    """Return the site's page, if it was observed."""
    page = _page_files.page_of(evidence)
    url = parse_url(page.url) if page else None
    answers = evidence.good(Exchange)
    answer = next((answer for answer in answers if page and answer.url == page.url), None)
    return ShownPage(page, answer, url) if page and url and answer else None


def blocked_uses(evidence: Evidence, page: ShownPage) -> Iterator[BlockedUse]:
    """Yield what the page's Content Security Policy forbids: its files first. What it allows over
    https is left out where the page has it as http:// of its own host: the scheme is the fault, and
    not the policy. Left out too is what no visitor can reach."""
    page_policies = policies(page.values(CSP), page.answer.body)
    sent_policies = policies(page.values(CSP), "")
    if not page_policies:
        return
    for kind, url, source in _uses(evidence, page):
        asked = _requested_url(page.page, url)
        directive = blocking_directive(page_policies, page.url, asked, kind)
        if directive and _is_out_of_reach(evidence, url):
            continue
        if directive and not (
            (secure := _over_https(page, asked))
            and blocking_directive(page_policies, page.url, secure, kind) is None
        ):
            of_header = blocking_directive(sent_policies, page.url, asked, kind)
            yield BlockedUse(kind, url, directive, source, is_by_meta=of_header is None)


def _is_out_of_reach(evidence: Evidence, url: str) -> bool:
    # Imported late: few pages ask for what their policy forbids.
    from checks.http._local_programs import is_out_of_reach

    return is_out_of_reach(evidence, url)


def _over_https(page: ShownPage, url: str) -> str:
    """Return an http address of the host of a page that came over https with the page's scheme and
    port; "" for any other address."""
    parsed = parse_url(url)
    is_own = parsed is not None and parsed.host == page.url.host and parsed.port == 80
    if parsed is None or not is_own or parsed.scheme != "http" or not page.url.secure:
        return ""
    return f"{page.url.scheme}://{page.url.authority}{parsed.path}"


def _uses(
    evidence: Evidence, page: ShownPage
) -> Iterator[tuple[FileKind | UseKind, str, Page | PageFileResponse]]:
    for file in page.page.files:
        # A picture, a film and a frame are among the uses too; a description is a matter of
        # connect-src, and its page is often an application's own.
        if not file.is_optional and file.kind in {"stylesheet", "script", "module"}:
            yield file.kind, file.url, page.page
    sources: tuple[Page | PageFileResponse, ...] = (
        page.page,
        *(file for file in evidence.good(PageFileResponse) if file.page == page.page.url),
    )
    for source in sources:
        for use in source.uses:
            url = parse_url(use.url)
            if url is None or not _COUNTERS.search(url.host):
                yield use.kind, use.url, source
    for source in sources:
        # What the scripts of the page ask of its own site.
        for path in (*source.data_paths, *source.sent_paths):
            yield "request", f"{page.url.scheme}://{page.url.authority}{path}", source
    symptom = evidence.target.symptom
    if symptom is not None and symptom.kind == "csp":
        # Imported late: most runs have no message.
        from diagnose.parsers.policy_messages import refused_use

        if refused := refused_use(symptom.text):
            yield refused.kind, refused.url, page.page


def _requested_url(page: Page, url: str) -> str:
    """Return the address that a browser requests: with `upgrade-insecure-requests` it is changed to
    https before the policy is asked (Upgrade Insecure Requests, section 4.1)."""
    is_changed = page.upgrades and url.startswith("http://")
    return f"https://{url.removeprefix('http://')}" if is_changed else url


def origin_of(url: str) -> str:
    """Return the origin of an address, "data:" for content in the page itself."""
    parsed = parse_url(url)
    return f"{parsed.scheme}://{parsed.authority}" if parsed else url


def corrected_directive(blocked: BlockedUse, page_url: Url) -> str:
    """Return the directive with which the policy allows it, and what it allows already."""
    name = DIRECTIVES[blocked.kind][0].removesuffix("-elem")
    parsed = parse_url(blocked.url)
    is_own = parsed and (parsed.host, parsed.port) == (page_url.host, page_url.port)
    source = "'self'" if is_own else origin_of(blocked.url)
    kept = [word for word in blocked.directive.sources if word.lower() != "'none'"]
    if blocked.directive.directive == "default-src":
        kept = [word for word in kept if not word.startswith("'") or word.lower() == "'self'"]
    return " ".join((name, *dict.fromkeys((*kept, source))))


def field_directive(nginx: Nginx, name: str, path: str = "") -> Directive | None:
    """Return the add_header with which nginx sends a field; None if the application does."""
    for match in nginx.location_matches(path or nginx.evidence.target.path):
        for directive in match.directives("add_header"):
            if directive.args[:1] and directive.args[0].lower() == name:
                return directive
    return None


def kind_facts(kind: FileKind | UseKind) -> dict[str, object]:
    """Return a fact for each kind of thing that a page asks for."""
    names = ("image", "font", "media", "frame", "object", "request", "style")
    return {name: name == kind for name in names}
