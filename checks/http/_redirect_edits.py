"""Change the redirects that nginx makes itself, and add one to https."""

import re

from checks.http._redirects import (
    SECURE,
    NginxRedirect,
    find_redirect,
    redirects_of,
    selected_servers,
)
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from diagnose.model import Applicability, Command, Edit, Fix, Manual, Target, Where
from diagnose.model.addresses import bracketed
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.model.renewal import CHALLENGES
from diagnose.parsers.hostnames import is_address, is_host
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import PASS_DIRECTIVES, select_location
from diagnose.parsers.nginx.server_blocks import Listen, Server
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import parse_url


def replace_target(redirect: NginxRedirect, target: str, changes: Changes) -> None:
    """Change the redirect's target, if a `return` can replace the directive."""
    if redirect.is_replaceable:
        changes.setdefault(redirect.directive.file, []).append(
            edits.replace_directive(redirect.directive, redirect.return_directive(target))
        )


def exempt_https(nginx: Nginx, redirect: NginxRedirect, path: str, changes: Changes) -> bool:
    """Make the redirect not apply to visitors who use TLS. Return whether that was possible.

    In a block for both schemes it stays for plain HTTP. Otherwise it is removed if the block has
    another response for the path.
    """
    file = nginx.file(redirect.directive)
    if file is None or not redirect.is_replaceable or redirect.location_match.block.name == "if":
        return False
    if any(not listen.ssl for listen in redirect.server.listens) and redirect.target.startswith(
        "https:"
    ):
        indent = edits.indentation(file.text, redirect.directive)
        step = edits.indent_step(file.text, redirect.server.block, redirect.directive)
        lines = if_block("($scheme = http)", redirect.return_directive(redirect.target), step)
        change = edits.replace_directive(redirect.directive, f"\n{indent}".join(lines))
    elif _has_other_answer(redirect, path):
        change = edits.remove_directive(file.text, redirect.directive)
    else:
        return False
    changes.setdefault(redirect.directive.file, []).append(change)
    return True


def if_block(condition: str, statement: str, step: str) -> list[str]:
    return [f"if {condition} {{", f"{step}{statement}", "}"]


def _has_other_answer(redirect: NginxRedirect, path: str) -> bool:
    """Return whether the block has another response for the path: an application or files."""
    match = select_location(redirect.server, path)
    rewrites = (children(match.block, name) for name in ("return", "rewrite"))
    if any(
        directive is not redirect.directive for directives in rewrites for directive in directives
    ):
        return False
    if any(children(match.block, name) for name in PASS_DIRECTIVES):
        return True
    # `location /app { return 301 /app/; }`: it was made for the redirect alone, and takes too much.
    is_own = match.block.name == "location" and match.block.args != ("/",)
    if is_own and not any(children(match.block, name) for name in ("root", "alias", "try_files")):
        return False
    return any(match.directive(name) for name in ("root", "alias"))


def redirect_to_https(nginx: Nginx, answers: list[Exchange], changes: Changes) -> bool:
    """Make port 80 redirect every request for the target's name to https. Return whether that was
    possible.

    If a block of that name serves pages there, the redirect replaces them. If only the default
    block or none replied, a new block is added. ACME challenges stay where they are.
    """
    target = nginx.evidence.target
    if not is_host(target.host) or is_address(target.host):
        return False
    selections = [selection for answer in answers for selection in selected_servers(nginx, answer)]
    servers = list({id(server.block): server for _, server, _ in selections}.values())
    if not servers or len(servers) > 1:
        return False
    if any(_has_redirect_to_https(servers[0], answer) for answer in answers):
        return False
    if all(match_kind == "exact" for _, _, match_kind in selections):
        return _replace_pages(nginx, servers[0], changes)
    if any(match_kind != "default" for _, _, match_kind in selections) or _has_own_challenge(
        servers[0]
    ):
        return False
    sockets = (socket.address for socket, _, _ in selections)
    return add_redirect_server(
        nginx, tuple(dict.fromkeys(sockets)), _challenge_root(servers[0]), changes
    )


def _has_redirect_to_https(server: Server, answer: Exchange) -> bool:
    """Return whether the block in the file redirects already: nginx has not loaded it."""
    url = parse_url(answer.url)
    return any(
        redirect.directive.name == "return" and redirect.target.startswith("https:")
        for redirect in redirects_of(server, url.path if url else "/")
    )


def _replace_pages(nginx: Nginx, server: Server, changes: Changes) -> bool:
    """Replace the pages of a block by the redirect."""
    file = nginx.file(server.block)
    if file is None or not _has_tls_for_all_names(nginx, server):
        return False
    mixed = any(listen.ssl for listen in server.listens)
    locations = children(server.block, "location")
    general = next((location for location in locations if location.args == ("/",)), None)
    other_locations = [
        location
        for location in locations
        if location is not general and not _is_challenges(location)
    ]
    if general and not mixed and not other_locations and general.file == file.path:
        indent = edits.indentation(file.text, general)
        step = edits.indent_step(file.text, server.block, general)
        body = f"\n{indent}{step}return 301 {SECURE};\n{indent}"
        change = edits.TextEdit(general.opened or general.stop, general.stop - 1, body)
        if root := _unreachable_challenge_root(nginx, server, general):
            lines = [f"location {CHALLENGES} {{", f"{step}root {root};", "}", ""]
            kept = edits.insert_before(file.text, general, lines)
            changes.setdefault(file.path, []).append(kept)
    else:
        condition = "($scheme = http)" if mixed else rf'($request_uri !~ "^/\.{CHALLENGES[2:]}")'
        anchor = (*children(server.block, "server_name"), None)[0]
        step = edits.indent_step(
            file.text, server.block, (server.block.block or (server.block,))[0]
        )
        lines = if_block(condition, f"return 301 {SECURE};", step)
        if anchor is None or anchor.file != file.path:
            change = edits.insert_first(file.text, server.block, lines)
        else:
            change = edits.insert_after(file.text, anchor, lines)
    changes.setdefault(file.path, []).append(change)
    return True


