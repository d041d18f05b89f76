"""The `return` of nginx's rewrite module that answers a request in the place of a page or an
application: the responses that visitors get, and the directive that is their reason."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.nginx import Nginx
from checks.nginx._failed_requests import current_failures, unopened_failures
from checks.nginx._page_errors import Response, logged_errors
from diagnose.model import Evidence
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.nginx import Directive
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.access_phases import possible_results
from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.nginx.conditions import depends_on_address, depends_on_login
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.urls import parse_url

if TYPE_CHECKING:
    from diagnose.parsers.nginx.inner_blocks import InnerRequest

#: What browsers send, as far as rules ask for it.
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"

#: Visitors by their browsers, of which rules refuse some.
VISITORS = {
    "Chrome": BROWSER,
    "Chrome on Windows": BROWSER.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64"),
    "Chrome on Android": BROWSER.replace("X11; Linux x86_64", "Linux; Android 10; K").replace(
        "Safari", "Mobile Safari"
    ),
    "Firefox": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Safari on iPhone": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X)"
    " AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
    "Safari": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
}

#: nginx closes the connection without an answer (ngx_http_rewrite_module, "return").
CLOSED = 444
#: The status of a method that is not allowed (RFC 9110 section 15.5.6).
_NOT_ALLOWED = 405
#: Methods that pages send, and strangers.
_OF_PAGES = ("GET", "HEAD", "POST", "OPTIONS")


@frozen(eq=False)
class AnsweringRule:
    """The `return`, the innermost `if` around it (None if there is none), and the response.

    `is_certain` is False if a condition of the configuration could not be evaluated. `spares` is
    True if a browser's User-Agent passes the rule. `by_address` is True if the rule depends on the
    visitor's address, `by_login` if it depends on what shows who the visitor is.
    """

    directive: Directive
    condition: Directive | None
    response: Response
    path: str
    is_certain: bool
    spares: bool = False
    by_address: bool = False
    by_login: bool = False


def answering_rules(nginx: Nginx) -> Iterator[AnsweringRule]:
    """Yield the rule for each response with an error status that one `return` explains."""
    for response in _error_responses(nginx.evidence):
        for server in {id(s.server.block): s.server for s in nginx.answering_servers()}.values():
            rule = _rule(nginx, server, response) or _inner_rule(nginx, response)
            if rule is not None:
                yield rule
                break


@frozen(eq=False)
class LoggedRule:
    """The `return` in an `if` that refused a visitor's request, by nginx's access log."""

    directive: Directive
    condition: Directive
    failure: FailedRequests


def logged_rules(nginx: Nginx) -> Iterator[LoggedRule]:
    """Yield the rule for each request of a page of the site, or of a program with a password, that
    one `return` has surely refused for its method. What else a rule may ask for is not known of
    these requests."""
    for failure in current_failures(nginx.evidence):
        request = _logged_request(nginx.evidence, failure)
        for selected in nginx.answering_servers() if _is_meant(failure) else ():
            block = selected.server.block
            decisive = _decisive(selected.server, request, failure.status)
            condition = _condition(block, decisive[0]) if decisive and decisive[1] else None
            words = " ".join(condition.args) if condition else ""
            # One that names what it refuses was meant so.
            is_list = not failure.is_served_otherwise or "$request_method !" in words
            if decisive and condition and "$request_method" in words and is_list:
                yield LoggedRule(decisive[0], condition, failure)
                break


def _is_meant(failure: FailedRequests) -> bool:
    """Return whether a person is behind a request: a page of the site, or somebody's program."""
    is_of_program = failure.status == _NOT_ALLOWED and failure.method not in _OF_PAGES
    return failure.is_from_page or is_of_program or failure.is_served_otherwise


@frozen(eq=False)
class BrowserRule:
    """The `return` in an `if` that refuses visitors with these browsers, while this run's own
    request was answered. `is_everybody` is True if it refuses all of them. Or the one that refuses
    the `program` of a message, which calls itself `user_agent`."""

    directive: Directive
    condition: Directive
    status: int
    page: Exchange
    browsers: tuple[str, ...]
    is_everybody: bool
    program: str = ""
    user_agent: str = ""

    @property
    def user_agents(self) -> tuple[str, ...]:
        """What those call themselves whom the rule refuses."""
        return (
            (self.user_agent,) if self.program else tuple(map(VISITORS.__getitem__, self.browsers))
        )


