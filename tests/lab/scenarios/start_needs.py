"""The program of a service cannot start, and the server has what brings what it lacks: the list of
its packages, the file with its variables, or the old process that somebody started by hand.

The tools are stand-ins of one line: there is no network in the laboratory."""

from ..hosts import until
from ..lab import Lab
from ..machines import Machine
from ..scenario import healthy, scenario
from .application_services import DROP_INS, ONE_LAYOUT, SERVER, install, journal_says

FOLDER = "/srv/shop"
IN_FOLDER = f"WorkingDirectory={FOLDER}"
PACKAGE = '{"name": "shop", "dependencies": {"greeting": "^1.0.0"}}\n'
#: It makes the package of the laboratory in the folder behind --prefix.
NPM = """\
#!/bin/sh
[ "$1" = --prefix ] && [ "$3" = ci ] || exit 1
cd "$2" && mkdir -p node_modules/greeting && touch node_modules/greeting/index.js
"""
HAND = ["env", "PORT=3000", "/usr/bin/node", "/srv/shop/server.js"]


def project(lab: Lab, program: str = "require('greeting');\n" + SERVER) -> Machine:
    server = install(lab, service=IN_FOLDER, program=program)
    server.write(f"{FOLDER}/package.json", PACKAGE)
    server.write(f"{FOLDER}/package-lock.json", '{"lockfileVersion": 3}\n')
    server.sh("[ ! -e /usr/bin/npm ] || mv /usr/bin/npm /usr/bin/npm.kept")
    back = "rm -f /usr/bin/npm; [ ! -e /usr/bin/npm.kept ] || mv /usr/bin/npm.kept /usr/bin/npm"
    lab.undo(lambda: server.sh(back))
    server.write("/usr/bin/npm", NPM, 0o755)
    server.sh(f"chown -R www-data: {FOLDER}")
    return server


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    differs=(f"{FOLDER}/node_modules/greeting/index.js", "processes"),
)  # fmt: skip
def packages_of_the_program_are_not_installed(lab: Lab) -> None:
    """https://github.com/hex7c0/express-sitemap/issues/17: the dependencies were not installed on
    the server, "502 Bad Gateway"."""
    server = project(lab)
    server.systemctl("start", "shop")
    journal_says(server, "Cannot find module")


@healthy(not_on=ONE_LAYOUT)
def packages_of_the_program_are_installed(lab: Lab) -> None:
    """An earlier start failed for the want of them."""
    server = project(lab)
    server.systemctl("start", "shop")
    journal_says(server, "Cannot find module")
    server.sh(f"cd {FOLDER} && npm --prefix {FOLDER} ci; systemctl reset-failed shop")
    server.systemctl("restart", "shop")
    until(lambda: server.listening(3000), "the shop listens")


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    differs=(f"{DROP_INS}/zz-diagnose-EnvironmentFile.conf", DROP_INS, "processes"),
)  # fmt: skip
def unit_does_not_read_the_file_of_variables(lab: Lab) -> None:
    """After threads about systemd and .env: `npm start` in a shell has the variables, the unit has
    not."""
    wanted = "if (!process.env.SHOP_SECRET) throw new Error('SHOP_SECRET is not set');\n" + SERVER
    server = install(lab, service=IN_FOLDER, program=wanted)
    server.write(f"{FOLDER}/.env", "SHOP_SECRET=not-shown\n", 0o640)
    server.systemctl("start", "shop")
    journal_says(server, "SHOP_SECRET is not set")


@scenario(
    outside=None, server="upstream.port-held", not_on=ONE_LAYOUT, differs=("processes",)
)  # fmt: skip
def own_program_that_somebody_started_by_hand_has_the_port(lab: Lab) -> None:
    """https://github.com/robertklep/nefit-easy-http-server/issues/18: an instance was started
    besides the service."""
    server = install(lab, service=f"{IN_FOLDER}\nRestart=always\nRestartSec=1")
    server.sh(f"cd {FOLDER} && setsid -f {' '.join(HAND)} </dev/null >/dev/null 2>&1")
    lab.undo(lambda: server.sh("pkill -xf '/usr/bin/node /srv/shop/server.js'", check=False))
    until(lambda: server.listening(3000), "the program listens")
    server.run(["systemctl", "--no-block", "start", "shop"])
    journal_says(server, "EADDRINUSE")