def _unreachable_challenge_root(nginx: Nginx, server: Server, general: Directive) -> str:
    """Return the folder in which a location for all paths looks for ACME challenges, if the blocks
    with TLS to which it shall redirect look elsewhere: the next renewal would fail. Otherwise
    ""."""
    if select_location(server, f"{CHALLENGES}x").block is not general:
        return ""
    root = _challenge_root(server)
    secure_roots = {_challenge_root(selection.server) for selection in nginx.selected_servers()}
    return "" if secure_roots == {root} else root


def _has_tls_for_all_names(nginx: Nginx, server: Server) -> bool:
    """Return whether each name of the block is served by TLS, so that the redirect breaks none of
    them."""
    sockets = [socket for socket in nginx.listen_sockets(443) if socket.ssl]
    names = [name for name in server.names if is_host(name)]
    has_tls = [
        server_blocks.select_server(socket, name)[1] != "default"
        for socket in sockets
        for name in names
    ]
    return bool(has_tls) and all(has_tls) and len(names) == len(server.names)


def _is_challenges(location: Directive) -> bool:
    return any(arg.startswith(("/.well-known", "^/\\.well-known")) for arg in location.args)


def _has_own_challenge(server: Server) -> bool:
    """Return whether the block handles ACME challenges in its own way, which a new block would
    lack."""
    match = select_location(server, f"{CHALLENGES}x")
    own = _is_challenges(match.block) if match.block.name == "location" else False
    plain = children(match.block, "root") and len(match.block.block or ()) == 1
    return own and not plain


def _challenge_root(server: Server) -> str:
    """Return the folder in which the block looks for ACME challenges; "" if it does not look."""
    match = select_location(server, f"{CHALLENGES}x")
    other_directives = (*PASS_DIRECTIVES, "return", "alias")
    if any(children(match.block, name) for name in other_directives):
        return ""
    root = match.directive("root")
    written = root.args[0] if root and root.args else ""
    return "" if re.search(r"[\s;{}\"'$]", written) else written


def add_redirect_server(
    nginx: Nginx, addresses: tuple[str, ...], files: str, changes: Changes
) -> bool:
    """Add a server block for the target's name on port 80, after the block that serves it by
    TLS."""
    target = nginx.evidence.target
    blocks = {
        id(selection.server.block): selection.server
        for selection in nginx.selected_servers()
        if selection.name_match == "exact"
    }
    server = next(iter(blocks.values()), None)
    file = nginx.file(server.block) if server else None
    if server is None or file is None or len(blocks) > 1 or not _is_hostname(target):
        return False
    step = edits.indent_step(file.text, server.block, (server.block.block or (server.block,))[0])
    lines = ["", "server {"]
    lines += [f"{step}listen {_listen(address)};" for address in dict.fromkeys(addresses)]
    lines += [f"{step}server_name {target.host};", ""]
    if files:
        lines += [f"{step}location {CHALLENGES} {{", f"{step * 2}root {files};", f"{step}}}", ""]
    lines += [f"{step}location / {{", f"{step * 2}return 301 {SECURE};", f"{step}}}", "}"]
    change = edits.insert_after(file.text, server.block, lines)
    text = re.sub(r"(?m)^[ \t]+$", "", change.text)
    changes.setdefault(file.path, []).append(edits.TextEdit(change.start, change.stop, text))
    return True


def _is_hostname(target: Target) -> bool:
    return is_host(target.host) and not is_address(target.host)


def _listen(address: str) -> str:
    return "80" if address == "*" else f"{bracketed(address)}:80"


def tls_addresses(listens: tuple[Listen, ...]) -> tuple[str, ...]:
    """Return the addresses of the block's TLS sockets."""
    return tuple(dict.fromkeys(listen.address for listen in listens if listen.ssl))


# Fix


def fix(nginx: Nginx, changes: Changes, step: str, sure: bool = True, context: int = 3) -> Fix:
    """Return a fix with these changes and an nginx reload, or a manual step if there are no
    changes."""
    file_edits = config_edits(nginx, changes, context)
    if not file_edits:
        return by_hand(step)
    steps: tuple[Edit | Command, ...] = (*file_edits, *reload_steps(nginx))
    sure = sure and len(file_edits) == 1
    return Fix(steps, Applicability.AUTOMATIC if sure else Applicability.REVIEW)


def serves_https(nginx: Nginx) -> bool:
    """Return whether nginx has a block for the visitors' name and https at the usual port."""
    return any(
        socket.ssl
        and server_blocks.select_server(socket, nginx.evidence.target.host)[1] != "default"
        for socket in nginx.listen_sockets(443)
    )


def by_hand(step: str) -> Fix:
    return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)


def without_port(nginx: Nginx, step: Exchange) -> Fix | None:
    """Return the fix of a redirect of nginx's own to the visitor's name at a port that does not
    answer: an inner one, or one of another guide. The site's own port answers."""
    redirect, target = find_redirect(nginx, step), nginx.evidence.target
    url = parse_url(redirect_target(step) or "")
    if redirect is None or redirect.parts is None or url is None or target.port not in {80, 443}:
        return None
    scheme, host, rest = redirect.parts
    bare = re.sub(r":(?:\d+|\$\{?server_port\}?)$", "", host)
    if bare == host or url.host != target.host:
        return None
    changes: Changes = {}
    replace_target(redirect, f"{scheme}://{bare}{rest}", changes)
    return fix(nginx, changes, "name-the-host", sure=False)
