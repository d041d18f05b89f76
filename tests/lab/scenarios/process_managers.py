"""The program behind the site is kept by pm2, by supervisor or by a user's own systemd, and nothing
started that with the server; or no unit of its own can start it.

pm2 and supervisord are stand-ins of a few lines: the laboratory has neither."""

from ..hosts import until
from ..lab import Lab
from ..machines import Machine
from ..scenario import healthy, scenario
from .application_services import DROP_INS, ONE_LAYOUT, SERVER, UNIT, install

HOME = "/home/pi"
SCRIPT = f"{HOME}/shop/server.js"
ITS_PORT = SERVER.replace("Number(process.env.PORT)", "3000")
#: Starts what its list names, in the background, as pm2(1) does: "resurrect", and "startup".
PM2 = """\
#!/usr/bin/python3
import json, os, subprocess, sys
verb = sys.argv[1]
if verb == "startup":
    user, home = sys.argv[sys.argv.index("-u") + 1], sys.argv[sys.argv.index("--hp") + 1]
    unit = f"/etc/systemd/system/pm2-{user}.service"
    with open(unit, "w") as file:
        file.write(f"[Service]\\nType=forking\\nUser={user}\\nExecStart=/usr/bin/pm2 resurrect\\n")
        file.write(f"Environment=PM2_HOME={home}/.pm2\\n[Install]\\nWantedBy=multi-user.target\\n")
    subprocess.run(["systemctl", "enable", f"pm2-{user}"], check=True)
    sys.exit()
home = os.environ["PM2_HOME"]
with open(f"{home}/dump.pm2") as file:
    programs = json.load(file)
for program in programs:
    subprocess.Popen(
        ["node", program["pm_exec_path"]], cwd=program["pm_cwd"], start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
"""
LIST = f"""\
[
  {{
    "name": "shop",
    "pm_exec_path": "{SCRIPT}",
    "pm_cwd": "{HOME}/shop"
  }}
]
"""
#: Starts the commands of its sections and waits.
SUPERVISORD = """\
#!/usr/bin/python3
import configparser, glob, shlex, subprocess
for path in glob.glob("/etc/supervisor/conf.d/*.conf"):
    conf = configparser.RawConfigParser()
    conf.read(path)
    started = [subprocess.Popen(shlex.split(conf[name]["command"])) for name in conf.sections()]
for program in started:
    program.wait()
"""
SUPERVISOR = """\
[Service]
ExecStart=/usr/bin/supervisord -n -c /etc/supervisor/supervisord.conf
[Install]
WantedBy=multi-user.target
"""
USER_UNIT = f"""\
[Service]
ExecStart=/usr/bin/node {SCRIPT}
[Install]
WantedBy=default.target
"""
WANTS = "/etc/systemd/system/multi-user.target.wants"


def _program(lab: Lab, path: str, text: str) -> None:
    """A program of the system, for as long as the scenario lasts."""
    lab.server.write(path, text, 0o755)
    lab.undo(lambda: lab.server.sh(f"rm -f {path}"))


def _of_a_user(lab: Lab) -> Machine:
    """The program lies in the home of a user."""
    server = lab.server
    assert isinstance(server, Machine)
    lab.application_service.stop()
    server.sh("useradd -m -s /bin/bash pi; chmod 755 /home/pi")
    lab.undo(lambda: server.sh("pkill -u pi; sleep 0.2; userdel -rf pi", check=False))
    server.write(SCRIPT, ITS_PORT)
    return server


def _user_unit(lab: Lab) -> Machine:
    server = _of_a_user(lab)
    folder = f"{HOME}/.config/systemd/user"
    server.write(f"{folder}/shop.service", USER_UNIT)
    server.sh(
        f"mkdir {folder}/default.target.wants; chown -R pi: {HOME};"
        f" ln -s ../shop.service {folder}/default.target.wants/"
    )
    lab.undo(lambda: server.sh("loginctl disable-linger pi; systemctl stop user@$(id -u pi)"))
    return server


@scenario(
    outside="http.server-error", server="upstream.refused", not_on=ONE_LAYOUT,
    differs=("/etc/systemd/system/pm2-pi.service", f"{WANTS}/pm2-pi.service", "processes"),
)  # fmt: skip
def pm2_is_not_started_with_the_server(lab: Lab) -> None:
    """https://github.com/Unitech/pm2/issues/2775: "PM2 not start after system reboot". The list was
    saved, and "pm2 startup" was never run."""
    server = _of_a_user(lab)
    _program(lab, "/usr/bin/pm2", PM2)
    server.write(f"{HOME}/.pm2/dump.pm2", LIST)
    server.sh(f"chown -R pi: {HOME}")


@scenario(
    outside="http.server-error", server="upstream.refused", not_on=ONE_LAYOUT,
    differs=("/var/lib/systemd/linger/pi", "/var/lib/systemd/linger", "processes"),
)  # fmt: skip
def unit_of_a_user_ends_with_the_session(lab: Lab) -> None:
    """https://github.com/gastownhall/gascity/issues/3683: a service of `systemctl --user`, and the
    user does not linger."""
    _user_unit(lab)


@healthy(not_on=ONE_LAYOUT)
def unit_of_a_user_who_lingers(lab: Lab) -> None:
    server = _user_unit(lab)
    server.sh("loginctl enable-linger pi")
    until(lambda: server.listening(3000), "the shop listens")


