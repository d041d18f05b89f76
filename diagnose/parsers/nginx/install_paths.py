"""Where nginx and its relatives are installed: distributions, own builds, panels (BaoTa, 1Panel,
RunCloud, ServerPilot), images of a cloud (Bitnami).

The one list of these paths; probes and shell scripts get them from here.
"""

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
