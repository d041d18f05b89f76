"""The site leads its visitors to "www.", which no server block has: the pages of another site come.
After https://github.com/Eugeny/ajenti-v/issues/248."""

from .. import certificates, site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario

WWW = f"www.{site.NAME}"
PMS, FOLDER = "/etc/nginx/conf.d/pms.conf", "/var/www/pms"
#: The page alone is led there, so that the laboratory's own visit of the site stays as it is.
LEAD = f"""\
  location = /tea {{
    if ($host = {site.NAME}) {{ return 301 https://{WWW}$request_uri; }}
    proxy_pass http://127.0.0.1:3000;
    proxy_set_header Host $http_host;
  }}
"""
PAGE = f"https://{site.NAME}/tea"
TOLD = ("both domains show the same site, mine is showing the other one",)


def _serve(lab: Lab, other: str, pages: str) -> None:
    """Another site, whose block comes first, and one certificate for both."""
    lab.zone({name: {"A": [SERVER]} for name in (site.NAME, WWW)})
    leaf = certificates.leaf(site.NAME, WWW, other)
    lab.server.write(site.PEM, leaf.chain)
    lab.server.write(site.KEY, leaf.key_pem, 0o600)
    lab.server.write(f"{FOLDER}/index.html", "<!doctype html><title>Projects</title>Projects\n")
    lines = f"  listen 443 ssl;\n  server_name {other};\n"
    keys = f"  ssl_certificate {site.PEM};\n  ssl_certificate_key {site.KEY};\n"
    lab.server.write(PMS, f"server {{\n{lines}{keys}  {pages}\n}}\n")
    lab.undo(lambda: lab.server.sh(f"rm -rf {PMS} {FOLDER}"))
    lab.edit("  ssl_session_timeout 5m;\n", f"  ssl_session_timeout 5m;\n{LEAD}")
    lab.restart_nginx()


@scenario(
    outside=None, server="http.redirect-wrong-host", target=PAGE, args=TOLD, differs=(site.CONF,),
    not_on={"nginx.org": "its own block is the first", "panel": "its files lie elsewhere"},
)  # fmt: skip
def site_leads_to_a_name_at_which_another_site_answers(lab: Lab) -> None:
    _serve(
        lab, "pms.example.org", f"root {FOLDER};\n  location / {{ try_files /index.html =404; }}"
    )


@healthy(target=PAGE, not_on={"panel": "its files lie elsewhere"})
def site_leads_to_a_name_that_its_second_block_serves(lab: Lab) -> None:
    """The same application under names of another domain."""
    application = "location / { proxy_pass http://127.0.0.1:3000; }"
    _serve(lab, "shop.example.org", application)
