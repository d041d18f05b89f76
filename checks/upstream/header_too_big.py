"""The response header of the application does not fit into nginx's buffer, by default one memory
page (4k). Cookies, tokens and Link fields make it larger. nginx then sends 502 (error.log:
"upstream sent too big header while reading response header from upstream"), although the
application responds.

The evidence is a request to the application itself, or the log line about a visitor.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._commands import reload_steps
from checks.upstream._gateways import (
    PREFIXES,
    gateway_prefix,
    is_of_gateway,
    logged_gateway,
    request_matches,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.requests import Asked
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx import proxy_headers as header_parser
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch

#: How many times the current buffer a header is assumed to need if its size is unknown.
_SIZE_FACTOR = 3


@frozen
class OversizedHeader:
    """A path whose response headers are too big: the location, its buffer, and what is known of the
    header."""

    path: str
    location_match: LocationMatch
    prefix: str
    limit: int
    response: Asked | None
    lines: tuple[LogLine, ...]
    failed_exchanges: tuple[Exchange, ...]

    @property
    def buffer_directive(self) -> Directive | None:
        """The directive that sets the buffer's size; None if none does."""
        return self.location_match.directive(f"{self.prefix}_buffer_size")

    @property
    def place(self) -> Directive:
        """The directive that sets the buffer's size, or the location's block where none does."""
        return self.buffer_directive or self.location_match.block


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "http.server-error",
        "nginx.other-requests-failed",
        "upstream.none-live",
        "websocket.not-upgraded",
        "websocket.inner-proxy",
    ],
)
def header_too_big(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    target = evidence.target
    log_lines = error_log.matching_lines(
        evidence.of(LogLine), host=target.host, pattern=r"upstream sent too big header"
    )
    paths = dict.fromkeys((target.path_without_query, *(line.path for line in log_lines)))
    # One claim for each place that decides the size: one buffer may serve several locations.
    reported: set[int] = set()
    for path in paths:
        lines = [line for line in log_lines if line.path == path]
        logged = [logged_gateway(nginx, line, path) for line in lines]
        for match in filter(None, logged) if lines else request_matches(nginx, path):
            oversized_header = _oversized_header(nginx, path, match, log_lines)
            if oversized_header and id(oversized_header.place) not in reported:
                reported.add(id(oversized_header.place))
                yield _claim(nginx, oversized_header)


def _oversized_header(
    nginx: Nginx, path: str, match: LocationMatch, log_lines: tuple[LogLine, ...]
) -> OversizedHeader | None:
    evidence, target = nginx.evidence, nginx.evidence.target
    prefix = gateway_prefix(match)
    if not prefix:
        return None
    directive = match.directive(f"{prefix}_buffer_size")
    limit = (
        header_parser.parse_size(directive.args[0]) if directive and directive.args else None
    ) or header_parser.PAGE_SIZE
    failed_exchanges = tuple(
        exchange for exchange in page_exchanges(evidence) if exchange.status == 502
    )
    response = next(
        (response for response in evidence.of(Asked) if response.variant == "passed"), None
    )
    # The configuration may have been corrected since a line from before the last load. The log has
    # whole seconds.
    loaded = int((nginx.master.loaded if nginx.master else None) or 0.0)
    lines = tuple(
        line
        for line in log_lines
        if line.path == path and (failed_exchanges or line.when >= loaded)
        if is_of_gateway(line, prefix)
    )
    is_target_path = path == target.path_without_query
    measured = (
        response
        if is_target_path and failed_exchanges and response and response.head > limit
        else None
    )
    if not lines and measured is None:
        return None
    return OversizedHeader(
        path, match, prefix, limit, measured, lines, failed_exchanges if is_target_path else ()
    )


def _claim(nginx: Nginx, oversized_header: OversizedHeader) -> Claim:
    port, response = nginx.evidence.target.port, oversized_header.response
    buffer_directive = oversized_header.buffer_directive
    pass_directive = next(
        directive
        for name in PREFIXES
        for directive in children(oversized_header.location_match.block, name)
    )
    head_size = response.head if response else oversized_header.limit * _SIZE_FACTOR
    buffer_sizes = header_parser.buffer_settings(
        oversized_header.prefix, oversized_header.location_match, head_size
    )
    return Claim(
        about=Subject(
            port=port,
            path=oversized_header.path,
            text=file_line(buffer_directive or pass_directive),
        ),
        covers=(Subject(port=port, path=oversized_header.path),),
        because=(
            *([response] if response else []),
            *oversized_header.lines,
            *oversized_header.failed_exchanges,
            *nginx.configs,
        ),
        facts={
            "path": oversized_header.path,
            "place": file_line(buffer_directive or pass_directive),
            "directive": f"{oversized_header.prefix}_buffer_size",
            "set": buffer_directive is not None,
            "limit": oversized_header.limit,
            "size": response.head if response else "",
            "largest": tuple(f"{name} {amount}" for name, amount in response.largest)
            if response
            else (),
            "message": oversized_header.lines[-1].text if oversized_header.lines else "",
            "wanted": tuple(f"{name} {value}" for name, value in buffer_sizes.items()),
            "application": response.endpoint if response else " ".join(pass_directive.args[:1]),
        },
        # Other pages failed for somebody; this page may work.
        severity=None if oversized_header.failed_exchanges else Severity.WARNING,
        confidence=Confidence.CERTAIN,
        ruled_out=("upstream.refused", "upstream.closed-early", "upstream.timeout"),
        location=nginx.location(buffer_directive or pass_directive),
        fix=_fix(nginx, oversized_header.location_match, buffer_sizes),
    )


def _fix(nginx: Nginx, match: LocationMatch, buffer_sizes: dict[str, str]) -> Fix:
    file_edits = _location_edits.setting_edits(nginx, match, buffer_sizes)
    return (
        _location_edits.location_fix(nginx, match, file_edits)
        if file_edits
        else Fix(reload_steps(nginx), Applicability.REVIEW)
    )