@scenario(
    outside="http.server-error", server="upstream.refused", not_on=ONE_LAYOUT,
    differs=(f"{WANTS}/supervisor.service", "processes"),
)  # fmt: skip
def supervisor_is_not_started_with_the_server(lab: Lab) -> None:
    """https://github.com/Supervisor/supervisor/issues/1085: nothing starts supervisord after a
    reboot."""
    server = _of_a_user(lab)
    _program(lab, "/usr/bin/supervisord", SUPERVISORD)
    section = f"[program:shop]\ncommand=/usr/bin/node {SCRIPT} 3000\n"
    server.write("/etc/supervisor/conf.d/shop.conf", section)
    server.write("/usr/lib/systemd/system/supervisor.service", SUPERVISOR)
    server.systemctl("daemon-reload")
    lab.undo(lambda: server.sh("systemctl disable --now supervisor", check=False))


@scenario(
    outside="http.server-error", server="upstream.refused", not_on=ONE_LAYOUT,
    differs=(f"{WANTS}/shop.service", "processes"),
)  # fmt: skip
def service_that_names_its_port_in_its_script_is_not_enabled(lab: Lab) -> None:
    """https://github.com/TryGhost/Ghost-CLI/issues/212: 502 after a reboot, and the unit does not
    name the port."""
    server = install(lab, program=ITS_PORT)
    unit = UNIT.format(unit="", service="").replace("Environment=PORT=3000\n", "")
    server.write("/etc/systemd/system/shop.service", unit)
    server.systemctl("daemon-reload")


def _script(lab: Lab, text: str) -> None:
    """A script starts the program."""
    server = install(lab)
    server.write("/srv/shop/start.sh", text, 0o755)
    unit = UNIT.format(unit="", service="").replace(
        "/usr/bin/node /srv/shop/server.js", "/srv/shop/start.sh"
    )
    server.write("/etc/systemd/system/shop.service", unit)
    server.sh("systemctl daemon-reload; systemctl start shop; sleep 0.5", check=False)


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    differs=(f"{DROP_INS}/zz-diagnose-ExecStart.conf", DROP_INS, "processes"),
)  # fmt: skip
def script_of_the_unit_names_no_program(lab: Lab) -> None:
    """https://github.com/TriliumNext/Trilium/pull/592: "Exec format error"."""
    _script(lab, "!#/bin/sh\nexec /usr/bin/node /srv/shop/server.js\n")


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    differs=("/srv/shop/start.sh", "processes"),
)  # fmt: skip
def script_of_the_unit_has_lines_of_windows(lab: Lab) -> None:
    """https://github.com/systemd/systemd/issues/3038: the program of the first line is not there,
    and the words are those of a script that is missing."""
    _script(lab, "#!/bin/sh\r\nexec /usr/bin/node /srv/shop/server.js\r\n")


@healthy(not_on=ONE_LAYOUT)
def script_of_the_unit_starts_the_program(lab: Lab) -> None:
    _script(lab, "#!/bin/sh\nexec /usr/bin/node /srv/shop/server.js\n")
    until(lambda: lab.server.listening(3000), "the shop listens")


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    differs=("/var/lib/shop", "/var/lib/shop/files", "processes"),
)  # fmt: skip
def folder_of_the_unit_is_not_there(lab: Lab) -> None:
    """https://github.com/mastodon/mastodon/issues/18702: "Failed to set up mount namespacing"."""
    server = install(lab, service="ReadWritePaths=/var/lib/shop/files")
    lab.undo(lambda: server.sh("rm -rf /var/lib/shop"))
    server.sh("systemctl start shop; sleep 0.5", check=False)


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    differs=(f"{DROP_INS}/zz-diagnose-ProtectHome.conf", DROP_INS, "processes"),
)  # fmt: skip
def unit_hides_the_home_of_its_files(lab: Lab) -> None:
    """https://github.com/Kozea/Radicale/issues/1223: "Permission denied", and the rights of the
    folder are in order."""
    server = _of_a_user(lab)
    reads = f"require('fs').writeFileSync('{HOME}/shop/lock', '');\n{ITS_PORT}"
    server.sh(f"mkdir {HOME}/files; chown -R www-data: {HOME}/shop")
    install(lab, service="ProtectHome=yes", program=reads)
    server.sh("systemctl start shop; sleep 0.5", check=False)


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    differs=(f"{DROP_INS}/zz-diagnose-Type.conf", DROP_INS, "processes"),
)  # fmt: skip
def program_does_not_tell_that_it_is_ready(lab: Lab) -> None:
    """https://github.com/meta-homeassistant/meta-homeassistant/pull/63: Type=notify, and the
    program does not notify."""
    install(lab, service="Type=notify\nTimeoutStartSec=2").sh(
        "systemctl start shop; sleep 0.5", check=False
    )


#: An old program of Node.js before the one of the system: it knows no newer words.
OLD_NODE = """\
#!/bin/sh
[ "$1" != -v ] || { echo v4.2.6; exit; }
echo "SyntaxError: Unexpected token ..." >&2
exit 1
"""


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    differs=(f"{DROP_INS}/zz-diagnose-ExecStart.conf", DROP_INS, "processes"),
)  # fmt: skip
def node_of_the_unit_is_too_old(lab: Lab) -> None:
    """https://github.com/virtualzone/landroid-bridge/issues/53: "SyntaxError: Unexpected token
    ...", and a newer Node.js lies at another place."""
    server = install(lab)
    _program(lab, "/usr/local/bin/node", OLD_NODE)
    unit = UNIT.format(unit="", service="").replace("/usr/bin/node", "/usr/local/bin/node")
    server.write("/etc/systemd/system/shop.service", unit)
    server.sh("systemctl daemon-reload; systemctl start shop; sleep 0.5", check=False)
