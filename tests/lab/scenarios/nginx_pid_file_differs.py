"""systemd waits for another pid file than nginx writes."""

from ..lab import Lab
from ..machines import Machine
from ..scenario import healthy, scenario
from .application_services import ONE_LAYOUT

MAIN = "/etc/nginx/nginx.conf"


def _pid_file(lab: Lab, path: str) -> None:
    server = lab.server
    assert isinstance(server, Machine)
    drop_in = "/etc/systemd/system/nginx.service.d"
    server.write(f"{drop_in}/patience.conf", "[Service]\nTimeoutStartSec=6\n")
    server.systemctl("daemon-reload")
    lab.undo(lambda: server.sh(f"rm -rf {drop_in}; rm -f {path}; systemctl daemon-reload"))
    server.sh(f"sed -i 's#^pid .*#pid {path};#' {MAIN}")
    server.systemctl("restart", "nginx", check=False)


@scenario(
    outside="tcp.refused", server="nginx.pid-file-differs", differs=(MAIN,), not_on=ONE_LAYOUT
)
def unit_waits_for_another_pid_file(lab: Lab) -> None:
    """https://github.com/openresty/openresty-packaging/issues/39"""
    _pid_file(lab, "/run/openresty.pid")


@healthy(not_on=ONE_LAYOUT)
def unit_waits_for_the_same_pid_file_by_another_path(lab: Lab) -> None:
    _pid_file(lab, "/var/run/nginx.pid")
