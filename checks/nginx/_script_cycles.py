"""A path behind a script's name, `/index.php/devices`, to which a rule leads what is no file, and
which the location of PHP does not take: `location ~ \\.php$` matches the end of a path only. So the
request comes back to the rule."""

import re

from checks.nginx import Nginx
from checks.nginx._path_info_edits import path_info_fix
from diagnose.model import Fix
from diagnose.model.frozen import frozen
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, match_location
from diagnose.parsers.nginx.upstreams import pass_directive_of

_SCRIPT = re.compile(r"(/[^?$\s]{0,200}?\.php)(?:/|\$(?:uri|request_uri|1)\b)")


@frozen(eq=False)
class ScriptCycle:
    """The script, the location that passes it on, and the one that gets the path behind it."""

    script: str
    php: LocationMatch
    answering: LocationMatch


def script_cycle(nginx: Nginx, target: str) -> ScriptCycle | None:
    """Return the cycle that leads to `target`, a path or a named location; None for another one."""
    for selected in nginx.selected_servers():
        server = selected.server
        named = [child for child in children(server.block, "location") if child.args == (target,)]
        lines = [line for each in named for line in children(each, "rewrite")]
        paths = [line.args[1] for line in lines if len(line.args) > 1] if named else [target]
        scripts = [script_match[1] for path in paths if (script_match := _SCRIPT.match(path))]
        if not scripts:
            continue
        script = scripts[-1]
        php, answering = match_location(server, script), match_location(server, f"{script}/x")
        passing = pass_directive_of(php)
        is_php = passing is not None and passing.name == "fastcgi_pass"
        if is_php and php.block is not answering.block and pass_directive_of(answering) is None:
            return ScriptCycle(script, php, answering)
    return None


def script_cycle_fix(nginx: Nginx, cycle: ScriptCycle) -> Fix | None:
    return path_info_fix(nginx, cycle.php, cycle.answering, False)
