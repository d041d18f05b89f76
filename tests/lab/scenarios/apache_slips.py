"""Apache refuses its own files: slips, lines of another version, and what others took away."""

from .. import apache
from ..apache import HTTP, HTTPS, PEM, SITE
from ..lab import Lab
from .apache import FILES, apache_scenario
from .server_pages import PAGE, ROOT, of_files

REFUSED = "tcp.refused"
SOCKET = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
STARTED = (*FILES, "processes")


def does_not_start(lab: Lab, old: str, new: str) -> None:
    """The site with this edit; the start fails."""
    apache.install(lab)
    apache.edit(lab, old, new)
    lab.server.sh("apachectl start", check=False)


@apache_scenario(outside=REFUSED, server="server.config-invalid", differs=STARTED)
def apache_has_a_field_without_quotes(lab: Lab) -> None:
    """Strict-Transport-Security with its blanks, as a guide has it for nginx."""
    field = "Header always set Strict-Transport-Security max-age=300; includeSubDomains"
    does_not_start(lab, "    SSLEngine on", f"    {field}\n    SSLEngine on")


@apache_scenario(outside=REFUSED, server="server.config-invalid", differs=STARTED)
def apache_has_a_section_that_is_open(lab: Lab) -> None:
    """Expected </Directory> but saw </VirtualHost>."""
    section = "    <Directory /var/www/html>\n        Require all granted\n"
    does_not_start(lab, "    SSLEngine on", f"{section}    SSLEngine on")


@apache_scenario(outside=REFUSED, server="server.config-invalid", differs=STARTED)
def apache_has_a_name_too_much(lab: Lab) -> None:
    """Two names behind ServerName."""
    old = "    ServerName shop.example.com\n    DocumentRoot"
    does_not_start(lab, old, old.replace("com\n", "com www.shop.example.com\n"))


@apache_scenario(
    outside=REFUSED,
    server="server.config-invalid",
    differs=(*STARTED, "/etc/apache2/apache2.conf"),
)
def apache_has_the_main_file_of_before(lab: Lab) -> None:
    """https://github.com/mailcow/mailcow/issues/205: LockFile is of Apache 2.2."""
    apache.install(lab)
    main = "/etc/apache2/apache2.conf"
    old = lab.server.read(main)
    lab.server.write(main, f"LockFile /var/lock/apache2/accept.lock\n{old}")
    lab.server.sh("apachectl start", check=False)


@apache_scenario(outside=REFUSED, server="server.config-invalid", differs=STARTED)
def apache_includes_the_lost_file_of_certbot(lab: Lab) -> None:
    """https://github.com/certbot/certbot/issues/4454: the folder of certbot was deleted."""
    include = "Include /etc/letsencrypt/options-ssl-apache.conf"
    does_not_start(lab, "    SSLEngine on", f"    {include}")


@apache_scenario(outside=REFUSED, server="server.config-invalid", differs=STARTED)
def apache_has_lines_for_the_php_module(lab: Lab) -> None:
    """php_admin_value in a virtual host, after the change to PHP-FPM."""
    line = "php_admin_value upload_max_filesize 64M"
    does_not_start(lab, "    SSLEngine on", f"    {line}\n    SSLEngine on")


@apache_scenario(outside=REFUSED, server="server.certificate-file-missing", differs=STARTED)
def apache_names_a_chain_that_is_gone(lab: Lab) -> None:
    """SSLCertificateChainFile of before, beside a file that has the chain."""
    line = f"    SSLCertificateFile {PEM}\n"
    chain = "    SSLCertificateChainFile /etc/ssl/lab/chain.pem\n"
    apache.install(lab, f"{HTTPS.replace(line, line + chain)}\n{HTTP}")
    lab.server.sh("apachectl start", check=False)


@apache_scenario(
    outside=None,
    server="server.rule-refuses",
    target="https://shop.example.com/.well-known/assetlinks.json",
    differs=(SITE,),
)
def apache_hides_what_is_well_known(lab: Lab) -> None:
    """A section against hidden folders also closes /.well-known/ (RFC 8615)."""
    text = of_files().replace("    <Directory", f"{SOCKET}    <Directory", 1)
    apache.install(lab, f"{text}\n{HTTP}")
    section = '    <DirectoryMatch "/\\.">\n        Require all denied\n    </DirectoryMatch>\n'
    apache.edit(lab, "    SSLEngine on", f"{section}    SSLEngine on")
    lab.server.write(f"{ROOT}/.well-known/assetlinks.json", "[]")
    lab.server.write(f"{ROOT}/index.html", PAGE)
    apache.start(lab)
