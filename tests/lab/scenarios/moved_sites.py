"""The site moved to this server, and a record of its name still leads to the old machine, which
answers well. The router plays the old machine.

After threads of several forums ("why is my domain still going to the wrong server", "DNS changed,
still the old site"). The twins have another machine's page in front of this server on purpose.
"""

from .. import apache, caddy, certificates, site
from ..caddy import SHOP
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import NAME, OTHER, OTHER6, PASSED_ON, PROVIDER, other_machine, translated
from .apache import apache_scenario
from .caddy import caddy_scenario

NEW = "<!doctype html><title>New site</title><p>The new pages.</p>"
OLD = 'default_type text/html; return 200 "<title>Old site</title><p>The old pages.</p>";'
MOVED = "dns.other-machine"


def new_pages(lab: Lab, page: str = NEW) -> None:
    own = f"  location = / {{ default_type text/html; return 200 '{page}'; }}\n  location / {{"
    text = lab.server.read(site.CONF)
    lab.server.write(site.CONF, text.replace("  location / {", own, 1))
    lab.reload()


@scenario(outside=None, server=MOVED, both=MOVED, manual=PROVIDER)
def record_of_the_old_site(lab: Lab) -> None:
    other_machine(lab, OLD)
    lab.dns([OTHER])


@scenario(outside=None, server=MOVED, both=MOVED, ipv6=True, manual=PROVIDER)
def aaaa_of_the_old_site(lab: Lab) -> None:
    """A names this server already, AAAA the old one."""
    other_machine(lab, OLD)
    lab.dns([SERVER], [OTHER6])


@scenario(outside=None, server=MOVED, both=MOVED, manual=PROVIDER)
def old_record_left_beside_the_new_one(lab: Lab) -> None:
    other_machine(lab, OLD)
    lab.dns([SERVER, OTHER])


@scenario(
    outside=None, server=MOVED, both=MOVED, target=f"https://www.{NAME}/", manual=PROVIDER,
)  # fmt: skip
def www_of_the_old_site(lab: Lab) -> None:
    """Only www was forgotten."""
    pair = certificates.leaf(NAME, f"www.{NAME}")
    lab.install(pair.chain, pair.key_pem)
    lab.edit("server_name shop.example.com;", "server_name shop.example.com www.shop.example.com;")
    lab.reload()
    other_machine(lab, OLD, pair)
    lab.zone({NAME: {"A": [SERVER]}, f"www.{NAME}": {"A": [OTHER]}})


@scenario(outside=None, both=None, server="dns.hosts-override", differs=("/etc/hosts",))
def server_has_the_old_machine_in_hosts(lab: Lab) -> None:
    """DNS is right. Programs on the server that ask for the site get the old one."""
    other_machine(lab, OLD)
    lab.server.write("/etc/hosts", lab.server.read("/etc/hosts") + f"{OTHER} {NAME}\n")


@apache_scenario(outside=None, server=MOVED, both=MOVED, manual=PROVIDER)
def record_of_the_old_site_and_apache(lab: Lab) -> None:
    apache.serve(lab)
    other_machine(lab, OLD)
    lab.dns([OTHER])


@caddy_scenario(outside=None, server=MOVED, both=MOVED, manual=PROVIDER)
def record_of_the_old_site_and_caddy(lab: Lab) -> None:
    log = "\tlog {\n\t\toutput file /var/log/caddy/shop.log\n\t}\n"
    caddy.serve(lab, SHOP.replace("\treverse_proxy", f"{log}\treverse_proxy"))
    other_machine(lab, OLD)
    lab.dns([OTHER])


@healthy()
def record_of_another_machine_with_the_same_page(lab: Lab) -> None:
    """Blue and green with one page."""
    new_pages(lab)
    other_machine(lab, f"default_type text/html; return 200 '{NEW}';")
    lab.dns([OTHER])


@healthy()
def edge_without_a_sign(lab: Lab) -> None:
    """It passes everything on, adds a banner to the title and says nothing of itself."""
    banner = "sub_filter '<title>' '<title>[demo] '; proxy_set_header Accept-Encoding '';"
    other_machine(lab, f"{PASSED_ON} {banner}")
    lab.dns([OTHER])


@healthy()
def edge_that_keeps_an_older_page(lab: Lab) -> None:
    """A caching edge without a sign: its page is from before the last change of the title."""
    kept = "error_page 418 = @kept; if ($args = '') { return 418; }"
    other_machine(lab, f"{kept} {PASSED_ON}\n  }}\n  location @kept {{ {OLD}")
    lab.dns([OTHER])


@healthy()
def gateway_with_its_own_login(lab: Lab) -> None:
    other_machine(lab, 'default_type text/html; return 200 "<title>Sign in</title>";')
    lab.dns([OTHER])


@healthy()
def balancer_with_a_member_of_another_title(lab: Lab) -> None:
    """Members in turn, each with a page that names it."""
    passed = PASSED_ON.replace(f"https://{SERVER}", "https://members")
    members = f"upstream members {{ server 127.0.0.1:8099; server {SERVER}:443; }}"
    tls = "ssl_certificate /run/lab/edge/edge.pem; ssl_certificate_key /run/lab/edge/edge.key;"
    second = f"server {{ listen 127.0.0.1:8099 ssl; {tls} location / {{ {OLD}"
    other_machine(lab, f"{passed}\n}} }}\n{members}\n{second}")
    lab.dns([OTHER])


@healthy()
def translated_address_and_another_page_inside(lab: Lab) -> None:
    """The cloud's translation, and a page that is another at each visit."""
    new_pages(lab, "<title>$request_id</title>")
    translated(lab)
