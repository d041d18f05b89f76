"""Apache where it does not come from Debian: Bitnami, XAMPP, the panel BaoTa (aaPanel), SUSE.

Debian's program is moved there. It was built for /etc/apache2, so that a script answers `-V` and
gives it its folder and its main file, as a build for that folder has them.
"""

from dataclasses import dataclass

from . import certificates
from .apache import KEY, PEM
from .hosts import until
from .lab import Lab
from .web_servers import keep_only

MODULES = (
    "mpm_event", "authn_core", "authz_core", "authz_host", "mime", "dir", "alias", "ssl",
    "socache_shmcb", "proxy", "proxy_http", "proxy_wstunnel", "rewrite", "headers", "env",
    "setenvif",
)  # fmt: skip

MAIN = """\
ServerRoot "{root}"
Listen 0.0.0.0:80
{modules}User {user}
Group {user}
TypesConfig /etc/mime.types
ServerName web1.example.com
PidFile {root}/logs/httpd.pid
ErrorLog {logs}/error_log
DocumentRoot /var/www/html
<Directory />
  Require all denied
</Directory>
<Directory /var/www/html>
  Require all granted
</Directory>
<VirtualHost *:80>
  ServerName shop.example.com
  Redirect permanent / https://shop.example.com/
</VirtualHost>
{include}
"""
SITE = f"""\
Listen 0.0.0.0:443
<VirtualHost *:443>
  ServerName shop.example.com
  DocumentRoot /var/www/html
  SSLEngine on
  SSLCertificateFile "{PEM}"
  SSLCertificateKeyFile "{KEY}"
  ProxyPreserveHost On
  ProxyPass /ws ws://127.0.0.1:3000/ws
  ProxyPass / http://127.0.0.1:3000/
  ProxyPassReverse / http://127.0.0.1:3000/
  RequestHeader set X-Forwarded-Proto https
</VirtualHost>
"""
#: What the script of the place starts, and how a program answers that was built for its folder.
PROGRAM = """\
#!/bin/sh
case $* in
  -V)
    {root}/bin/httpd.real -V | sed 's|HTTPD_ROOT=.*|HTTPD_ROOT="{root}"|
      s|SERVER_CONFIG_FILE=.*|SERVER_CONFIG_FILE="{main}"|'
    exit ;;
esac
exec {root}/bin/httpd.real -d {root} -f {main} "$@"
"""


@dataclass(frozen=True)
class Place:
    """Where Apache lies: `site` is the file of the site, `script` and `verb` what starts it."""

    root: str
    main: str
    site: str
    include: str
    script: str
    verb: str
    user: str = "daemon"
    defines: str = ""

    @property
    def main_file(self) -> str:
        return f"{self.root}/{self.main}"


BITNAMI = Place(
    "/opt/bitnami/apache", "conf/httpd.conf", "/opt/bitnami/apache/conf/bitnami/bitnami-ssl.conf",
    'Include "/opt/bitnami/apache/conf/bitnami/bitnami-ssl.conf"',
    "/opt/bitnami/ctlscript.sh", "start apache",
)  # fmt: skip
XAMPP = Place(
    "/opt/lampp", "etc/httpd.conf", "/opt/lampp/etc/extra/httpd-ssl.conf",
    "<IfDefine SSL>\nInclude etc/extra/httpd-ssl.conf\n</IfDefine>",
    "/opt/lampp/lampp", "startapache", defines="-DSSL -DPHP",
)  # fmt: skip
BAOTA = Place(
    "/www/server/apache", "conf/httpd.conf",
    "/www/server/panel/vhost/apache/shop.example.com.conf",
    "IncludeOptional /www/server/panel/vhost/apache/*.conf",
    "/etc/init.d/httpd", "start", "www-data",
)  # fmt: skip


def _alone(lab: Lab) -> None:
    """Take nginx and Debian's programs away; the certificate is there."""
    lab.stop_nginx()
    keep_only(lab)
    good = certificates.good()
    lab.server.write(PEM, good.chain)
    lab.server.write(KEY, good.key_pem, 0o600)
    lab.server.sh("mkdir -p /var/www/html")


