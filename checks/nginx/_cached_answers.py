"""What nginx keeps in its cache: the response's own fields come before `proxy_cache_valid`, unless
`proxy_ignore_headers` names them (ngx_http_upstream_process_cache_control)."""

import posixpath
import re

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import insert_lines, location_fix
from diagnose.model import Applicability, Fix, Manual, Step, Where, commands
from diagnose.model.marks import Headers
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import pass_directive_of

_NOT_KEPT = re.compile(r"no-cache|no-store|private|max-age=0\b", re.IGNORECASE)
#: Names of cookies that tell visitors apart.
SESSION = re.compile(r"sess|sid\b|auth|token|login|csrf|xsrf|remember|\bid$", re.IGNORECASE)

#: The fields by which an application says that a response is of one visitor, or how long it may be
#: kept.
_POLICY = frozenset({"set-cookie", "cache-control", "expires", "x-accel-expires", "vary"})
_COOKIE = "set-cookie"
#: What tells visitors apart in a request.
_VISITOR = ("$http_cookie", "$http_authorization")
#: A location for names of files that are the same for all visitors.
_FILES = re.compile(r"\.\(?(?:\?:)?[\w|?\[\]]{2,400}\)?\??\)?\$$")
_PROGRAMS = re.compile(r"php|html?|jsp|aspx?|\bdo\b|json|xml|cgi", re.IGNORECASE)
#: The statuses that a `proxy_cache_valid` without one is about (ngx_http_proxy_module).
_USUAL_STATUSES = frozenset({200, 301, 302})


def module_prefix(match: LocationMatch) -> str:
    """Return "proxy", "fastcgi", "uwsgi" or "scgi", by what passes the location's requests on; ""
    for a location that answers itself."""
    passing = pass_directive_of(match)
    return passing.name.removesuffix("_pass") if passing else ""


def cache_zone(match: LocationMatch, prefix: str) -> Directive | None:
    """Return the directive that names the location's cache, None if it keeps nothing."""
    zone = match.directive(f"{prefix}_cache") if prefix else None
    return None if zone is None or zone.args[:1] in {(), ("off",)} else zone


def is_kept(match: LocationMatch, prefix: str, headers: Headers, status: int = 200) -> bool:
    """Return whether nginx keeps a response with this status and these fields. Set-Cookie is not
    asked about."""
    ignored = {
        word.lower() for line in match.directives(f"{prefix}_ignore_headers") for word in line.args
    }
    fields = {name.lower(): value for name, value in headers if name.lower() not in ignored}
    policy, age = fields.get("cache-control", ""), fields.get("x-accel-expires", "")
    if _NOT_KEPT.search(policy) or age == "0" or ("expires" in fields and "max-age" not in policy):
        return False  # Expires is mostly a time in the past
    valid = match.directives(f"{prefix}_cache_valid")
    is_valid = any(
        status in _USUAL_STATUSES
        if len(line.args) == 1
        else {str(status), "any"} & set(line.args[:-1])
        for line in valid
    )
    return is_valid or "max-age" in policy or age not in {"", "0"}


def cache_folder(match: LocationMatch, zone: str) -> str:
    """Return the folder of the cache, "" if it is not known."""
    prefix = module_prefix(match) or "proxy"
    for directive in children(match.blocks[0], f"{prefix}_cache_path"):
        if any(word.startswith(f"keys_zone={zone}:") for word in directive.args):
            return directive.args[0]
    return ""


def emptying_step(nginx: Nginx, match: LocationMatch, zone: str) -> Step:
    """Return the step that empties a cache: the command, or the words for a person where the folder
    is not known."""
    folder = cache_folder(match, zone)
    path = posixpath.join(nginx.start_folder, folder) if folder else ""
    if not path.startswith("/"):
        return Manual("empty-the-cache", Where.SERVER)
    return commands.empty_cache(path, nginx.master.container if nginx.master else ())


def is_for_files(match: LocationMatch) -> bool:
    """Return whether a location is for files by the end of their names, which are the same for all
    visitors."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    return (
        pattern is not None
        and pattern.modifier in {"~", "~*"}
        and _FILES.search(pattern.text) is not None
        and _PROGRAMS.search(pattern.text) is None
    )


def heeding_fix(nginx: Nginx, match: LocationMatch, ignoring: Directive, step: str) -> Fix:
    """Let nginx heed what the application says of its responses again, and keep nothing of
    visitors who send a cookie or a password: a page of theirs that forbids nothing would go to all
    others. Of files only the cookie is heeded. Then the cache is emptied. `step` is what a person
    does if the line cannot be edited."""
    is_of_files = is_for_files(match) and _COOKIE in map(str.lower, ignoring.args)
    heeded = {_COOKIE} if is_of_files else _POLICY
    others = [word for word in ignoring.args if word.lower() not in heeded]
    file, changes = nginx.file(ignoring), Changes()
    if file is not None:
        # No comment in its place: it would swallow what follows on the line.
        changes[ignoring.file] = [
            edits.replace_directive(ignoring, f"{' '.join((ignoring.name, *others))};")
            if others
            else edits.remove_directive(file.text, ignoring)
        ]
        if not is_of_files:
            _keep_visitors_out(nginx, match, changes)
    file_edits = config_edits(nginx, changes)
    zone = cache_zone(match, module_prefix(match))
    empty = emptying_step(nginx, match, zone.args[0] if zone else "")
    if not file_edits:
        return Fix((Manual(step, Where.SERVER), empty), Applicability.MANUAL)
    fix = location_fix(nginx, match, file_edits, sure=False)
    return emptied(fix, empty)


def emptied(fix: Fix, empty: Step) -> Fix:
    """Return a fix that empties the cache at its end. Only a person can do so where the folder is
    not known."""
    is_manual = isinstance(empty, Manual)
    applicability = Applicability.MANUAL if is_manual else Applicability.REVIEW
    return Fix((*fix.steps, empty), applicability)


def _keep_visitors_out(nginx: Nginx, match: LocationMatch, changes: Changes) -> None:
    """Add the lines by which requests with a cookie or a password are neither kept in the
    location's cache nor answered from it. What is written already stays."""
    lines = []
    for name in (f"{module_prefix(match)}_no_cache", f"{module_prefix(match)}_cache_bypass"):
        words = [word for line in match.directives(name) for word in line.args]
        missing = [word for word in _VISITOR if word not in words]
        own = children(match.block, name)
        if not missing:
            continue
        if own:
            line = f"{name} {' '.join((*own[-1].args, *missing))};"
            changes.setdefault(own[-1].file, []).append(edits.replace_directive(own[-1], line))
        else:
            lines.append(f"{name} {' '.join((*words, *missing))};")
    insert_lines(nginx, match, lines, changes)
