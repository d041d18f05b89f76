"""HAProxy chooses the backend by the request: with a map, or with the name itself."""

from .. import haproxy
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import PASSTHROUGH, haproxy_scenario, healthy_haproxy, passthrough
from .nginx import later

MAP = "/etc/haproxy/hosts.map"
BY_MAP = f"    use_backend %[req.hdr(host),lower,map_dom({MAP})]\n"
DEFAULT = "    default_backend app\n"


def serve(lab: Lab, rows: str, rule: str = BY_MAP, backend: str = "") -> None:
    lab.server.write(MAP, rows)
    haproxy.serve(lab, SITE.replace(DEFAULT, rule) + backend)


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-no-backend",
    manual="a person writes the name",
)
def haproxy_map_names_no_backend(lab: Lab) -> None:
    """Issue 49 of eBayClassifiedsGroup/PanteraS: the map leads to a backend that is not there."""
    serve(lab, "shop.example.com shop\nwww.example.com app\n")


@haproxy_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="nothing listens where the file says",
)
def haproxy_map_leads_to_a_dead_application(lab: Lab) -> None:
    """The map leads to a backend whose application is down; the default's is not asked."""
    dead = "backend dead\n    server a 127.0.0.1:3999\n"
    serve(lab, "shop.example.com dead\n", BY_MAP + DEFAULT, dead)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_chooses_by_a_map(lab: Lab) -> None:
    """The map has the name, and a rule that comes before is for another."""
    rule = "    use_backend be_%[req.hdr(host),lower] if { path_beg /none }\n"
    serve(lab, "# hosts\nexample.com app\n", rule + BY_MAP)


BY_PATTERN = f"    use_backend %[req.hdr(host),lower,map_reg({MAP})]\n"


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-no-backend",
    manual="a person writes the name",
)
def haproxy_patterns_of_a_map_miss_the_name(lab: Lab) -> None:
    """map_reg: the expression is for another name."""
    serve(lab, "^shpo[.]example[.]com$ app\n", BY_PATTERN)


@healthy_haproxy()
def haproxy_chooses_by_patterns_of_a_map(lab: Lab) -> None:
    serve(lab, "^www[.] none\n^shop[.]example[.]com$ app\n", BY_PATTERN)


