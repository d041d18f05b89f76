"""The `listen` directives of nginx that have a loopback address, and the same for all addresses."""

from diagnose.model import Edit, Evidence
from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ConfigFile, Directive, NginxConfig


@frozen
class ListenGroup:
    """The `listen` directives of one file that must be changed."""

    file: ConfigFile
    directives: tuple[Directive, ...]


def listen_groups(evidence: Evidence, port: int) -> tuple[ListenGroup, ...]:
    """Return where nginx is configured to listen on a port so: in the blocks with the target's
    name, or else in all blocks."""
    from diagnose.parsers.nginx.server_blocks import servers

    for config in evidence.good(NginxConfig):
        listens = [
            (server, listen.directive)
            for server in servers(config.main)
            for listen in server.listens
            if listen.port == port
            and is_loopback(listen.address)
            and listen.directive is not None
            and listen.directive.end == ";"
        ]
        named_listens = [
            directive for server, directive in listens if evidence.target.host in server.names
        ]
        directives = named_listens or [directive for _, directive in listens]
        files = dict.fromkeys(directive.file for directive in directives)
        return tuple(
            ListenGroup(
                file, tuple(directive for directive in directives if directive.file == path)
            )
            for path in files
            if (file := config.file(path))
        )
    return ()


def wildcard_edit(group: ListenGroup) -> Edit:
    from diagnose.parsers.nginx.edits import apply_edits, diff, replace_directive

    text, path = group.file.text, group.file.real or group.file.path
    changes = [
        replace_directive(directive, f"listen {_wildcard_arguments(directive)};")
        for directive in group.directives
    ]
    return Edit(path, diff(path, text, apply_edits(text, *changes)))


def _wildcard_arguments(listen: Directive) -> str:
    """Return the arguments of `listen` for all addresses of the same IP family."""
    address, *options = listen.args
    host, _, port = address.rpartition(":")
    return " ".join([f"[::]:{port}" if "[" in host else port, *options])
