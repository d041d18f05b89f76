"""nginx's TLS settings as they apply to the target, and the edits that change them."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from diagnose.model import Command, Edit, Evidence, Location
from diagnose.model.frozen import frozen

if TYPE_CHECKING:
    from checks.nginx import Nginx
    from diagnose.model.nginx import Directive
    from diagnose.parsers.nginx.edits import TextEdit
    from diagnose.parsers.nginx.server_blocks import Server

#: A new TLS line is inserted after the last of these.
_ANCHORS = {"listen", "server_name", "ssl_certificate", "ssl_certificate_key", "ssl_protocols"}


@frozen
class Setting:
    """A directive as it applies to one server block.

    `directive` is None if nginx's default applies. `own` means that the directive is in this block
    and no other block reads it.
    """

    server: "Server"
    directive: "Directive | None"
    own: bool

    @property
    def args(self) -> tuple[str, ...]:
        return self.directive.args if self.directive else ()


@frozen
class TargetSettings:
    """A directive as it applies to the target on the server: one setting for each block that
    responds to the name.

    For settings that apply before the name is known, these include the default blocks of the
    sockets. `affects_other_sites` means that one of them is another site's.
    """

    nginx: "Nginx"
    settings: tuple[Setting, ...]
    affects_other_sites: bool = False

    @property
    def file_line(self) -> str:
        """The first setting as "file:line"; "" if there is none."""
        directive = next(
            (setting.directive for setting in self.settings if setting.directive), None
        )
        return f"{directive.file}:{directive.line}" if directive else ""

    @property
    def location(self) -> Location | None:
        directive = next(
            (setting.directive for setting in self.settings if setting.directive), None
        )
        return self.nginx.location(directive) if directive else None

    def is_confined(self, changed_settings: Iterable[Setting]) -> bool:
        """Return whether a change of these settings affects only the target's own block."""
        return not self.affects_other_sites and all(
            setting.own or _is_inherited(setting) for setting in changed_settings
        )

    def steps(self, lines: Iterable[tuple[Setting, str]]) -> tuple[Edit | Command, ...]:
        """Return the edits that set these lines, and the commands that reload nginx; empty if
        nothing can be changed.

        An inherited directive stays as it is for other blocks, and the target's block gets a line
        of its own.
        """
        from checks.nginx._commands import reload_steps
        from checks.nginx._edits import config_edits

        changes: dict[str, dict[tuple[int, str], TextEdit]] = {}
        for setting, text in lines:
            if file_change := _setting_change(self.nginx, setting, text):
                file, change = file_change
                changes.setdefault(file, {})[change.start, change.text] = change
        edited = config_edits(
            self.nginx, {file: [*file_changes.values()] for file, file_changes in changes.items()}
        )
        return (*edited, *reload_steps(self.nginx)) if edited else ()


def without_lines(settings: TargetSettings) -> tuple[Edit | Command, ...]:
    """Return the edits that take the directive out wherever the target has it from, and the
    commands that reload nginx; empty if nothing can be changed."""
    from checks.nginx._commands import reload_steps
    from checks.nginx._edits import config_edits
    from diagnose.parsers.nginx.edits import remove_directive

    nginx = settings.nginx
    changes: dict[str, list[TextEdit]] = {}
    for setting in settings.settings:
        file = nginx.file(setting.directive) if setting.directive else None
        if file is not None and setting.directive is not None:
            change = remove_directive(file.text, setting.directive)
            if change not in changes.setdefault(file.path, []):
                changes[file.path].append(change)
    edited = config_edits(nginx, changes)
    return (*edited, *reload_steps(nginx)) if edited else ()


def target_settings(evidence: Evidence, name: str, early: bool = False) -> TargetSettings | None:
    """Return a directive as it applies to the target, or None if nginx was not observed.

    Use `early` for settings that OpenSSL applies before it knows the name ("Virtual server
    selection", nginx.org).
    """
    from checks.nginx import Nginx

    nginx = Nginx.of(evidence)
    selections = nginx.selected_servers()
    if not selections:
        return None
    blocks = {
        id(server.block): server
        for selection in selections
        for server in (
            (selection.socket.default, selection.server) if early else (selection.server,)
        )
    }
    server_settings = [
        Setting(server, directive, _is_own(nginx, server, directive))
        for server in blocks.values()
        for directive in (server.directive(name),)
    ]
    affects_other_sites = early and any(
        selection.socket.default.block is not selection.server.block for selection in selections
    )
    return TargetSettings(nginx, tuple(server_settings), affects_other_sites)


def has_version_command(settings: TargetSettings) -> bool:
    """Return whether ssl_conf_command sets the version instead of ssl_protocols
    (SSL_CONF_cmd(3))."""
    return any(
        command.args[:1] and "Protocol" in command.args[0]
        for setting in settings.settings
        for command in setting.server.directives("ssl_conf_command")
    )


def joined_args(
    args: tuple[str, ...], keep: Callable[[str], bool], additions: Iterable[str]
) -> str:
    """Return a directive's arguments as text, without those that `keep` rejects and with
    `additions` at the end."""
    kept_args = [arg for arg in args if keep(arg)]
    return " ".join((*kept_args, *(arg for arg in additions if arg not in kept_args)))


def _is_own(nginx: "Nginx", server: "Server", directive: "Directive | None") -> bool:
    if directive is None or directive not in (server.block.block or ()):
        return False
    readers = [
        reader
        for other_server in nginx.servers
        for reader in other_server.block.block or ()
        if (reader.file, reader.start, reader.name)
        == (directive.file, directive.start, directive.name)
    ]
    return len(readers) == 1


def _is_inherited(setting: Setting) -> bool:
    """Return whether the block has no such line, neither itself nor in a file that it includes."""
    return setting.directive is None or setting.directive not in (setting.server.block.block or ())


def _setting_change(nginx: "Nginx", setting: Setting, text: str) -> "tuple[str, TextEdit] | None":
    from diagnose.parsers.nginx import edits

    if setting.directive is not None and not _is_inherited(setting):
        return setting.directive.file, edits.replace_directive(setting.directive, text)
    block = setting.server.block
    file = nginx.file(block)
    if file is None:
        return None
    anchors = [
        directive
        for directive in block.block or ()
        if directive.file == block.file and directive.end == ";" and directive.name in _ANCHORS
    ]
    if anchors:
        return block.file, edits.insert_after(file.text, anchors[-1], [text])
    return block.file, edits.insert_first(file.text, block, [text])


#: A new TLS line is inserted after the last of these.
_ANCHORS = {"listen", "server_name", "ssl_certificate", "ssl_certificate_key", "ssl_protocols"}
