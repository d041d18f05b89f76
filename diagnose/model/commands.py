"""The usual commands of a fix, each with its effect, the files it changes, its risk and its undo.

Those of firewalls and bans are in `firewall_commands`, those of the kernel and its network in
`network_commands`, those of other web servers in `server_commands`.

Each function is named after what the command does and takes data, never words of a shell. `before`
is the value that the undo sets again. Where the undo differs from case to case, it is a parameter.
"""

from dataclasses import replace

from diagnose.model.steps import Command, Effect, Risk, Where

Arguments = tuple[str, ...]

#: Where systemd writes its own configuration.
_SYSTEMD = ("/etc/systemd/system",)


# nginx(8). `nginx` is the program with the options of the running master.


def test_nginx(nginx: Arguments) -> Command:
    return Command((*nginx, "-t"), Effect.TEST)


def as_unprivileged(user: int) -> Arguments:
    """Return the words before a command that run it as a user who may open ports below 1024
    (setpriv(1), capabilities(7))."""
    right = "+net_bind_service"
    return ("setpriv", f"--reuid={user}", f"--inh-caps={right}", f"--ambient-caps={right}")


def reload_nginx(nginx: Arguments) -> Command:
    return Command((*nginx, "-s", "reload"), Effect.RELOAD)


def start_nginx(nginx: Arguments) -> Command:
    return Command(nginx, Effect.START, undo=(*nginx, "-s", "stop"))


def stop_nginx(nginx: Arguments) -> Command:
    """Stop nginx. A later step must start it again."""
    return Command((*nginx, "-s", "stop"), Effect.STOP)


# systemctl(1)


def reload_service(unit: str) -> Command:
    return _systemctl(Effect.RELOAD, "reload", unit)


def restart_service(unit: str, where: Where = Where.SERVER) -> Command:
    """Restart a service that runs."""
    return _systemctl(Effect.RESTART, "restart", unit, where=where)


def restart_dead_service(unit: str) -> Command:
    """Start a service that systemd believes to be active, although its program does not run."""
    return _systemctl(Effect.RESTART, "restart", unit, undo=("stop", unit))


def start_service(unit: str) -> Command:
    return _systemctl(Effect.START, "start", unit, undo=("stop", unit))


def stop_service(unit: str) -> Command:
    """Stop a service. A later step must start it, or what takes its place."""
    return _systemctl(Effect.STOP, "stop", unit, undo=("start", unit))


def reset_failed(unit: str) -> Command:
    """Clear systemd's record of failed starts, which prevents another one."""
    return _systemctl(Effect.RESET, "reset-failed", unit)


def enable_service(unit: str, now: bool) -> Command:
    """Start a service at each boot, and `now` as well."""
    arguments = (*["--now"] * now, unit)
    effect = Effect.START if now else Effect.CHANGE
    undo = ("disable", *arguments)
    return _unit_links(effect, "enable", *arguments, undo=undo, risk=Risk.EDITS_FILES)


def disable_service(unit: str) -> Command:
    return _unit_links(Effect.CHANGE, "disable", unit, undo=("enable", unit), risk=Risk.STOPS)


def unmask_service(unit: str, runtime: bool) -> Command:
    """Allow a service to be started again. `runtime`: it was masked until the next boot only."""
    arguments = (*["--runtime"] * runtime, unit)
    undo = ("mask", *arguments)
    return _unit_links(Effect.CHANGE, "unmask", *arguments, undo=undo, risk=Risk.EDITS_FILES)


def _systemctl(
    effect: Effect, *arguments: str, undo: Arguments = (), where: Where = Where.SERVER
) -> Command:
    """Return a command that changes what runs, and no file."""
    return Command(
        ("systemctl", *arguments),
        effect,
        where,
        undo=("systemctl", *undo) if undo else (),
        risk=Risk.CHANGES_SYSTEM,
    )


