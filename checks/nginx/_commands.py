"""The commands that test nginx's configuration and start, reload and restart nginx."""

import posixpath

from checks.nginx import Nginx
from diagnose.model import Command, Edit, Evidence, Host, Vantage, commands
from diagnose.model.containers import NginxContainer
from diagnose.model.kernel import Boot
from diagnose.model.nginx import NginxProcess
from diagnose.model.server import PidFile

#: Folders in which a shell finds programs by their bare name.
_PATH = {"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"}


def config_test_command(nginx: Nginx) -> Command:
    master, test = nginx.master, nginx.test
    if master and master.user and test and test.keeps_owners:
        # Run by root it would give the folders of uploads to the user of the configuration.
        return commands.test_nginx((*commands.as_unprivileged(master.user), *_argv(nginx)))
    return commands.test_nginx(_argv(nginx))


def owner_test_command(nginx: Nginx) -> Command:
    """Return the test that, run by root, gives the folders of temporary files to the user of the
    configuration."""
    return commands.test_nginx(_argv(nginx))


def reload_command(nginx: Nginx, *, by_file: bool = False) -> Command:
    """Return the command that reloads nginx.

    Where the pid file does not lead to the master, it is the master's signal: the service and
    `nginx -s reload` would fail. `by_file` is for steps that have written the file before.
    """
    if not by_file and (master := unreachable_master(nginx)):
        return commands.reload_process(master.pid)
    if unit := systemd_unit(nginx):
        return commands.reload_service(unit)
    return commands.reload_nginx(_argv(nginx))


def reload_steps(nginx: Nginx, *, by_file: bool = False) -> tuple[Command, ...]:
    """Return the commands that test the configuration and then load it (`reload_command`)."""
    running = nginx.master or nginx.state is None
    return (
        config_test_command(nginx),
        *((reload_command(nginx, by_file=by_file),) if running else start_commands(nginx)),
    )


def chosen_edits(nginx: Nginx, file_edits: tuple[Edit, ...]) -> tuple[Command | Edit, ...]:
    """Return edits and their reload as what a person types after choosing a step; () without
    edits."""
    return (*file_edits, *reload_steps(nginx)) if file_edits else ()


def unreachable_master(nginx: Nginx) -> NginxProcess | None:
    """Return the running master whose pid file is missing, empty or names another process; None
    if the file is right or unknown. With several masters nobody knows whose file it is."""
    file = next(iter(nginx.evidence.good(PidFile)), None)
    masters = nginx.state.own_masters if nginx.state else ()
    if file is None or len(masters) != 1 or file.pid == masters[0].pid:
        return None
    return masters[0]


def start_commands(nginx: Nginx) -> tuple[Command, ...]:
    """Return the commands that start nginx by its service.

    If systemd believes that the service is active, it must be restarted. That happens if nginx
    was killed after its System V script had ended successfully. If too many starts failed, the
    failures must be reset first (systemd.unit(5), StartLimitBurst=).
    """
    unit = systemd_unit(nginx)
    if not unit:
        return (_openrc_start(nginx) or commands.start_nginx(_argv(nginx)),)
    start = nginx.start
    is_active = start is not None and start.state in {"active", "reloading", "activating"}
    start_command = commands.restart_dead_service if is_active else commands.start_service
    change = start_command(unit)
    limited = start is not None and (start.limited or start.result == "start-limit-hit")
    return (commands.reset_failed(unit), change) if limited else (change,)


def _openrc_start(nginx: Nginx) -> Command | None:
    """Return the start of nginx by its service of OpenRC, which then knows of it; None without one.
    It starts nothing that it believes to run (rc-service(8))."""
    services = (boot for boot in nginx.evidence.good(Boot) if boot.manager == "openrc")
    boot = next(services, None)
    name = _argv(nginx)[0]
    if nginx.master or boot is None or boot.service != name:
        return None
    start = commands.restart_openrc_service if boot.running else commands.start_openrc_service
    return start(name)


def restart_commands(nginx: Nginx) -> tuple[Command, ...]:
    """Return the commands that stop and start nginx, for changes that a reload does not
    apply."""
    if restart := container_restart(nginx):
        return (restart,)
    if unit := systemd_unit(nginx):
        return (commands.restart_service(unit),)
    return (commands.stop_nginx(_argv(nginx)), *start_commands(nginx))


def container_restart(nginx: Nginx) -> Command | None:
    """Return the command that restarts the container in which nginx runs, if its engine is known.
    The container then mounts its files anew."""
    containers = nginx.evidence.good(NginxContainer)
    if not nginx.master or not nginx.master.container or not containers or not containers[0].engine:
        return None
    return commands.restart_container(containers[0].engine, containers[0].name)


def systemd_unit(nginx: Nginx) -> str:
    """Return the systemd service of this nginx ("nginx", "openresty").

    "" if there is none, or if somebody started nginx outside its service, which then does not
    know it.
    """
    if nginx.master and nginx.master.container:
        return ""
    hosts = [host for host in nginx.evidence.good(Host) if host.vantage is Vantage.SERVER]
    if not hosts or hosts[0].manager != "systemd":
        return ""
    if nginx.master:
        return _service_unit(nginx.evidence, nginx.master, _argv(nginx)[0] == "nginx")
    if nginx.start and nginx.start.state:
        return nginx.start.unit.removesuffix(".service")
    return "nginx" if _argv(nginx)[0] == "nginx" else ""


def _service_unit(evidence: Evidence, master: NginxProcess, packaged: bool) -> str:
    """Return the service of a running master: the one in whose control group it is, if that is
    nginx's own.

    A master that sshd, cron or rc.local started is in their control group.
    """
    name = master.unit or ("nginx.service" if packaged else "")
    boot = next((boot for boot in evidence.good(Boot) if boot.service == name), None)
    if boot and boot.manager == "systemd":
        active = boot.running and not boot.by_hand
        own = active and boot.main_pid in {0, master.pid}
        own = own and (boot.reloads or not master.unit)
    else:
        # Systemd itself was not asked. Imported late: outside, nothing else needs the names.
        from diagnose.parsers.nginx.install_paths import SERVICES

        own = name in SERVICES
    return name.removesuffix(".service") if own else ""


def package_unit(nginx: Nginx) -> str:
    """Return the service that the package of this program installs: "nginx", "openresty",
    "tengine" or "angie", from the program's path and from the name that it gives itself."""
    names = nginx.master.binary.split("/") if nginx.master else []
    names += nginx.build.version.lower().split("/")[:1] if nginx.build else ()
    names += nginx.build.binary.split("/") if nginx.build else ()
    return next((name for name in ("openresty", "tengine", "angie") if name in names), "nginx")


def _argv(nginx: Nginx) -> tuple[str, ...]:
    binary = nginx.build.binary if nginx.build else "nginx"
    bare = posixpath.dirname(binary) in _PATH
    options = nginx.master.arguments if nginx.master else ()
    words = nginx.master.container if nginx.master else ()
    return (*words, posixpath.basename(binary) if bare else binary, *options)