OTHER_MAP = "/etc/haproxy/other.map"
SHOP = f"    use_backend %[req.hdr(host),lower,map({MAP})]\n"


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-map-ends-search",
    differs=(haproxy.CONFIG,),
)
def haproxy_first_of_two_maps_ends_the_search(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/2698: the second map has the name."""
    lab.server.write(OTHER_MAP, "other.example.com app\n")
    first = f"    use_backend %[req.hdr(host),lower,map({OTHER_MAP})] if TRUE\n"
    serve(lab, "shop.example.com app\n", first + SHOP)


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-map-ends-search",
    differs=(haproxy.CONFIG,),
)
def haproxy_first_of_two_domain_maps_ends_the_search(lab: Lab) -> None:
    """As `map_dom`, with a condition of its own."""
    lab.server.write(OTHER_MAP, "other.example.com app\n")
    first = f"    use_backend %[req.hdr(host),lower,map_dom({OTHER_MAP})] if {{ ssl_fc }}\n"
    serve(lab, "shop.example.com app\n", first + SHOP)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_asks_the_second_map_where_the_first_has_no_row(lab: Lab) -> None:
    lab.server.write(OTHER_MAP, "other.example.com app\n")
    lookup = f"req.hdr(host),lower,map({OTHER_MAP})"
    serve(
        lab,
        "shop.example.com app\n",
        f"    use_backend %[{lookup}] if {{ {lookup} -m found }}\n{SHOP}",
    )


BY_NAME = f"    use_backend %[req.hdr(host),lower,map({MAP})]\n"


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-name-misspelt",
    differs=(MAP,),
)
def haproxy_map_has_a_url_for_a_name(lab: Lab) -> None:
    """The key of the map is compared with the field Host, which has no scheme."""
    serve(lab, "blog.example.com app\nhttps://shop.example.com app\n", BY_NAME)


@healthy_haproxy()
def haproxy_map_has_a_name_beside_a_url(lab: Lab) -> None:
    serve(lab, "https://shop.example.com app\nshop.example.com app\n", BY_NAME)


OWN = f"    use_backend %[req.hdr(host),lower,map({MAP},nothing)]\n"
NOTHING = "\nbackend nothing\n    http-request return status 404\n"


@haproxy_scenario(outside=None, server="server.reload-needed")
def haproxy_has_not_loaded_a_row_of_its_map(lab: Lab) -> None:
    """A row was added to the map, and HAProxy was not reloaded."""
    serve(lab, "www.example.com app\n", OWN, NOTHING)
    later(lab)
    lab.server.write(MAP, "www.example.com app\nshop.example.com app\n")


@healthy_haproxy()
def haproxy_has_not_loaded_a_row_for_another_name(lab: Lab) -> None:
    serve(lab, "shop.example.com app\n", OWN, NOTHING)
    later(lab)
    lab.server.write(MAP, "shop.example.com app\nwww.example.com app\n")


NOBODY = (
    '\nbackend nobody\n    http-request return status 404 content-type text/plain string "none"\n'
)
OR_NOBODY = f"    use_backend %[req.hdr(host),lower,map({MAP},nobody)]\n"


@haproxy_scenario(outside=None, server="server.haproxy-name-misspelt", differs=(MAP,))
def haproxy_map_has_capitals(lab: Lab) -> None:
    """The name is compared in small letters, and the key has capitals."""
    serve(lab, "Shop.Example.com app\n", OR_NOBODY, NOBODY)


@haproxy_scenario(outside=None, server="server.haproxy-name-misspelt", differs=(MAP,))
def haproxy_map_has_a_comma(lab: Lab) -> None:
    """A comma stands between the key and the value, as in a table."""
    serve(lab, "blog.example.com blog\nshop.example.com,app\n", OR_NOBODY, NOBODY)


@healthy_haproxy()
def haproxy_map_has_the_name_or_nobody(lab: Lab) -> None:
    serve(lab, "blog.example.com nobody\nshop.example.com app\n", OR_NOBODY, NOBODY)


TWO = "\nbackend shop\n    server s1 127.0.0.1:3000\nbackend blog\n    server b1 127.0.0.1:3002\n"


def two_names(lab: Lab, rows: str) -> None:
    """A second application, which knows the name of the blog alone."""
    program = str(haproxy.__file__).replace("haproxy.py", "applications/paths_server.py")
    lab.spawn(lab.server, lab.server.python(program, "3002", "/", "@blog.example.com"), 3002)
    serve(lab, rows, SHOP, TWO)


@haproxy_scenario(outside=None, server="server.haproxy-other-backend", differs=(MAP,))
def haproxy_map_exchanges_two_names(lab: Lab) -> None:
    """The row of the shop leads to the blog, which does not know the name."""
    two_names(lab, "shop.example.com blog\nblog.example.com shop\n")


@healthy_haproxy()
def haproxy_map_has_two_names(lab: Lab) -> None:
    two_names(lab, "shop.example.com shop\nblog.example.com blog\n")


@haproxy_scenario(
    outside="tls.closed", server="server.haproxy-name-misspelt", differs=(haproxy.CONFIG,)
)
def haproxy_passes_tls_on_by_a_misspelt_name(lab: Lab) -> None:
    """The name of the TLS handshake is misspelt, and nobody listens at what is left to it."""
    passthrough(lab, PASSTHROUGH.replace("-i shop.example.com", "-i shop.exmaple.com"))


@haproxy_scenario(
    outside="tls.closed", server="server.haproxy-name-misspelt", differs=(haproxy.CONFIG,)
)
def haproxy_passes_tls_on_by_a_name_that_lacks_a_letter(lab: Lab) -> None:
    """ "sho" for "shop": nobody listens at the default, which is not the site's."""
    passthrough(lab, PASSTHROUGH.replace("-i shop.example.com", "-i sho.example.com"))


@haproxy_scenario(outside="tls.plain-http", server="server.tls-off", differs=(haproxy.CONFIG,))
def haproxy_reads_tls_as_http_in_the_backend(lab: Lab) -> None:
    """The frontend has `mode tcp`, and the backend does not: HAProxy upgrades to HTTP."""
    text = PASSTHROUGH.replace("mode tcp", "mode http", 1)
    passthrough(lab, text.replace("    bind :443\n", "    mode tcp\n    bind :443\n"))