def browser_rules(nginx: Nginx) -> BrowserRule | None:
    """Return the rule that refuses browsers for what they call themselves."""
    pages = [page for page in page_exchanges(nginx.evidence) if 0 < (page.status or 0) < 400]
    path = _path(pages[0]) if pages else ""
    for selected in nginx.answering_servers() if path else ():
        if refusal(selected.server, own_request(nginx.evidence, pages[0], path)):
            continue  # it was answered all the same: the configuration is not the one in force
        refused: dict[int, list[str]] = {}
        rules: dict[int, tuple[Directive, Directive, int]] = {}
        for name, user_agent in VISITORS.items():
            request = own_request(nginx.evidence, pages[0], path, user_agent)
            rule = refusal(selected.server, request)
            if rule is not None:
                rules[id(rule[0])] = rule
                refused.setdefault(id(rule[0]), []).append(name)
        for key, names in refused.items():
            return BrowserRule(
                *rules[key], pages[0], tuple(names), is_everybody=len(names) == len(VISITORS)
            )
    return None


def refusal(server: Server, request: ClientRequest) -> tuple[Directive, Directive, int] | None:
    """Return the `return` that surely refuses a request, the `if` around it, and its status."""
    results = possible_results(server, request)
    directive = results[0].decided_by if results else None
    if directive is None or directive.name != "return":
        return None
    if any(result.decided_by is not directive or result.personal for result in results):
        return None
    condition, status = _condition(server.block, directive), results[0].status
    is_refused = condition is not None and status >= 400
    return (directive, condition, status) if condition and is_refused else None


def refused_failures(nginx: Nginx, directive: Directive, status: int) -> tuple[FailedRequests, ...]:
    """Return the failed requests of the log that a `return` surely refuses as well, with this
    status, if a browser of visitors sent them. Files of the page that this run requests itself are
    left out: it is no browser, and their failure may have another cause."""
    requested_urls = {file.url for file in nginx.evidence.of(PageFileResponse)}
    origin = nginx.evidence.target.origin
    return tuple(
        failure
        for failure in unopened_failures(nginx.evidence, "nginx")
        if failure.status == status and f"{origin}{failure.path}" not in requested_urls
        if _is_refused_for_browser(nginx, directive, failure)
    )


def _is_refused_for_browser(nginx: Nginx, directive: Directive, failure: FailedRequests) -> bool:
    requests = [
        _logged_request(nginx.evidence, failure, user_agent) for user_agent in VISITORS.values()
    ]
    decisions = (
        _decisive(selected.server, request, failure.status)
        for selected in nginx.answering_servers()
        for request in requests
    )
    return any(decision == (directive, True) for decision in decisions)


def _logged_request(
    evidence: Evidence, failure: FailedRequests, user_agent: str = BROWSER
) -> ClientRequest:
    target = evidence.target
    scheme, referer = "https" if target.uses_tls else "http", f"{target.origin}/"
    fields = (("user-agent", user_agent), ("referer", referer))
    return ClientRequest(
        "", target.host, failure.path, scheme, target.port, method=failure.method, fields=fields
    )


def _error_responses(evidence: Evidence) -> Iterator[Response]:
    yield from page_exchanges(evidence)
    for upgrade in evidence.of(Upgrade):
        if upgrade.is_visit and not upgrade.accepted:
            yield upgrade
    for file in evidence.good(PageFileResponse):
        if not file.redirects:
            yield file


def _rule(
    nginx: Nginx, server: Server, response: Response, inner: "InnerRequest | None" = None
) -> AnsweringRule | None:
    status, path = _status(response), _path(response)
    if status < 400 or not path:
        return None

    def request_of(user_agent: str = "diagnose") -> ClientRequest:
        request = own_request(nginx.evidence, response, path, user_agent)
        return request if inner is None else inner.client_request(request)

    decisive_rule = _decisive(server, request_of(), status)
    if decisive_rule is None:
        return None
    directive, is_certain = decisive_rule
    if status == CLOSED and not is_certain and not _was_closed(nginx.evidence, response):
        return None
    if (
        not is_certain
        and status != CLOSED
        and not _is_nginx_answer(nginx, server, response, directive)
    ):
        return None
    conditions = [
        block for block in _blocks_around(server.block, directive) or () if block.name == "if"
    ]
    return AnsweringRule(
        directive,
        _condition(server.block, directive),
        response,
        path,
        is_certain,
        spares=_decisive(server, request_of(BROWSER), status) is None,
        by_address=any(depends_on_address(server, condition) for condition in conditions),
        by_login=any(depends_on_login(server, condition) for condition in conditions),
    )