def modules(folder: str, without: str = "") -> str:
    """The lines that load modules; one of them is a comment, as a package brings it."""
    return "".join(
        f"{'#' * (name == without)}LoadModule {name}_module {folder}/mod_{name}.so\n"
        for name in MODULES
    )


def install(lab: Lab, place: Place, without: str = "") -> None:
    """Write Apache's files to this place. It is not started."""
    _alone(lab)
    server, root = lab.server, place.root
    folders = f"{root}/bin {root}/logs $(dirname {place.site}) $(dirname {place.main_file})"
    server.sh(
        f"mkdir -p {folders}; cp /usr/sbin/apache2.away {root}/bin/httpd.real"
        f"; ln -sfn /usr/lib/apache2/modules {root}/modules"
    )
    lab.undo(lambda: server.sh(f"rm -rf /opt/bitnami /opt/lampp /www {place.script}"))
    server.write(f"{root}/bin/httpd", PROGRAM.format(root=root, main=place.main), 0o755)
    text = MAIN.format(
        root=root, user=place.user, logs=f"{root}/logs", include=place.include,
        modules=modules("modules", without),
    )  # fmt: skip
    server.write(place.main_file, text)
    server.write(place.site, SITE)
    program, stop = f"exec {root}/bin/httpd {place.defines} -k", place.verb.replace("start", "stop")
    script = (
        f"#!/bin/sh\ncase \"$*\" in '{place.verb}') {program} start;;\n"
        f"'{stop}') {program} stop;; esac\nexit 1\n"
    )
    server.write(place.script, script, 0o755)


def start(lab: Lab, place: Place) -> None:
    """Start it as its own program does, whose name the kernel shows."""
    server, root = lab.server, place.root
    server.sh(f"mv {root}/bin/httpd.real {root}/bin/httpd")
    server.sh(f"{root}/bin/httpd -d {root} -f {place.main} {place.defines} -k start")
    listening(lab)


def listening(lab: Lab) -> None:
    for port in (80, 443):
        until(lambda port=port: lab.server.listening(port), f"apache listens on {port}")  # type: ignore[misc]


SUSE_SITE = "/etc/apache2/vhosts.d/shop.conf"
SUSE_INCLUDES = "/etc/apache2/sysconfig.d/"


def serve_suse(lab: Lab) -> None:
    """SUSE's start_apache2 gives lines of the configuration on the command line."""
    _alone(lab)
    server = lab.server
    server.sh(
        "rm -rf /etc/apache2; mkdir -p /etc/apache2/vhosts.d /etc/apache2/sysconfig.d"
        " /var/log/apache2; cp /usr/sbin/apache2.away /usr/sbin/httpd-prefork"
    )
    lab.undo(lambda: server.sh("rm -f /usr/sbin/httpd-prefork"))
    main = MAIN.format(
        root="/etc/apache2", user="www-data", logs="/var/log/apache2", modules="",
        include="IncludeOptional /etc/apache2/vhosts.d/*.conf",
    )  # fmt: skip
    own = ("ServerRoot", "PidFile")
    server.write(
        "/etc/apache2/httpd.conf",
        "".join(line for line in main.splitlines(True) if not line.startswith(own)),
    )
    server.write(f"{SUSE_INCLUDES}loadmodule.conf", modules("/usr/lib/apache2/modules"))
    server.write(f"{SUSE_INCLUDES}global.conf", "Timeout 300\n")
    server.write(f"{SUSE_INCLUDES}include.conf", "# File generated, do not edit\n")
    server.write(SUSE_SITE, SITE)


def start_suse(lab: Lab) -> None:
    before = ("PidFile /run/httpd.pid", f"Include {SUSE_INCLUDES}/loadmodule.conf",
              f"Include {SUSE_INCLUDES}/global.conf")  # fmt: skip
    words = [word for line in before for word in ("-C", line)]
    lab.server.run(
        ["/usr/sbin/httpd-prefork", "-DSYSCONFIG", "-DSSL", *words, "-f",
         "/etc/apache2/httpd.conf", "-c", f"Include {SUSE_INCLUDES}/include.conf", "-k", "start"],
        check=True,
    )  # fmt: skip
    listening(lab)
