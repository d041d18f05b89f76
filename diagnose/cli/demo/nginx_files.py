"""The files of a demonstration's nginx: its configuration and certificates, in a folder of its own,
on high ports of loopback."""

import grp
import os
import pwd
from pathlib import Path

from diagnose.cli.demo.certificates import Authority
from diagnose.cli.demo.faults import Fault
from diagnose.model.frozen import frozen

HOST = "127.0.0.1"

_MAIN = """\
{user}daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;

events {{
}}

http {{
    access_log off;
    default_type text/html;
    client_body_temp_path {folder}/temporary;
    proxy_temp_path {folder}/temporary;
    fastcgi_temp_path {folder}/temporary;
    uwsgi_temp_path {folder}/temporary;
    scgi_temp_path {folder}/temporary;
    include {folder}/site.conf;
}}
"""
#: The site before somebody gave it a certificate.
_PLAIN_SITE = """\
server {{
    listen {host}:{plain_port};

    location / {{
        return 200 "<h1>Shop</h1>\\n";
    }}
}}
"""
_SITE = """\
server {{
    listen {host}:{port} ssl;
    server_name {host};
    ssl_certificate {folder}/fullchain.pem;
    ssl_certificate_key {folder}/privkey.pem;

    location / {{
        {page}
    }}
{websocket}}}
"""
_PAGE = 'return 200 "<h1>Shop</h1>\\n";'
#: The application behind it redirects plain http to https, and is not told what the visitor uses.
_LOOP = """proxy_pass http://127.0.0.1:{application_port};
        proxy_set_header Host $http_host;"""
#: As many copy it: the lines for the WebSocket are missing.
_WEBSOCKET = """
    location /ws {{
        proxy_pass http://127.0.0.1:{application_port};
        proxy_set_header Host $host;
    }}
"""


@frozen
class SiteFiles:
    """The folder and the ports of one site. `application_port` is that of its WebSocket."""

    fault: Fault
    folder: Path
    port: int
    plain_port: int
    application_port: int

    @property
    def roots(self) -> Path:
        """The trusted root certificates, which all sites share."""
        return self.folder.parent / "roots.pem"

    def nginx_arguments(self) -> tuple[str, ...]:
        return ("-p", str(self.folder), "-c", str(self.folder / "nginx.conf"))

    def write_loaded(self, authority: Authority) -> None:
        """Write what nginx loads when it starts."""
        temporary = self.folder / "temporary"
        temporary.mkdir(parents=True)
        user, owner = _worker_user()
        if owner is not None:
            os.chown(temporary, *owner)
        self.folder.chmod(0o711)  # the workers pass through it
        main = _MAIN.format(folder=self.folder, user=user)
        (self.folder / "nginx.conf").write_text(main)
        self.roots.write_bytes(authority.root())
        self._write_leaf(authority, self.fault.certificate_days)
        is_plain = self.fault.name == "unreachable"
        self._write_site(_PLAIN_SITE if is_plain else _SITE)

    def write_later(self, authority: Authority) -> None:
        """Write what nginx has not loaded yet: somebody changed it and forgot the reload."""
        if self.fault.name == "renewed-certificate":
            self._write_leaf(authority, 90)
        elif self.fault.name == "unreachable":
            self._write_site(_SITE)

    def _write_leaf(self, authority: Authority, days: int) -> None:
        authority.write_leaf(HOST, days, self.folder / "fullchain.pem", self.folder / "privkey.pem")

    def _write_site(self, template: str) -> None:
        is_loop, port = self.fault.name == "redirect-loop", self.application_port
        page = _LOOP.format(application_port=port) if is_loop else _PAGE
        websocket = _WEBSOCKET.format(application_port=port)
        text = template.format(
            host=HOST,
            port=self.port,
            plain_port=self.plain_port,
            folder=self.folder,
            page=page,
            websocket=websocket if self.fault.websockets else "",
        )
        (self.folder / "site.conf").write_text(text)


def _worker_user() -> tuple[str, tuple[int, int] | None]:
    """Return the directive for the user of nginx's workers, and their user and group. Only root
    may change the user."""
    if os.geteuid() != 0:
        return "", None
    try:
        nobody = pwd.getpwnam("nobody")
        group = grp.getgrgid(nobody.pw_gid).gr_name
    except KeyError:
        return "", None
    return f"user nobody {group};\n", (nobody.pw_uid, nobody.pw_gid)
