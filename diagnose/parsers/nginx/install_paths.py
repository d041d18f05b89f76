"""Where nginx and its relatives are installed: distributions, own builds, panels (BaoTa, 1Panel,
RunCloud, ServerPilot), images of a cloud (Bitnami).

The one list of these paths; probes and shell scripts get them from here. What `nginx -V` says of
its build comes before them.
"""

import posixpath
import re
import shlex
from collections.abc import Sequence

from diagnose.model.frozen import frozen

#: Names of the programs, as the kernel shows them (proc(5), /proc/PID/comm).
PROGRAM_NAMES = (
    "nginx", "openresty", "tengine", "angie", "freenginx", "nginx-rc", "nginx-sp", "nginx-debug",
)  # fmt: skip

#: The units of systemd that packages and panels make for them.
SERVICES = frozenset(f"{name}.service" for name in PROGRAM_NAMES)


@frozen
class Installation:
    """A program, the folder of its main file, and the name of that file."""

    program: str
    folder: str
    main: str = "nginx.conf"


#: The usual ones, the likeliest first.
INSTALLATIONS = (
    Installation("/usr/sbin/nginx", "/etc/nginx"),
    Installation("/usr/local/nginx/sbin/nginx", "/usr/local/nginx/conf"),
    Installation("/www/server/nginx/sbin/nginx", "/www/server/nginx/conf"),
    Installation("/usr/local/openresty/nginx/sbin/nginx", "/usr/local/openresty/nginx/conf"),
    Installation("/usr/local/tengine/sbin/nginx", "/usr/local/tengine/conf"),
    Installation("/usr/sbin/angie", "/etc/angie", "angie.conf"),
    Installation("/opt/bitnami/nginx/sbin/nginx", "/opt/bitnami/nginx/conf"),
    Installation("/opt/nginx/sbin/nginx", "/opt/nginx/conf"),
    Installation("/usr/local/sbin/nginx-rc", "/etc/nginx-rc"),
)

PROGRAMS = tuple(installation.program for installation in INSTALLATIONS)
CONFIG_FOLDERS = tuple(installation.folder for installation in INSTALLATIONS)
MAIN_FILES = tuple(f"{each.folder}/{each.main}" for each in INSTALLATIONS)

#: Folders in which panels keep one file a site. The main file may include them under the paths of
#: a container.
PANEL_SITE_FOLDERS = ("/opt/1panel/www/conf.d", "/www/server/panel/vhost/nginx")

#: Where a panel keeps the main file of an nginx that runs in a container, without a program here.
PANEL_CONFIG_FOLDERS = ("/opt/1panel/apps/openresty/openresty/conf",)


@frozen
class Build:
    """The result of `nginx -V`. `config` and `prefix` are the compiled-in paths."""

    version: str
    arguments: tuple[str, ...]
    config: str
    prefix: str


def parse_build(text: str) -> Build:
    """Parse the output of `nginx -V` (which goes to standard error)."""
    version = re.search(r"^\S+ version: (.+)$", text, re.MULTILINE)
    configured = re.search(r"^configure arguments:(.*)$", text, re.MULTILINE)
    try:
        arguments = tuple(shlex.split(configured[1])) if configured else ()
    except ValueError:  # no closing quotation
        arguments = tuple(configured[1].split()) if configured else ()
    options = dict(argument.partition("=")[::2] for argument in arguments)
    prefix = options.get("--prefix", "/usr/local/nginx")
    config = posixpath.join(prefix, options.get("--conf-path", "conf/nginx.conf"))
    return Build(version[1].strip() if version else "", arguments, config, prefix)


_USER = re.compile(r"^[ \t]*user[ \t]+([\w.-]{1,64})[ \t;]", re.MULTILINE)


def configured_user(text: str, arguments: Sequence[str]) -> str:
    """Return the user of the workers, by the main file of the configuration and the arguments of
    the build (ngx_core_module, user)."""
    if match := _USER.search(text):
        return match[1]
    names = (word.partition("=")[2] for word in arguments if word.startswith("--user="))
    return next(names, "nobody")
