"""Ways in which nginx lies and runs on a server: what a distribution, a panel or a person made.

Scenarios are written for one layout, that of the laboratory's own server: `/etc/nginx/conf.d`,
`www-data`. `Platform.here` says the same for another: its paths, its user, its program. So one
scenario is played on all platforms on which it makes sense, and names those on which it does not.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import site
from .build_nginx import FOLDER
from .hosts import Host

Files = dict[str, tuple[str | bytes, int]]

FILES = Path(__file__).parent / "platforms"
UNIT = "/usr/lib/systemd/system/nginx.service"
WANTS = "/etc/systemd/system/multi-user.target.wants"

#: What may lie there of nginx, on one platform or another, besides what every server has.
KEPT = (
    "/etc/pki/nginx", "/usr/local/nginx/conf", "/usr/local/nginx/sbin", "/www/server/nginx/conf",
    "/www/server/nginx/sbin", "/www/server/panel",
    "/etc/systemd/system", "/etc/rc.local", "/etc/init.d/nginx", "/etc/rc3.d", UNIT,
    "/usr/sbin/nginx", "/etc/passwd", "/etc/group", "/etc/cron.d",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Platform:
    """`words` are what the layout has in other words; `unit` is what the service manager calls
    nginx, "" where a person starts it. `boots` says that systemd is there at all."""

    name: str
    words: tuple[tuple[str, str], ...] = ()
    user: str = "www-data"
    boots: bool = True
    unit: str = "nginx.service"
    starts: str = ""  # the unit that starts it, where it is not its own
    binary: str = "/usr/sbin/nginx"
    pid: str = "/run/nginx.pid"
    logs: str = "/var/log/nginx"
    files: Callable[[], Files] = field(default=dict)
    prepare: str = ""  # a script, run before the files are written
    links: bool = False  # the site's file is a link to another
    needs: tuple[str, ...] = ()  # what build_nginx.py builds

    def here(self, text: str) -> str:
        """The same in this platform's words."""
        if not self.words:
            return text
        table = dict(self.words)
        longest = sorted(table, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, longest)), lambda found: table[found[0]], text)

    def paths(self, path: str) -> tuple[str, ...]:
        """Where a file of the laboratory's own layout lies, and what its link leads to."""
        real = self.here(path)
        linked = self.links and path == site.CONF
        return (real, real.replace("sites-enabled", "sites-available")) if linked else (real,)

    def obstacle(self) -> str:
        lacking = [name for name in self.needs if not (FOLDER / name).exists()]
        return f"{', '.join(lacking)} is not built: tests/lab/build_nginx.py" if lacking else ""

    def __str__(self) -> str:
        return self.name

    # Installing

    def install(self, host: Host) -> None:
        """Lay nginx out as it is there; the site's own files come after it. The host says all as it
        stands yet."""
        host.sh(f"set -e\nrm -rf /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*\n{self.prepare}")
        for path, (text, mode) in self.files().items():
            host.write(path, text, mode)
        for path, (text, mode) in site.files().items():
            host.write(self.paths(path)[-1], self.here(text), mode)
        if self.links:
            enabled, available = self.paths(site.CONF)
            host.sh(f"ln -s ../sites-available/{Path(available).name} {enabled}")
        if self.boots:
            host.sh("systemctl daemon-reload")
        folders = (
            "/etc/nginx /etc/firewalld /var/www /usr/local/nginx/conf /www/server /etc/pki/nginx"
        )
        host.sh(f"find {folders} -exec touch -h -d '1 hour ago' {{}} + 2>/dev/null; :")


def _text(name: str) -> str:
    return (FILES / name).read_text()


def _user(name: str) -> str:
    return f"""
        grep -q '^{name}:' /etc/passwd || {{
          echo '{name}:x:982:982::/var/cache/nginx:/usr/sbin/nologin' >>/etc/passwd
          echo '{name}:x:982:' >>/etc/group
        }}
    """


ENABLED = f"mkdir -p {WANTS}; ln -sf {UNIT} {WANTS}/nginx.service"
PACKAGED = f"mkdir -p /var/log/nginx; rm -f /etc/init.d/nginx; {ENABLED}"

TODAY = Platform("no-manager", boots=False, unit="")

DEBIAN = Platform(
    "debian",
    words=(("/etc/nginx/conf.d/", "/etc/nginx/sites-enabled/"),),
    prepare=f"mkdir -p /etc/nginx/sites-available; {ENABLED}",
    links=True,
)

REDHAT = Platform(
    "redhat",
    words=(
        ("/etc/nginx/ssl", "/etc/pki/nginx"),
        ("www-data", "nginx"),
        ("worker_connections 768;", "worker_connections 1024;"),
    ),
    user="nginx",
    prepare=f"{_user('nginx')}\nrm -rf /etc/nginx/sites-*\n{PACKAGED}",
    files=lambda: {
        "/etc/nginx/nginx.conf": (_text("redhat.conf"), 0o644),
        UNIT: (_text("redhat.service"), 0o644),
    },
)

