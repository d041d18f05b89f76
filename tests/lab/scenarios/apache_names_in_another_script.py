"""A name of Apache's in another script: browsers send it in Punycode
(https://godaddy.com/resources/de/web-developer-designer/umlautdomains-im-apache-webserver)."""

from .. import apache, certificates, site
from ..lab import SERVER, Lab
from .apache import FILES, apache_scenario, healthy_apache

SENT = "xn--mller-kva.example.com"
TARGET = f"https://{SENT}/"
FOLDER = "/var/www/mueller"
OWN = f"""\
<VirtualHost *:443>
    ServerName {SENT}
    DocumentRoot {FOLDER}

    SSLEngine on
    SSLCertificateFile {apache.PEM}
    SSLCertificateKeyFile {apache.KEY}
</VirtualHost>
"""
LEAD = f"""\
<VirtualHost *:80>
    ServerName {SENT}
    Redirect permanent / {TARGET}
</VirtualHost>
"""


def _serve(lab: Lab, name: str) -> None:
    """The shop is read first, and both are in one certificate."""
    lab.zone({each: {"A": [SERVER]} for each in (site.NAME, SENT)})
    server = lab.server
    server.write(f"{FOLDER}/index.html", "<!doctype html><title>Familie</title>Familie\n")
    lab.undo(lambda: server.sh(f"rm -rf {FOLDER}"))
    own = OWN.replace(f"ServerName {SENT}", f"ServerName {name}")
    apache.install(lab, f"{apache.HTTPS}\n{own}\n{LEAD}\n{apache.HTTP}")
    both = certificates.leaf(site.NAME, SENT)
    server.write(apache.PEM, both.chain)
    server.write(apache.KEY, both.key_pem, 0o600)
    apache.start(lab)


@apache_scenario(outside=None, server="server.wrong-site", target=TARGET, differs=FILES)
def apache_name_is_written_in_another_script(lab: Lab) -> None:
    _serve(lab, "müller.example.com")


@healthy_apache(target=TARGET)
def apache_name_is_written_as_browsers_send_it(lab: Lab) -> None:
    _serve(lab, SENT)
