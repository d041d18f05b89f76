"""The requests with a body that the site's page sends: its forms, and those of its own scripts. A
run sends none of them itself; nginx's configuration tells what they would meet."""

from collections.abc import Iterator

from checks.nginx._answering_rules import BROWSER
from diagnose.model import Evidence
from diagnose.model.frozen import frozen
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import parse_url


@frozen(eq=False)
class SentRequest:
    """A POST that a form of the page, or a script, sends to a path of the site."""

    path: str
    source: Page | PageFileResponse
    is_form: bool = False


def sent_requests(evidence: Evidence) -> Iterator[SentRequest]:
    """Yield what the page sends, each path once. A form without an address of its own is mostly
    sent by a script, and not as it is written; so are the forms of a page with a script for
    them."""
    seen: set[str] = set()
    for request in _all_requests(evidence):
        if request.path not in seen:
            seen.add(request.path)
            yield request


def _all_requests(evidence: Evidence) -> Iterator[SentRequest]:
    is_handled = any(file.handles_forms for file in evidence.good(PageFileResponse))
    for page in evidence.good(Page):
        own = parse_url(page.url)
        for form in () if is_handled or page.handles_forms else page.posts:
            url = parse_url(form)
            if url and own and is_own_origin(evidence.target, form):
                path = url.path.partition("?")[0]
                if path != own.path.partition("?")[0]:
                    yield SentRequest(path, page, is_form=True)
        for path in page.sent_paths:
            yield SentRequest(path, page)
    for file in evidence.good(PageFileResponse):
        for path in file.sent_paths:
            yield SentRequest(path, file)


def has_rule_for_method(match: LocationMatch) -> bool:
    """Return whether an `if` in or around the location looks at the method of the request."""
    rules = (rule for block in match.blocks for rule in children(block, "if"))
    return any("$request_method" in " ".join(rule.args) for rule in rules)


def as_client_request(evidence: Evidence, path: str, method: str = "POST") -> ClientRequest:
    """Return the request as nginx's rules see it."""
    target = evidence.target
    fields = (
        ("user-agent", BROWSER),
        ("referer", f"{target.origin}/"),
        ("origin", target.origin),
        ("upgrade", ""),
    )
    scheme = "https" if target.uses_tls else "http"
    return ClientRequest("", target.host, path, scheme, target.port, method, fields=fields)
