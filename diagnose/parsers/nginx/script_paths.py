"""The script that nginx names to PHP-FPM for a path, by SCRIPT_FILENAME. No I/O."""

import posixpath

from diagnose.model.frozen import frozen
from diagnose.parsers.nginx.final_requests import final_request
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.nginx.variables import expand_variables

#: What fastcgi.conf says, and most guides.
_USUAL = "$document_root$fastcgi_script_name"


@frozen
class Script:
    """The path that PHP gets, and the folder of nginx's `root`."""

    path: str
    folder: str


def script_of(server: Server, path: str) -> Script | None:
    """Return the script for a path; None where the location passes nothing to FastCGI, or the
    path depends on what is not known."""
    location, uri = final_request(server, path.partition("?")[0])
    passing = pass_directive_of(location)
    root = location.directive("root")
    if passing is None or passing.name != "fastcgi_pass" or root is None or not root.args:
        return None
    folder = root.args[0].rstrip("/")
    if not folder.startswith("/") or "$" in folder:
        return None
    name = uri if not uri.endswith("/") else f"{uri}index.php"
    values = [
        parameter.args[1]
        for parameter in location.directives("fastcgi_param")
        if parameter.args[:1] == ("SCRIPT_FILENAME",) and len(parameter.args) > 1
    ]
    variables = {
        "document_root": folder, "realpath_root": folder, "fastcgi_script_name": name, "uri": name,
    }  # fmt: skip
    written = expand_variables(location, values[-1] if values else _USUAL, variables)
    if not written or not written.startswith("/") or "$" in written:
        return None
    return Script(posixpath.normpath(written), folder)