NGINX_ORG = Platform(
    "nginx.org",
    words=(
        ("www-data", "nginx"),
        ("worker_processes auto;", "worker_processes  auto;"),
        ("worker_connections 768;", "worker_connections  1024;"),
    ),
    user="nginx",
    prepare=f"{_user('nginx')}\nrm -rf /etc/nginx/sites-*\n{PACKAGED}",
    files=lambda: {
        "/etc/nginx/nginx.conf": (_text("nginx_org.conf"), 0o644),
        "/etc/nginx/conf.d/default.conf": (_text("nginx_org_default.conf"), 0o644),
        UNIT: (_text("nginx_org.service"), 0o644),
    },
)

LOCAL = "/usr/local/nginx"
_LOCAL_WORDS = (
    ("/etc/nginx/conf.d", f"{LOCAL}/conf/vhost"),
    ("/etc/nginx/nginx.conf", f"{LOCAL}/conf/nginx.conf"),
    ("/etc/nginx", f"{LOCAL}/conf"),
    ("/usr/sbin/nginx", f"{LOCAL}/sbin/nginx"),
    ("/run/nginx.pid", f"{LOCAL}/logs/nginx.pid"),
    ("/var/log/nginx", f"{LOCAL}/logs"),
    ("www-data", "www"),
    ("worker_connections 768;", "worker_connections 1024;"),
)
_BUILT = f"""
    {_user("www")}
    rm -rf /etc/nginx /usr/sbin/nginx {UNIT} /etc/init.d/nginx /etc/rc?.d/*nginx
    rm -f {WANTS}/nginx.service
"""


def _installed(prefix: str) -> Files:
    """What nginx's own `make install` puts beside its nginx.conf."""
    names = ("fastcgi.conf", "fastcgi_params", "mime.types", "scgi_params", "uwsgi_params")
    return {
        f"{prefix}/conf/{name}": (Path("/etc/nginx", name).read_text(), 0o644) for name in names
    }


def _local() -> Files:
    return {
        f"{LOCAL}/sbin/nginx": ((FOLDER / "nginx-of-usr-local").read_bytes(), 0o755),
        f"{LOCAL}/conf/nginx.conf": (_text("local.conf"), 0o644),
        **_installed(LOCAL),
    }


def _own(name: str, unit: str, starts: str, prepare: str, files: Callable[[], Files]) -> Platform:
    return Platform(
        name,
        words=_LOCAL_WORDS,
        user="www",
        unit=unit,
        starts=starts,
        binary=f"{LOCAL}/sbin/nginx",
        pid=f"{LOCAL}/logs/nginx.pid",
        logs=f"{LOCAL}/logs",
        prepare=f"{_BUILT}\nmkdir -p {LOCAL}/logs {LOCAL}/conf/vhost\n{prepare}",
        files=lambda: {**_local(), **files()},
        needs=("nginx-of-usr-local",),
    )


BY_HAND = _own("built-by-hand", "", "", "", dict)
OWN_UNIT = _own(
    "built-with-unit", "nginx.service", "",
    f"ln -sf /etc/systemd/system/nginx.service {WANTS}/nginx.service",
    lambda: {"/etc/systemd/system/nginx.service": (_text("local.service"), 0o644)},
)  # fmt: skip
RC_LOCAL = _own(
    "built-with-rc.local", "", "rc-local.service", "",
    lambda: {"/etc/rc.local": (f"#!/bin/sh\n{LOCAL}/sbin/nginx\nexit 0\n", 0o755)},
)  # fmt: skip

PANEL_FOLDER = "/www/server/nginx"
PANEL = Platform(
    "panel",
    words=(
        ("/etc/nginx/conf.d", "/www/server/panel/vhost/nginx"),
        ("/etc/nginx/ssl", "/www/server/panel/vhost/cert"),
        ("/etc/nginx/nginx.conf", f"{PANEL_FOLDER}/conf/nginx.conf"),
        ("/etc/nginx", f"{PANEL_FOLDER}/conf"),
        ("/usr/sbin/nginx", f"{PANEL_FOLDER}/sbin/nginx"),
        ("/run/nginx.pid", f"{PANEL_FOLDER}/logs/nginx.pid"),
        ("/var/log/nginx/error.log", "/www/wwwlogs/nginx_error.log"),
        ("/var/log/nginx", "/www/wwwlogs"),
        ("www-data", "www"),
        ("worker_connections 768;", "worker_connections 51200;"),
        ("http {", "http\n    {"),
    ),
    user="www",
    binary=f"{PANEL_FOLDER}/sbin/nginx",
    pid=f"{PANEL_FOLDER}/logs/nginx.pid",
    logs="/www/wwwlogs",
    prepare=f"""{_BUILT}
        mkdir -p {PANEL_FOLDER}/logs /www/wwwlogs /www/server/panel/vhost/nginx
        for level in 2 3 4 5; do ln -sf ../init.d/nginx /etc/rc$level.d/S01nginx; done
    """,
    files=lambda: {
        f"{PANEL_FOLDER}/sbin/nginx": ((FOLDER / "nginx-of-a-panel").read_bytes(), 0o755),
        f"{PANEL_FOLDER}/conf/nginx.conf": (_text("panel.conf"), 0o644),
        **_installed(PANEL_FOLDER),
        "/etc/init.d/nginx": (_text("panel.init"), 0o755),
    },
    needs=("nginx-of-a-panel",),
)

#: Those on which systemd boots.
PLATFORMS = (DEBIAN, REDHAT, NGINX_ORG, BY_HAND, OWN_UNIT, RC_LOCAL, PANEL)
