"""A link that a release switches: `active.conf` leads to `blue.conf` or to `green.conf`, and each
has the port of its own application. An edit of the linked file would give both the same one."""

import posixpath

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.upstream import Backend
from checks.upstream._address_lines import address_line
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.model.nginx import ConfigFile
from diagnose.parsers.nginx import config as nginx_parser


def switched_link(nginx: Nginx, backend: Backend, port: int) -> ConfigFile | None:
    """Return the file with the port, if nginx reads it by a link of another name, and it has no
    whole site: those are linked to turn them on (`sites-enabled`)."""
    file = nginx.file(address_line(backend, port))
    if file is None or not file.real:
        return None
    if posixpath.basename(file.real) == posixpath.basename(file.path):
        return None
    tops = nginx_parser.parse(file.text, file.path)
    return None if any(top.name in {"server", "http"} for top in tops) else file


def link_facts(file: ConfigFile | None, port: int) -> dict[str, object]:
    """Return the facts `switch`, the link, `switch_target`, where it leads, and `running`, the
    address of the program that runs on this port."""
    return {
        "switch": file.path if file else "",
        "switch_target": file.real if file else "",
        "running": f"127.0.0.1:{port}",
    }


def switch_fix(nginx: Nginx) -> Fix:
    """Let a person switch the link."""
    step = Manual("switch-the-link", Where.SERVER)
    return Fix((step, *reload_steps(nginx)), Applicability.MANUAL)
