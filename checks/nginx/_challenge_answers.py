"""How nginx answers the requests for HTTP-01 challenges of a name (RFC 8555 section 8.3): from
which folder, or by which program."""

import posixpath
from collections.abc import Iterable

from checks.http._redirects import NginxRedirect, redirect_location, redirects_of
from checks.nginx import Nginx
from checks.nginx._challenge_locations import is_for_challenges, server_of_port
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.model.renewal import CHALLENGES
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.file_paths import served_file
from diagnose.parsers.nginx.locations import LocationMatch, select_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import parse_url

_FILE = f"{CHALLENGES}x"


@frozen
class ChallengeAnswer:
    """How nginx answers a challenge: the block of port 80, the last location, and the folder of the
    file, or the directive that passes the request on."""

    server: Server
    match: LocationMatch
    folder: str
    directive: Directive
    redirect: NginxRedirect | None


def challenge_answer(nginx: Nginx, host: str) -> ChallengeAnswer | None:
    """Follow a challenge through nginx; None if the way is unknown."""
    server = server_of_port(nginx, host, 80)
    if server is None:
        return None
    redirect = next(iter(redirects_of(server, _FILE)), None)
    last: Server | None = server
    if redirect is not None:
        last = _redirect_server(nginx, redirect, host)
    if last is None or (last is not server and next(iter(redirects_of(last, _FILE)), None)):
        return None
    match = select_location(last, _FILE)
    passed = pass_directive_of(match)
    if passed is not None:
        return ChallengeAnswer(server, match, "", passed, redirect)
    served = served_file(match, _FILE, start=nginx.start_folder)
    if served is None:
        return _default_answer(nginx, server, match, redirect)
    folder = posixpath.dirname(served.path)
    return ChallengeAnswer(server, match, folder, served.directive, redirect)


def _default_answer(
    nginx: Nginx, server: Server, match: LocationMatch, redirect: NginxRedirect | None
) -> ChallengeAnswer | None:
    """Return the answer of a location of its own for challenges without any `root`: nginx looks in
    the folder "html" of its own installation (core, "root")."""
    block, prefix = match.block, nginx.start_folder
    names = {"root", "alias", "return", "rewrite", "if", "try_files"}
    is_own = block.name == "location" and is_for_challenges(block) and bool(prefix)
    if not is_own or any(children(each, name) for each in match.blocks for name in names):
        return None
    folder = posixpath.normpath(f"{prefix}/html/{CHALLENGES}")
    return ChallengeAnswer(server, match, folder, block, redirect)


def _redirect_server(nginx: Nginx, redirect: NginxRedirect, host: str) -> Server | None:
    """Return the block of https to which a redirect leads the challenge of a name, under the same
    path; None if it leads elsewhere, or if that is unknown."""
    names = redirect.server.names
    values = {
        "host": host,
        "http_host": host,
        "server_name": names[0] if names else "",
        "server_port": "80",
        "scheme": "http",
        "https": "",
        "request_uri": _FILE,
        "uri": _FILE,
        "document_uri": _FILE,
        "args": "",
        "query_string": "",
        "is_args": "",
    }
    url = parse_url(redirect_location(redirect, values))
    if url is None or not url.secure or url.port != 443 or url.path != _FILE:
        return None
    server = server_of_port(nginx, url.host, 443)
    # Another name is followed where a block of this nginx has it: a default takes any name.
    return server if server and (url.host == host or url.host in server.names) else None


def web_root_of_challenges(nginx: Nginx, names: Iterable[str]) -> str:
    """Return the folder below which nginx looks for the files of challenges of all these names; ""
    if it looks in several, passes one on, or looks in a folder of another name."""
    roots = set()
    for name in names:
        answer = challenge_answer(nginx, name)
        folder, ending = answer.folder if answer else "", CHALLENGES.rstrip("/")
        roots.add(folder.removesuffix(ending) if folder.endswith(ending) else "")
    return roots.pop() if len(roots) == 1 else ""