def _unit_links(effect: Effect, *arguments: str, undo: Arguments, risk: Risk) -> Command:
    """Return a command that changes the links to units in systemd's folder."""
    return Command(
        ("systemctl", *arguments),
        effect,
        undo=("systemctl", *undo),
        changes=_SYSTEMD,
        aspect="settings",
        risk=risk,
    )


# Other service managers and container engines


def restart_sysv_service(name: str) -> Command:
    return Command(("service", name, "restart"), Effect.RESTART)


def start_openrc_service(name: str) -> Command:
    return Command(("rc-service", name, "start"), Effect.START, undo=("rc-service", name, "stop"))


def restart_openrc_service(name: str) -> Command:
    """Start a service that OpenRC believes to run, although its program has ended."""
    stop = ("rc-service", name, "stop")
    return Command(("rc-service", name, "restart"), Effect.RESTART, undo=stop)


def add_to_default_runlevel(name: str) -> Command:
    """Start a service of OpenRC at each boot."""
    argv, undo = ("rc-update", "add", name, "default"), ("rc-update", "del", name)
    return Command(argv, Effect.CHANGE, undo=undo, risk=Risk.EDITS_FILES)


def start_container(engine: str, *names: str) -> Command:
    """Start containers that exist (docker-start(1), podman-start(1))."""
    return Command((engine, "start", *names), Effect.START, undo=(engine, "stop", *names))


def restart_after_boot(engine: str, *names: str, before: str = "no") -> Command:
    """Let the engine start containers after a boot, unless somebody stopped them
    (docker-update(1)), in place of the policy `before`."""
    words = (engine, "update", "--restart")
    undo = (*words, before, *names)
    return Command((*words, "unless-stopped", *names), Effect.CHANGE, undo=undo)


def restart_container(engine: str, name: str) -> Command:
    """Restart a container. Files that it mounts are looked up by their names again."""
    return Command((engine, "restart", name), Effect.RESTART)


def unpause_container(engine: str, name: str) -> Command:
    """Let the programs of a paused container go on (docker-unpause(1), podman-unpause(1))."""
    return Command((engine, "unpause", name), Effect.START, undo=(engine, "pause", name))


def start_project(engine: str, file: str) -> Command:
    """Make and start what a compose file describes and does not run (docker-compose-up(1))."""
    words = (engine, "compose", "-f", file)
    return Command((*words, "up", "-d"), Effect.START, undo=(*words, "stop"), risk=Risk.STARTS)


def pull_image(words: tuple[str, ...]) -> Command:
    """Get the image that a tag names today (docker-compose-pull(1)), with the words of the project
    itself. A container has it after it is made anew."""
    return Command(words, Effect.CHANGE)


def create_network(engine: str, name: str) -> Command:
    """Make a network of containers (docker-network-create(1))."""
    words = (engine, "network")
    return Command(
        (*words, "create", name),
        Effect.CHANGE,
        undo=(*words, "rm", name),
        risk=Risk.CHANGES_NETWORK,
    )


def connect_network(engine: str, network: str, container: str, alias: str = "") -> Command:
    """Give a running container a further network, perhaps with a name that it has there
    (docker-network-connect(1))."""
    words, named = (engine, "network"), ("--alias", alias) if alias else ()
    return Command(
        (*words, "connect", *named, network, container),
        Effect.CHANGE,
        undo=(*words, "disconnect", network, container),
        risk=Risk.CHANGES_NETWORK,
    )


def reload_podman_networks() -> Command:
    return Command(("podman", "network", "reload", "--all"), Effect.RELOAD)


# Processes: kill(1)


def reload_process(pid: int) -> Command:
    """Tell a master process of nginx to load its configuration (nginx(8), SIGHUP)."""
    return Command(("kill", "-HUP", str(pid)), Effect.RELOAD)


def quit_process(pid: int) -> Command:
    """Tell a process to end when its connections have ended. No step starts it again."""
    return Command(("kill", "-QUIT", str(pid)), Effect.CHANGE, risk=Risk.STOPS)


