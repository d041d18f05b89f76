"""The commands of web servers other than nginx; `commands` has those of nginx. What tests, loads or
starts a server is its own command, as its reader observed it."""

from diagnose.model.commands import Arguments
from diagnose.model.steps import Command, Effect, Risk


def test_server(argv: Arguments) -> Command:
    return Command(argv, Effect.TEST)


def reload_server(argv: Arguments) -> Command:
    return Command(argv, Effect.RESTART if restarts(argv) else Effect.RELOAD)


def restarts(argv: Arguments) -> bool:
    """Return whether a command that loads a configuration ends the server, and its connections, and
    starts it again: Caddy without its admin API, HAProxy without a master."""
    return "restart" in argv[1:3] or (argv[:2] == ("sh", "-c") and argv[2].startswith("kill "))


def read_again(path: str) -> Command:
    """Let a server that watches this file read it again, and what it names: its time changes, and
    nothing else."""
    return Command(("touch", path), Effect.RELOAD, changes=(path,))


def start_server(argv: Arguments, stop: Arguments) -> Command:
    return Command(argv, Effect.START, undo=stop)


def start_server_as(
    user: str, groups: tuple[int, ...], argv: Arguments, stop: Arguments
) -> Command:
    """Start a server as the user of its service, with the service's groups, the user's own first.
    It may open ports below 1024 (setpriv(1))."""
    right = "+net_bind_service"
    numbers = ",".join(map(str, groups))
    words = (f"--reuid={user}", f"--regid={groups[0]}", f"--groups={numbers}", "--reset-env")
    head = ("setpriv", *words, f"--inh-caps={right}", f"--ambient-caps={right}")
    return Command((*head, *argv), Effect.START, undo=stop)


def enable_apache_modules(names: Arguments) -> Command:
    """Load modules of Apache at its next start or reload (a2enmod(8))."""
    return _apache_links(("a2enmod", *names), ("a2dismod", "-f", *names), "mods")


def disable_apache_module(name: str) -> Command:
    """Load a module of Apache no more from its next start or reload on (a2dismod(8)). Without "-f"
    it asks about those that it takes for essential."""
    return _apache_links(("a2dismod", "-f", name), ("a2enmod", name), "mods")


def disable_apache_site(name: str) -> Command:
    """Load a site of Apache no more from its next start or reload on (a2dissite(8))."""
    return _apache_links(("a2dissite", name), ("a2ensite", name), "sites")


def enable_apache_site(name: str) -> Command:
    """Load a site of Apache at its next start or reload (a2ensite(8))."""
    return _apache_links(("a2ensite", name), ("a2dissite", name), "sites")


def enable_apache_conf(name: str) -> Command:
    """Load a configuration beside the sites at Apache's next start or reload (a2enconf(8))."""
    return _apache_links(("a2enconf", name), ("a2disconf", name), "conf")


def _apache_links(argv: Arguments, undo: Arguments, folder: str) -> Command:
    """Return a command that changes the links in one of Debian's folders of Apache. The saved
    folder is put back as well: a2dismod leaves the modules that others need."""
    return Command(
        argv,
        Effect.CHANGE,
        undo=undo,
        changes=(f"/etc/apache2/{folder}-enabled",),
        aspect="settings",
        risk=Risk.EDITS_FILES,
    )


def replace_copy(path: str, source: str) -> Command:
    """Write the content of another file of text into one that is there, whose owner and mode stay.
    It is read first: the shell empties a file before a command reads (POSIX, 2.7.2). The saved file
    undoes it."""
    script = 't=$(cat -- "$2") && printf "%s\\n" "$t" > "$1"'
    argv = ("sh", "-c", script, "sh", path, source)
    return Command(argv, Effect.CHANGE, changes=(path,), risk=Risk.EDITS_FILES)


def create_bundle(path: str, certificate: str, key: str) -> Command:
    """Write a certificate with its chain, and then its key, into one new file that root alone may
    read. Its removal undoes it."""
    return _write_bundle("umask 077; ", path, certificate, key)


def write_bundle(path: str, certificate: str, key: str) -> Command:
    """Write a certificate with its chain, and then its key, into one file, as HAProxy reads it. Its
    owner and mode stay. The saved file undoes it."""
    return _write_bundle("", path, certificate, key)


def _write_bundle(head: str, path: str, certificate: str, key: str) -> Command:
    """Return the command that reads both files before it touches the bundle: the shell empties a
    file before a command reads (POSIX, 2.7.2), and one that cannot be read would leave half."""
    script = f'{head}c=$(cat -- "$2") && k=$(cat -- "$3") && printf "%s\\n" "$c" "$k" > "$1"'
    argv = ("sh", "-c", script, "sh", path, certificate, key)
    return Command(argv, Effect.CHANGE, changes=(path,), risk=Risk.EDITS_FILES)
