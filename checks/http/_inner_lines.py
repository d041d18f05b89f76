"""The line of a server block of the same nginx, or of one in a container, behind the visitors' one,
because of which a redirect leads to plain http or to a port that no visitor reaches."""

from checks.http import _redirect_edits
from checks.nginx import Nginx, _inner_blocks, _inner_scheme, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._container_edits import container_steps, with_container_files
from checks.nginx._edits import Changes, config_edits
from diagnose.checking.container_fixes import nginx_container
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import ContainerNginx, Directive
from diagnose.parsers.nginx.inner_blocks import InnerRequest
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import normalize_url, parse_url


@frozen(eq=False)
class InnerLine:
    """The line, as it is written, and its remedy; None without one. `reason` says what it does:
    "rule" redirects, "told" does not tell the application the visitor's scheme, "slash" is a block
    that adds the slash of a folder, and "path" redirects to a path that nginx completes with its
    own scheme and port. `container` and `engine` are those of an nginx in a container, "" for a
    block of the same nginx."""

    directive: Directive | None = None
    text: str = ""
    fix: Fix | None = None
    reason: str = ""
    container: str = ""
    engine: str = ""

    @property
    def facts(self) -> dict[str, object]:
        return {
            "inner": file_line(self.directive) if self.directive else "",
            "inner_line": self.text,
            "inner_rule": self.reason == "rule",
            "inner_told": self.reason == "told",
            "inner_slash": self.reason == "slash",
            "inner_path": self.reason == "path",
            "inner_container": self.container,
            "inner_engine": self.engine,
        }


def inner_line(nginx: Nginx, step: Exchange, manual_step: str = "inner-line") -> InnerLine:
    """Return the line that makes a redirect, or misleads the application that makes it. Without an
    edit the remedy is `manual_step`."""
    if step.port != nginx.evidence.target.port:
        return InnerLine()
    changes: Changes = {}
    nginx = with_container_files(nginx)
    if redirect := _inner_blocks.inner_redirect(nginx, step):
        if redirect.is_completed or not _is_same_page(step):
            _inner_blocks.keep_visitors_address(nginx, redirect, changes)
        # nginx completes it no more; what a rule says is somebody's decision.
        fix = _fix(nginx, redirect.request, changes, manual_step, sure=redirect.is_completed)
        reason = "slash" if redirect.redirect is None else "rule"
        reason = "path" if redirect.redirect and redirect.is_completed else reason
        return _line(nginx, redirect.request, redirect.line, fix, reason)
    url = parse_url(step.url)
    return scheme_hiding_line(nginx, url.path, manual_step) if url and url.secure else InnerLine()


def scheme_hiding_line(nginx: Nginx, path: str, manual_step: str) -> InnerLine:
    """Return the line because of which the application is not told that visitors use https."""
    nginx = with_container_files(nginx)
    scheme = _inner_scheme.hidden_scheme(nginx, path)
    if scheme is None:
        return InnerLine()
    changes: Changes = {}
    _inner_scheme.pass_scheme_on(nginx, scheme, changes)
    # Whether the application reads the field is its own setting.
    fix = _fix(nginx, scheme.request, changes, manual_step, sure=False)
    return _line(nginx, scheme.request, scheme.directive, fix, "told")


def loop_line(nginx: Nginx, cycle: tuple[Exchange, ...]) -> InnerLine:
    """Return the line because of which a page redirects to itself, or to http and back."""
    if len(cycle) > 1:
        urls = [parse_url(step.url) for step in cycle]
        secure = [step for step, url in zip(cycle, urls, strict=True) if url and url.secure]
        is_pair = len(cycle) == 2 and len(secure) == 1
        return inner_line(nginx, secure[0], "inner-rule") if is_pair else InnerLine()
    nginx = with_container_files(nginx)
    scheme = _inner_scheme.inner_scheme(nginx, cycle[0])
    if scheme is None:
        return InnerLine()
    changes: Changes = {}
    _inner_scheme.pass_scheme_on(nginx, scheme, changes)
    # A block that tells PHP "on" says so to visitors of http too.
    is_php = scheme.match is not None and proxy_pass_of(scheme.match) is None
    fix = _fix(nginx, scheme.request, changes, "inner-rule", sure=not is_php)
    return _line(nginx, scheme.request, scheme.directive, fix, "told" if scheme.match else "rule")


def _fix(
    nginx: Nginx, request: InnerRequest, changes: Changes, manual_step: str, sure: bool
) -> Fix:
    """Return the edits of the line, and of the nginx in front of it where that takes one too.
    Nothing of a container is edited without a look."""
    if not request.container:
        return _redirect_edits.fix(nginx, changes, manual_step, sure=sure)
    mark = f"{request.container}:"
    own: Changes = {path: made for path, made in changes.items() if path.startswith(mark)}
    outer: Changes = {path: made for path, made in changes.items() if path not in own}
    steps = container_steps(nginx.evidence, nginx, request.container, own)
    outer_edits = config_edits(nginx, outer)
    is_possible = not outer or (outer_edits and nginx_container(nginx.evidence) is None)
    if not steps or not is_possible:
        manual = Manual("inner-line-in-container", Where.SERVER)
        return Fix((manual,), Applicability.MANUAL)
    reload = reload_steps(nginx) if outer_edits else ()
    return Fix((*steps, *outer_edits, *reload), Applicability.REVIEW)


def _line(
    nginx: Nginx, request: InnerRequest, directive: Directive, fix: Fix, reason: str
) -> InnerLine:
    engine = ""
    if request.container:
        behind = nginx.evidence.good(ContainerNginx)
        engine = next(each.engine for each in behind if each.container == request.container)
    text = _inner_blocks.written_line(nginx, directive)
    return InnerLine(directive, text, fix, reason, request.container, engine)


def _is_same_page(step: Exchange) -> bool:
    """Return whether a redirect leads to its own page with the other scheme."""
    onward = redirect_target(step) or ""
    return normalize_url(f"https:{onward.partition(':')[2]}") == normalize_url(step.url)