def end_gently(signal: str, pid: int) -> Command:
    """Let a web server finish its requests and end: `signal` is its own name for that."""
    return Command(("kill", "-s", signal, str(pid)), Effect.CHANGE, risk=Risk.STOPS)


def continue_processes(pids: Arguments) -> Command:
    argv, undo = ("kill", "-CONT", *pids), ("kill", "-STOP", *pids)
    return Command(argv, Effect.CHANGE, undo=undo, risk=Risk.STOPS)


# Files


def move(path: str, new_path: str) -> Command:
    """Rename a file, but never over another one."""
    return Command(
        ("mv", "-n", path, new_path),
        Effect.CHANGE,
        undo=("mv", "-n", new_path, path),
        changes=(path, new_path),
        aspect="entry",
        risk=Risk.EDITS_FILES,
    )


def link(target: str, path: str) -> Command:
    """Make a symbolic link."""
    return Command(
        ("ln", "-s", target, path),
        Effect.CHANGE,
        undo=("rm", path),
        changes=(target, path),
        aspect="entry",
        risk=Risk.EDITS_FILES,
    )


def relink(target: str, path: str) -> Command:
    """Lead an existing symbolic link elsewhere. The saved link undoes it."""
    return Command(
        ("ln", "-sfn", target, path),
        Effect.CHANGE,
        changes=(target, path),
        aspect="entry",
        risk=Risk.EDITS_FILES,
    )


def remove_link(path: str, target: str) -> Command:
    return Command(
        ("rm", path),
        Effect.CHANGE,
        undo=("ln", "-s", target, path),
        changes=(path,),
        aspect="entry",
        risk=Risk.REMOVES_FILES,
    )


def compress(argv: Arguments, copy: str) -> Command:
    """Write the compressed copy of a file anew. The saved copy undoes it."""
    return Command(argv, Effect.CHANGE, changes=(copy,), risk=Risk.EDITS_FILES)


def empty_cache(folder: str, inside: Arguments = ()) -> Command:
    """Remove what nginx keeps in the folder of a cache: its files are named by an MD5 sum, and no
    other file is touched (ngx_http_file_cache_name). `inside` are the words that lead into the
    container of nginx. The cache fills itself again, so nothing has to be saved."""
    argv = ("find", folder, "-type", "f", "-name", "?" * 32, "-delete")
    return Command((*inside, *argv), Effect.CHANGE, risk=Risk.REMOVES_FILES)


def make_folder(path: str) -> Command:
    """Make a folder that is not there, and those above it, for a person who has read the path."""
    return Command(
        ("mkdir", "-p", path),
        Effect.CHANGE,
        changes=(path,),
        aspect="entry",
        risk=Risk.EDITS_FILES,
    )


def rewrite(path: str, scripts: Arguments) -> Command:
    """Change a file whose text must not be read, by `sed`. The saved file undoes it."""
    argv = ("sed", "-i", *(word for script in scripts for word in ("-e", script)), path)
    return Command(argv, Effect.CHANGE, changes=(path,), risk=Risk.EDITS_FILES)


def create_lines(path: str, lines: Arguments) -> Command:
    """Write a small new file that everybody may read, and no file that is there. Its removal undoes
    it."""
    script = 'umask 022; set -C; p=$1; shift; printf "%s\\n" "$@" > "$p"'
    argv = ("sh", "-c", script, "sh", path, *lines)
    return Command(argv, Effect.CHANGE, undo=("rm", path), changes=(path,), risk=Risk.EDITS_FILES)


def name_address(address: str, name: str) -> Command:
    """Let a visitor's own machine look up a name by its hosts file (hosts(5))."""
    argv = ("sh", "-c", 'printf "%s\\n" "$1" >> /etc/hosts', "sh", f"{address} {name}")
    return Command(
        argv, Effect.CHANGE, where=Where.CLIENT, changes=("/etc/hosts",), risk=Risk.EDITS_FILES
    )


# Access to files


def chmod(mode: str, path: str, before: int) -> Command:
    return _access(("chmod", mode, path), ("chmod", f"{before:04o}", path), path)


