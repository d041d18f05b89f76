"""A site on port 80 alone, with its certificate on the server: `certbot certonly`, or certbot that
did not find the block, or a package's own block for https in front of it."""

from .. import apache, certificates, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_files import ARCHIVE, LIVE, of_certbot

MINE = (site.CONF,)
PLAIN = f"""\
{site.MAP}
server {{
  listen 80;
  server_name shop.example.com;

{site.HTTPS[site.HTTPS.index("  location / {") :]}"""
VIRTUAL_HOST = "\n".join(
    line for line in apache.HTTPS.replace(":443>", ":80>").split("\n") if "SSL" not in line
)
OWN_BLOCK = {"redhat": "its package's own block answers on port 80"}


def _certificate(lab: Lab) -> None:
    of_certbot(lab, certificates.good())
    lab.undo(lambda: lab.server.sh(f"rm -rf {LIVE} {ARCHIVE}", check=False))


def _nginx(lab: Lab, text: str) -> None:
    _certificate(lab)
    lab.server.write(site.CONF, text)
    lab.restart_nginx()


@scenario(outside="tcp.refused", server="listener.missing", differs=MINE, not_on=OWN_BLOCK)
def certificate_without_a_block_for_https(lab: Lab) -> None:
    """certbot certonly, and no block for port 443."""
    _nginx(lab, PLAIN)


@scenario(outside="tcp.refused", server="listener.missing", differs=MINE, not_on=OWN_BLOCK)
def certificate_and_the_guides_name_in_the_block(lab: Lab) -> None:
    """server_name your_domain: certbot found no block for the name."""
    _nginx(lab, PLAIN.replace("name shop.example.com", "name your_domain www.your_domain"))


@healthy(target=f"http://{site.NAME}/", not_on=OWN_BLOCK)
def certificate_beside_a_site_of_plain_http(lab: Lab) -> None:
    """Who asks for http gets it: the certificate is another program's."""
    _nginx(lab, PLAIN)


@scenario(
    outside="tcp.refused", server="server.port-not-served",
    differs=(apache.SITE, *(f"/etc/apache2/mods-enabled/ssl.{end}" for end in ("conf", "load"))),
    needs=apache.needs_apache,
)  # fmt: skip
def certificate_without_a_virtual_host_for_https(lab: Lab) -> None:
    """certbot certonly, and Apache has neither the module nor a virtual host for port 443."""
    apache.install(lab, VIRTUAL_HOST)
    _certificate(lab)
    apache.disable(lab, "ssl")
    apache.start(lab, 80)


@scenario(
    outside="http.not-the-site", differs=(apache.SITE,), needs=apache.needs_apache,
)  # fmt: skip
def default_ssl_answers_for_the_site(lab: Lab) -> None:
    """a2ensite default-ssl with the site's certificate, and the site on port 80 alone."""
    apache.install(lab, VIRTUAL_HOST)
    server, file = lab.server, "/etc/apache2/sites-available/default-ssl.conf"
    before, page = server.read(file), "/var/www/html/index.html"
    lab.undo(lambda: server.write(file, before))
    lab.undo(lambda: server.sh("a2dissite -q default-ssl", check=False))
    server.write(
        file,
        "<VirtualHost *:443>\n    DocumentRoot /var/www/html\n    SSLEngine on\n"
        f"    SSLCertificateFile {apache.PEM}\n    SSLCertificateKeyFile {apache.KEY}\n"
        "</VirtualHost>\n",
    )
    lab.undo(lambda: server.sh(f"rm -f {page}"))
    server.write(page, "<title>Apache2 Debian Default Page: It works</title>\n<h1>It works!</h1>\n")
    server.sh("a2ensite -q default-ssl")
    apache.start(lab)
