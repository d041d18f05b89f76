"""Another site of the server has the IPv6 address of a port that the site does not listen on."""

from tests.lab import site
from tests.lab.lab import Lab
from tests.lab.scenario import healthy, scenario
from tests.lab.scenarios.nginx import MINE, OTHER, another_site

HTTP_BLOG = """\
server {
  listen 80;
  listen [::]:80;
  server_name blog.example.com;
  return 301 https://blog.example.com$request_uri;
}
"""


def _blog_on_both_families(lab: Lab, *dropped: str) -> None:
    """The blog listens on both families; the shop lacks these of its listens."""
    another_site(lab)
    lab.undo(lambda: lab.server.sh(f"rm -f {OTHER} /etc/nginx/ssl/blog.*"))
    lab.edit("listen 443 ssl;", "listen 443 ssl;\n  listen [::]:443 ssl;", OTHER)
    lab.server.write(OTHER, HTTP_BLOG + lab.server.read(OTHER))
    text = lab.server.read(site.CONF)
    for line in dropped:
        text = text.replace(f"  {line}\n", "")
    lab.server.write(site.CONF, text)
    lab.restart_nginx()


@scenario(
    outside="dns.addresses-differ",
    server="nginx.name-on-other-address",
    differs=MINE,
    ipv6=True,
)
def neither_port_listens_on_ipv6(lab: Lab) -> None:
    """https://github.com/pterodactyl/documentation/issues/415: the blog answers both ports over
    IPv6. One patch adds both lines."""
    _blog_on_both_families(lab, "listen [::]:443 ssl;", "listen [::]:80;")


@scenario(
    outside="http.redirect-wrong-host",
    server="nginx.name-on-other-address",
    differs=MINE,
    ipv6=True,
)
def http_alone_leads_to_another_site_over_ipv6(lab: Lab) -> None:
    """The blog's name has no address: its redirect is right all the same."""
    _blog_on_both_families(lab, "listen [::]:80;")


@healthy(ipv6=True)
def another_site_on_both_families(lab: Lab) -> None:
    _blog_on_both_families(lab)
