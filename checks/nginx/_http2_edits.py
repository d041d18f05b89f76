"""The edit with which a server block offers HTTP/2."""

from checks.nginx import Nginx
from checks.nginx._edits import config_edit
from diagnose.model import Edit
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.server_blocks import Server

#: The first nginx with the directive `http2`; before, it is a parameter of `listen`.
_DIRECTIVE_SINCE = (1, 25, 1)


def http2_edit(nginx: Nginx, server: Server) -> Edit | None:
    """Return the edit of the block; None if its file was not read, or this nginx has no such
    directive."""
    file, anchor = nginx.file(server.block), _last_listen(server)
    version = nginx_parser.version_number(nginx.build.version) if nginx.build else None
    is_known = (version or ()) >= _DIRECTIVE_SINCE
    if file is None or anchor is None or anchor.file != file.path or not is_known:
        return None
    own = children(server.block, "http2")
    if own:
        return config_edit(nginx, file.path, edits.replace_directive(own[-1], "http2 on;"))
    return config_edit(nginx, file.path, edits.insert_after(file.text, anchor, ["http2 on;"]))


def _last_listen(server: Server) -> Directive | None:
    listens = [listen.directive for listen in server.listens if listen.directive is not None]
    return listens[-1] if listens else None
