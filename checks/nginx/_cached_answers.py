"""What nginx keeps in its cache: the response's own fields come before `proxy_cache_valid`, unless
`proxy_ignore_headers` names them (ngx_http_upstream_process_cache_control)."""

import re
from collections.abc import Collection

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.model.marks import Headers
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of

_NOT_KEPT = re.compile(r"no-cache|no-store|private|max-age=0\b", re.IGNORECASE)
#: Names of cookies that tell visitors apart.
SESSION = re.compile(r"sess|sid\b|auth|token|login|csrf|xsrf|remember|\bid$", re.IGNORECASE)


def module_prefix(match: LocationMatch) -> str:
    """Return "proxy", "fastcgi", "uwsgi" or "scgi", by what passes the location's requests on; ""
    for a location that answers itself."""
    passing = pass_directive_of(match)
    return passing.name.removesuffix("_pass") if passing else ""


def cache_zone(match: LocationMatch, prefix: str) -> Directive | None:
    """Return the directive that names the location's cache, None if it keeps nothing."""
    zone = match.directive(f"{prefix}_cache") if prefix else None
    return None if zone is None or zone.args[:1] in {(), ("off",)} else zone


def is_kept(match: LocationMatch, prefix: str, headers: Headers) -> bool:
    """Return whether nginx keeps a response with status 200 and these fields. Set-Cookie is not
    asked about."""
    ignored = {
        word.lower() for line in match.directives(f"{prefix}_ignore_headers") for word in line.args
    }
    fields = {name.lower(): value for name, value in headers if name.lower() not in ignored}
    policy, age = fields.get("cache-control", ""), fields.get("x-accel-expires", "")
    if _NOT_KEPT.search(policy) or age == "0" or ("expires" in fields and "max-age" not in policy):
        return False  # Expires is mostly a time in the past
    valid = match.directives(f"{prefix}_cache_valid")
    is_valid = any(len(line.args) == 1 or {"200", "any"} & set(line.args[:-1]) for line in valid)
    return is_valid or "max-age" in policy or age not in {"", "0"}


def cache_folder(match: LocationMatch, zone: str) -> str:
    """Return the folder of the cache, "" if it is not known."""
    prefix = module_prefix(match) or "proxy"
    for directive in children(match.blocks[0], f"{prefix}_cache_path"):
        if any(word.startswith(f"keys_zone={zone}:") for word in directive.args):
            return directive.args[0]
    return ""


def heeding_fix(
    nginx: Nginx, match: LocationMatch, ignoring: Directive, fields: Collection[str], step: str
) -> Fix:
    """Let nginx heed these fields (in lower case) again, so that it does not keep such responses. A
    person empties the cache; `step` is what a person does if the line cannot be edited."""
    others = [word for word in ignoring.args if word.lower() not in fields]
    file, changes = nginx.file(ignoring), Changes()
    if file is not None:
        # No comment in its place: it would swallow what follows on the line.
        changes[ignoring.file] = [
            edits.replace_directive(ignoring, f"{' '.join((ignoring.name, *others))};")
            if others
            else edits.remove_directive(file.text, ignoring)
        ]
    file_edits = config_edits(nginx, changes)
    empty = Manual("empty-the-cache", Where.SERVER)
    if not file_edits:
        return Fix((Manual(step, Where.SERVER), empty), Applicability.MANUAL)
    fix = location_fix(nginx, match, file_edits, sure=False)
    return Fix((*fix.steps, empty), Applicability.MANUAL)