#: What browsers load, by the ending of its name. Data may be for programs alone, and stays closed.
FOR_BROWSERS = (
    "htm", "html", "css", "js", "mjs", "map", "png", "jpg", "jpeg", "gif", "svg", "ico", "webp",
    "avif", "woff", "woff2", "ttf", "otf", "eot", "wasm", "webmanifest", "mp3", "mp4", "webm",
    "pdf",
)  # fmt: skip


def open_tree(folder: str) -> tuple[Command, Command]:
    """Let all users enter the folders below one, and read what is there for browsers; nothing that
    is hidden. Which were closed before is not kept."""
    shown = ("find", folder, "-not", "-path", "*/.*")
    # Busybox, as on Alpine, has no types of regular expressions.
    names = [word for end in FOR_BROWSERS for word in ("-o", "-iname", f"*.{end}")][1:]
    files = ("-type", "f", "(", *names, ")")
    return (
        _access((*shown, "-type", "d", "-exec", "chmod", "o+x", "{}", "+"), ()),
        _access((*shown, *files, "-exec", "chmod", "o+r", "{}", "+"), ()),
    )


def open_files(folder: str) -> Command:
    """Let all users read what a folder has for browsers, without its folders and what is hidden.
    Which were closed before is not kept."""
    names = [word for end in FOR_BROWSERS for word in ("-o", "-iname", f"*.{end}")][1:]
    shown = (
        "find",
        folder,
        "-maxdepth",
        "1",
        "-not",
        "-name",
        ".*",
        "-type",
        "f",
        "(",
        *names,
        ")",
    )
    return _access((*shown, "-exec", "chmod", "o+r", "{}", "+"), ())


def chown_tree(user: str, folder: str, outside: bool = False) -> Command:
    """Give a folder and what is in it to a user. Whose each file was is not kept."""
    return replace(_access(("chown", "-R", user, folder), (), folder), outside=outside)


def chown(owner: str, path: str, before: str) -> Command:
    """Give a file or folder to "USER:GROUP"; `before` is the same of those whose it was."""
    return _access(("chown", owner, path), ("chown", before, path), path)


def chgrp(group: str, path: str, before: str) -> Command:
    return _access(("chgrp", group, path), ("chgrp", before, path), path)


def restore_label(path: str, before: str) -> Command:
    """Give a file the label that SELinux's policy assigns to it (restorecon(8))."""
    return _access(("restorecon", "-v", path), ("chcon", before, path), path)


def add_to_group(user: str, group: str) -> Command:
    return _access(("usermod", "-aG", group, user), ("gpasswd", "-d", user, group))


def turn_on_boolean(name: str) -> Command:
    """Turn on a boolean of SELinux's policy, also after a boot (setsebool(8))."""
    return _access(("setsebool", "-P", name, "1"), ("setsebool", "-P", name, "0"))


def label_port(label: str, port: int) -> Command:
    """Allow a TCP port to the programs that may bind ports of this label (semanage-port(8))."""
    words = ("-t", label, "-p", "tcp", str(port))
    return _access(("semanage", "port", "-a", *words), ("semanage", "port", "-d", *words))


def _access(argv: Arguments, undo: Arguments, *paths: str) -> Command:
    return Command(
        argv,
        Effect.CHANGE,
        undo=undo,
        changes=paths,
        aspect="permissions",
        risk=Risk.CHANGES_ACCESS,
    )


# Certificates


def renew_certificate(argv: Arguments) -> Command:
    """Order a certificate with an ACME client."""
    return Command(argv, Effect.CHANGE, risk=Risk.ORDERS_CERTIFICATE)


def schedule_renewal(acme_sh: str, home: str) -> Command:
    """Let acme.sh write its line into the table of cron."""
    head = (acme_sh, "--home", home)
    undo = (*head, "--uninstall-cronjob")
    return Command((*head, "--install-cronjob"), Effect.CHANGE, undo=undo, risk=Risk.EDITS_FILES)
