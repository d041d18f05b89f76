"""systemd could not start the service of an application because of one setting of its unit, and
this server shows what was meant: the folder, the program, the file of its environment."""

from ..lab import Lab
from ..scenario import healthy, scenario
from .application_services import ONE_LAYOUT, PROGRAM, SERVER, UNIT, install, start

FOLDER = "/etc/systemd/system/shop.service.d"


def written(setting: str) -> tuple[str, ...]:
    """The unit is left as it is: what it needs is written beside it."""
    return ("processes", f"{FOLDER}/diagnose-{setting}.conf", FOLDER)


def in_vain(lab: Lab, service: str, command: str = "/usr/bin/node /srv/shop/server.js") -> None:
    """The service as a unit that cannot start it, enabled."""
    server = install(lab, service=service)
    lab.undo(lambda: server.sh(f"rm -rf {FOLDER}; systemctl daemon-reload"))
    text = UNIT.format(unit="", service=service).replace(f"/usr/bin/node {PROGRAM}", command)
    server.write("/etc/systemd/system/shop.service", text)
    server.systemctl("daemon-reload")
    server.systemctl("enable", "shop")
    server.systemctl("start", "shop", check=False)


@scenario(
    outside="http.server-error", server="upstream.service-failed",
    differs=written("WorkingDirectory"), not_on=ONE_LAYOUT,
)  # fmt: skip
def working_folder_of_the_unit_is_not_there(lab: Lab) -> None:
    """After issue 101 of pixeldothorse/pixel.horse: the unit came from another server."""
    in_vain(lab, "WorkingDirectory=/srv/www/shop")


@scenario(
    outside="http.server-error", server="upstream.service-failed", differs=written("ExecStart"),
    not_on=ONE_LAYOUT,
)  # fmt: skip
def program_of_the_unit_is_elsewhere(lab: Lab) -> None:
    """After issue 583 of cryptpad/cryptpad, where a version manager has the program."""
    in_vain(lab, "", "/usr/local/bin/node /srv/shop/server.js")


@scenario(
    outside="http.server-error", server="upstream.service-failed",
    differs=("processes", "/srv/shop/start.sh"), not_on=ONE_LAYOUT,
)  # fmt: skip
def script_of_the_unit_may_not_be_run(lab: Lab) -> None:
    """After issue 52 of languitar/autosuspend: status=203/EXEC, and by hand it runs."""
    text = "#!/bin/sh\nexec /usr/bin/node /srv/shop/server.js\n"
    lab.server.write("/srv/shop/start.sh", text, 0o644)
    in_vain(lab, "", "/srv/shop/start.sh")


@scenario(
    outside="http.server-error", server="upstream.service-failed",
    differs=written("EnvironmentFile"), not_on=ONE_LAYOUT,
)  # fmt: skip
def environment_of_the_unit_is_elsewhere(lab: Lab) -> None:
    """EnvironmentFile= without the dash (systemd.exec(5)), and the file is beside the program."""
    lab.server.write("/srv/shop/shop.env", "PORT=3000\n")
    in_vain(lab, "EnvironmentFile=/etc/shop/shop.env")


@scenario(
    outside="http.server-error", server="upstream.service-failed",
    differs=written("EnvironmentFile"), not_on=ONE_LAYOUT,
)  # fmt: skip
def one_of_two_environments_of_the_unit_is_elsewhere(lab: Lab) -> None:
    """The other one stays: the program does not start without what it has."""
    lab.server.write("/srv/shop/shop.env", "PORT=3000\n")
    lab.server.write("/etc/default/shop", "SHOP_KEY=example\n")
    lab.server.write(
        "/srv/shop/start.sh",
        "#!/bin/sh\nexec /usr/bin/node ${SHOP_KEY:+/srv/shop/server.js}\n",
        0o755,
    )
    in_vain(
        lab, "EnvironmentFile=/etc/default/shop\nEnvironmentFile=/etc/shop/shop.env",
        "/bin/sh /srv/shop/start.sh",
    )  # fmt: skip


@scenario(
    outside="http.server-error", server="upstream.service-failed", differs=written("Type"),
    not_on=ONE_LAYOUT,
)  # fmt: skip
def unit_waits_for_a_program_that_does_not_fork(lab: Lab) -> None:
    """After issue 7 of rra/kstart: Type=forking."""
    in_vain(lab, "Type=forking\nTimeoutStartSec=3")


@healthy(not_on=ONE_LAYOUT)
def unit_may_do_without_its_folder_and_its_file(lab: Lab) -> None:
    """The dash says so (systemd.exec(5))."""
    in_vain(lab, "WorkingDirectory=-/srv/www/shop\nEnvironmentFile=-/etc/shop/shop.env")


@healthy(not_on=ONE_LAYOUT)
def unit_waits_for_a_program_that_forks(lab: Lab) -> None:
    """As Type=forking is meant: the shell ends, and the program stays."""
    command = "/bin/sh -c '/usr/bin/node /srv/shop/server.js & sleep 1'"
    in_vain(lab, "Type=forking", command)


STARTED = "/var/lib/shop/started"
WRITING = f"require('fs').writeFileSync('{STARTED}', '');\n"


@scenario(
    outside="http.server-error", server="upstream.service-failed",
    differs=(*written("ReadWritePaths"), STARTED), not_on=ONE_LAYOUT,
)  # fmt: skip
def unit_makes_the_folder_of_the_program_read_only(lab: Lab) -> None:
    """After issue 16 of 233boy/v2ray: "read-only file system", and by hand it is written."""
    lab.server.sh("mkdir -p /var/lib/shop; chown www-data /var/lib/shop")
    lab.undo(lambda: lab.server.sh("rm -rf /var/lib/shop"))
    in_vain(lab, "ProtectSystem=strict")
    lab.server.write(PROGRAM, WRITING + SERVER)
    lab.server.sh("systemctl reset-failed shop; systemctl restart shop; sleep 1", check=False)


SESSION = """\
const fs = require('fs');
fs.mkdirSync(process.env.XDG_RUNTIME_DIR + '/shop', { recursive: true });
"""


@scenario(
    outside="http.server-error", server="upstream.service-failed",
    differs=written("RuntimeDirectory"), not_on=ONE_LAYOUT,
)  # fmt: skip
def unit_names_the_folder_of_a_session(lab: Lab) -> None:
    """After issue 6 of kleinee/jns: /run/user/1000 is there while its user is logged in alone.

    https://github.com/kleinee/jns/issues/6
    """
    in_vain(lab, "Environment=XDG_RUNTIME_DIR=/run/user/1000")
    lab.server.write("/srv/shop/server.js", SESSION + SERVER)
    lab.server.sh("systemctl reset-failed shop; systemctl restart shop", check=False)


@healthy(not_on=ONE_LAYOUT)
def unit_has_a_folder_below_run(lab: Lab) -> None:
    start(
        lab, service="RuntimeDirectory=shop\nEnvironment=XDG_RUNTIME_DIR=/run/shop",
        program=SESSION + SERVER,
    )  # fmt: skip