def _inner_rule(nginx: Nginx, response: Response) -> AnsweringRule | None:
    """Return the rule of a block of the same nginx behind the visitors' one, if it surely answers:
    a condition that cannot be computed may ask for what the block in front takes away."""
    # Imported late: only an error needs it.
    from checks.nginx._inner_blocks import answering_block

    path = _path(response)
    inner = answering_block(nginx, path) if path and _status(response) >= 400 else None
    rule = _rule(nginx, inner.server, response, inner) if inner is not None else None
    return rule if rule is not None and rule.is_certain else None


def _status(response: Response) -> int:
    """Return the status, that of nginx for a connection that was closed without an answer, or 0."""
    failure = response.failure
    if failure is None:
        return response.status or 0
    return CLOSED if failure.kind in {"closed", "reset", "protocol"} else 0


def _was_closed(evidence: Evidence, response: Response) -> bool:
    """Return whether nginx took a request and ended its connection without an answer, on its own: a
    reset may come from a firewall, and a worker that died is in the error log."""
    if response.failure is None or response.failure.kind != "closed":
        return False
    lines = (line.text for line in evidence.good(LogLine))
    return not any("exited on signal" in line or "exited with" in line for line in lines)


def _decisive(server: Server, request: ClientRequest, status: int) -> tuple[Directive, bool] | None:
    """Return the only `return` with this status that the request may meet, and whether it must."""
    results = possible_results(server, request)
    rules = {
        id(result.decided_by): result.decided_by
        for result in results
        if result.decided_by is not None
        and result.decided_by.name == "return"
        and result.status == status
        and not result.personal
    }
    if len(rules) != 1:
        return None
    directive = next(iter(rules.values()))
    return directive, all(result.decided_by is directive for result in results)


def _path(response: Response) -> str:
    if isinstance(response, Upgrade):
        return response.path
    url = parse_url(response.url)
    return url.path if url else ""


def own_request(
    evidence: Evidence, response: Response, path: str, user_agent: str = "diagnose"
) -> ClientRequest:
    """Return our request as nginx's rules see it."""
    target = evidence.target
    is_socket = isinstance(response, Upgrade)
    referer = response.page if isinstance(response, PageFileResponse) else ""
    return ClientRequest(
        "",
        target.host,
        path,
        "https" if target.uses_tls else "http",
        target.port,
        method=response.method if isinstance(response, Exchange) else "GET",
        fields=(
            ("user-agent", user_agent),
            ("referer", referer),
            *([("origin", response.origin or "")] if isinstance(response, Upgrade) else []),
            ("upgrade", "websocket" if is_socket else ""),
        ),
    )


def _is_nginx_answer(
    nginx: Nginx, server: Server, response: Response, directive: Directive
) -> bool:
    """Return whether the answer is nginx's own, and its log has no other reason for it."""
    if logged_errors(nginx.evidence, r"(?!limiting)", _path(response)):
        return False
    body = getattr(response, "body", None)
    pages = server.directives("error_page")
    replaced = any(directive.args[0] in page.args[:-1] for page in pages)
    return body is None or len(directive.args) > 1 or replaced or proxy_page(body) == "nginx"


def _condition(block: Directive, directive: Directive) -> Directive | None:
    """Return the innermost `if` around a directive."""
    blocks = _blocks_around(block, directive) or ()
    return next((block for block in reversed(blocks) if block.name == "if"), None)


def _blocks_around(block: Directive, directive: Directive) -> tuple[Directive, ...] | None:
    """Return the blocks from `block` inwards that hold a directive; None if it is elsewhere."""
    for child in block.block or ():
        if child is directive:
            return (block,)
        inner = _blocks_around(child, directive)
        if inner is not None:
            return (block, *inner)
    return None
