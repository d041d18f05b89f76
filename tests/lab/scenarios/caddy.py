"""Caddy serves the site, and nginx is not there."""

from functools import partial

from .. import caddy, certificates, site
from ..caddy import KEY, OTHER, PEM, SHOP
from ..lab import Lab
from ..scenario import healthy, scenario
from .firewall import firewalld

WS = ("--ws", "/ws")
ELSEWHERE = {"[!n]*": "Caddy has one layout in the laboratory", "nginx*": "the same"}
#: Scenarios that need this server, whose files lie in one place in the laboratory.
caddy_scenario = partial(scenario, needs=caddy.needs_caddy, not_on=ELSEWHERE)
healthy_caddy = partial(healthy, needs=caddy.needs_caddy, not_on=ELSEWHERE)


@healthy_caddy(
    args=WS,
)
def caddy_serves_the_site(lab: Lab) -> None:
    """A manual certificate; the redirect and the WebSocket come by themselves."""
    caddy.serve(lab)


@healthy_caddy()
def caddy_serves_two_sites(lab: Lab) -> None:
    """Another site stands first, on port 80 only."""
    caddy.serve(lab, f"{OTHER}\n{SHOP}")


@healthy_caddy()
def caddy_beside_a_leftover_nginx(lab: Lab) -> None:
    """nginx is installed with a configuration for the same site, and Caddy serves it."""
    caddy.install(lab, keep_nginx=True)
    caddy.start(lab)


# Faults


@caddy_scenario(
    outside="http.not-the-site",
    server="server.port-held",
    manual="which of the two servers is wanted, a person knows",
)
def caddy_refused_while_nginx_has_the_ports(lab: Lab) -> None:
    """An update of the Caddyfile has a slip, so Caddy ended; nginx, which a package brought along,
    got the ports with its own page, and reads the site's certificate."""
    caddy.install(lab, caddy.SHOP.replace("reverse_proxy", "reverse_prox"), keep_nginx=True)
    files = f"ssl_certificate {caddy.PEM}; ssl_certificate_key {caddy.KEY}"
    page = f"server {{ listen 80; listen 443 ssl; {files}; root /var/www/html; }}\n"
    lab.server.write(site.CONF, page)
    lab.server.write("/var/www/html/index.html", "<title>Welcome to nginx!</title>\n")
    lab.start_nginx()


@caddy_scenario(
    outside=None,
    server="server.config-invalid",
    differs=(caddy.CONFIG,),
)
def caddy_configuration_invalid(lab: Lab) -> None:
    """After threads of Caddy's forum about "unrecognized directive": the old words of Caddy 1."""
    caddy.serve(lab)
    block = " {\n\t\ttransparent\n\t\twebsocket\n\t}\n\tgzip"
    line = "\treverse_proxy 127.0.0.1:3000"
    caddy.edit(lab, line, f"\tproxy / 127.0.0.1:3000{block}")


@caddy_scenario(
    outside=None,
    server="server.config-invalid",
    manual="a person knows the path of the application",
)
def caddy_has_an_old_word_with_a_path(lab: Lab) -> None:
    """`proxy` of Caddy 1 with a path in its target, which `reverse_proxy` does not take."""
    caddy.serve(lab)
    caddy.edit(lab, "\treverse_proxy 127.0.0.1:3000", "\tproxy / 127.0.0.1:3000/app")


@caddy_scenario(
    outside=None,
    server="server.config-invalid",
    differs=(caddy.CONFIG,),
)
def caddy_directive_is_misspelled(lab: Lab) -> None:
    """`reverse-proxy` after the start."""
    caddy.serve(lab)
    caddy.edit(lab, "\treverse_proxy 127", "\treverse-proxy 127")


@caddy_scenario(
    outside="tcp.refused",
    server="server.config-invalid",
    differs=(caddy.CONFIG, "listeners", "processes"),
)
def caddy_names_an_address_without_its_directive(lab: Lab) -> None:
    """https://github.com/x86pup/conduwuit/pull/687: `reverse_proxy` is missing, and Caddy does not
    start."""
    caddy.install(lab, SHOP.replace("reverse_proxy 127", "127"))


@caddy_scenario(
    outside="tcp.refused",
    server="server.config-invalid",
    differs=(caddy.CONFIG, "listeners", "processes"),
)
def caddy_has_a_word_of_nginx(lab: Lab) -> None:
    """A block copied from a guide for nginx: `proxy_set_header` in `reverse_proxy`."""
    block = "127.0.0.1:3000 {\n\t\tproxy_set_header Host {host}\n\t}"
    caddy.install(lab, SHOP.replace("127.0.0.1:3000", block))


@caddy_scenario(
    outside="tcp.refused",
    server="server.config-invalid",
    differs=(caddy.CONFIG, "listeners", "processes"),
)
def caddy_has_no_blank_before_its_brace(lab: Lab) -> None:
    """https://github.com/233boy/v2ray/issues/122: the name and the brace are one word."""
    caddy.install(lab, SHOP.replace("com {", "com{"))


@caddy_scenario(outside=None, server="server.config-invalid", differs=(caddy.CONFIG,))
def caddy_has_a_field_outside_of_its_proxy(lab: Lab) -> None:
    """`header_up` beneath `reverse_proxy`, and not in its block."""
    caddy.serve(lab)
    line = "\treverse_proxy 127.0.0.1:3000"
    caddy.edit(lab, line, f"{line}\n\theader_up X-Real-IP {{remote_host}}")


@caddy_scenario(outside=None, server="server.config-invalid", differs=(caddy.CONFIG,))
def caddy_has_a_brace_too_many(lab: Lab) -> None:
    """Caddy names no line: the brace is taken for another site."""
    caddy.serve(lab)
    caddy.edit(lab, "127.0.0.1:3000\n}\n", "127.0.0.1:3000\n}\n}\n")


@caddy_scenario(
    outside=None,
    server="server.config-invalid",
    manual="a person makes one block of two",
)
def caddy_has_a_site_twice(lab: Lab) -> None:
    """ "ambiguous site definition": the name stands in two blocks."""
    caddy.serve(lab)
    lab.server.write(caddy.CONFIG, f"{lab.server.read(caddy.CONFIG)}\n{SHOP}")


@caddy_scenario(
    outside=None,
    server="server.config-invalid",
    manual="a person corrects the line",
)
def caddy_has_no_transport_of_that_name(lab: Lab) -> None:
    """After https://github.com/caddyserver/caddy/issues/5572: `transport grpc`."""
    caddy.serve(lab)
    proxied = "\treverse_proxy 127.0.0.1:3000"
    block = f"{proxied} {{\n\t\ttransport grpc {{\n\t\t\tkeepalive 10s\n\t\t}}\n\t}}"
    caddy.edit(lab, proxied, block)


@caddy_scenario(
    outside="tcp.refused",
    server="server.port-not-served",
    keeps=("listeners",),
)
def caddy_not_reloaded_for_https(lab: Lab) -> None:
    """The site was written after the start, and nobody reloaded."""
    caddy.install(lab, SHOP)
    text = lab.server.read(caddy.CONFIG)
    lab.server.write(caddy.CONFIG, caddy.OPTIONS + OTHER)
    caddy.start(lab, 80)
    lab.server.write(caddy.CONFIG, text)


@caddy_scenario(
    outside="tcp.refused",
    server="server.port-not-served",
    manual="an authority issues the certificate",
)
def caddy_address_is_http(lab: Lab) -> None:
    """After a question on Stack Overflow: the address of the site begins with http://, so Caddy
    gets no certificate and does not listen on 443."""
    site = SHOP.replace("shop.example.com", "http://shop.example.com")
    caddy.serve(lab, site.replace(f"\ttls {PEM} {KEY}\n", ""), 80)


@caddy_scenario(
    outside="certificate.expired",
    server="server.certificate-not-loaded",
)
def caddy_renewed_and_not_reloaded(lab: Lab) -> None:
    """certbot renewed the file and Caddy still has the old one: Caddy does not watch files of
    `tls`; after an issue of Caddy's about manual certificates."""
    caddy.install(lab)
    old, good = certificates.leaf(starts=-95, ends=-5), certificates.good()
    lab.server.write(PEM, old.chain)
    lab.server.write(KEY, old.key_pem, 0o600)
    caddy.start(lab)
    lab.server.write(PEM, good.chain)
    lab.server.write(KEY, good.key_pem, 0o600)


@caddy_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="the application is started by its own service",
)
def caddy_application_stopped(lab: Lab) -> None:
    """502, and "dial tcp 127.0.0.1:3000: connect: connection refused" in Caddy's log."""
    caddy.serve(lab)
    lab.application_service.stop()


def example_com(lab: Lab) -> None:
    """Caddy serves example.com only, with a certificate for it."""
    caddy.install(lab, SHOP.replace("shop.example.com", "example.com"))
    own = certificates.leaf("example.com")
    lab.server.write(PEM, own.chain)
    lab.server.write(KEY, own.key_pem, 0o600)
    caddy.start(lab)


@caddy_scenario(
    outside="tls.handshake-failed",
    server="server.site-missing",
    manual="a person adds the name",
)
def caddy_without_the_name(lab: Lab) -> None:
    """After threads of Caddy's forum about "tlsv1 alert internal error": only another name is in
    the Caddyfile."""
    example_com(lab)


@caddy_scenario(
    outside=None,
    server="server.site-missing",
    differs=(caddy.CONFIG,),
)
def caddy_answers_an_empty_page(lab: Lab) -> None:
    """The certificate is for both names, and only the other is in the Caddyfile: 200 and nothing;
    after threads about a blank page of Caddy's."""
    caddy.serve(lab, SHOP.replace("shop.example.com", "example.com"))


@caddy_scenario(
    outside="tls.handshake-failed",
    server="server.reload-needed",
)
def caddy_name_not_loaded(lab: Lab) -> None:
    """The name was added to the file, and nobody reloaded."""
    example_com(lab)
    good = certificates.good()
    lab.server.write(PEM, good.chain)
    lab.server.write(KEY, good.key_pem, 0o600)
    caddy.edit(lab, "example.com {", "example.com, shop.example.com {")


@caddy_scenario(
    outside="http.server-error",
    server="server.reload-needed",
)
def caddy_application_moved(lab: Lab) -> None:
    """The port of the application was corrected in the file, and nobody reloaded: 502."""
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", "127.0.0.1:3999"))
    caddy.edit(lab, "127.0.0.1:3999", "127.0.0.1:3000")


@caddy_scenario(
    outside="tls.handshake-failed",
    server="server.certificate-not-issued",
    manual="an authority issues the certificate",
)
def caddy_gets_no_certificate(lab: Lab) -> None:
    """No authority can be reached; after threads about ERR_SSL_PROTOCOL_ERROR of a new site."""
    caddy.serve(lab, SHOP.replace(f"\ttls {PEM} {KEY}\n", ""))


@caddy_scenario(
    outside="tcp.rejected-by-host",
    server="firewall.port-closed",
    manual="an authority issues the certificate once the ports are open",
)
def caddy_gets_no_certificate_behind_a_firewall(lab: Lab) -> None:
    """Both ports are closed in firewalld, so no authority reaches Caddy: one cause, and not two."""
    caddy.serve(lab, SHOP.replace(f"\ttls {PEM} {KEY}\n", ""))
    firewalld(lab, "--zone=public --remove-service=https", "--zone=public --remove-service=http")


@caddy_scenario(
    outside="tls.handshake-failed",
    server="server.certificate-not-issued",
    also=("http.port-closed",),
    manual="a certificate comes from an authority",
)
def caddy_with_auto_https_off(lab: Lab) -> None:
    """`auto_https off` turns off the certificates, and not only the redirects; after a thread on
    Caddy's forum."""
    caddy.install(lab, SHOP.replace(f"\ttls {PEM} {KEY}\n", ""))
    caddy.edit(lab, "{\n\tdefault_bind", "{\n\tauto_https off\n\tdefault_bind")
    caddy.start(lab, 443)


@caddy_scenario(
    outside="certificate.untrusted-root",
    server="server.internal-certificate",
    manual="an authority issues the certificate",
)
def caddy_signs_itself(lab: Lab) -> None:
    """`tls internal` was copied from an example for a private network."""
    caddy.install(lab, SHOP.replace(f"tls {PEM} {KEY}", "tls internal"))
    caddy.edit(lab, "{\n\tdefault_bind", "{\n\tskip_install_trust\n\tdefault_bind")
    caddy.start(lab)


@caddy_scenario(
    outside="http.plain-to-tls-port",
    server="server.application-speaks-tls",
    manual="a person decides how the application's certificate is trusted",
)
def caddy_speaks_http_to_a_tls_application(lab: Lab) -> None:
    """reverse_proxy localhost:9443 without https://, as for Portainer; after threads about
    "Client sent an HTTP request to an HTTPS server"."""
    caddy.serve(
        lab,
        SHOP.replace("127.0.0.1:3000", "127.0.0.1:9443")
        + f"https://127.0.0.1:9443 {{\n\ttls {PEM} {KEY}\n\trespond ok\n}}\n",
        80,
        443,
        9443,
    )


@caddy_scenario(
    outside=None,
    server="server.certificate-file-missing",
    manual="a certificate comes from an authority",
)
def caddy_certificate_deleted(lab: Lab) -> None:
    """Deleted while Caddy runs: the next start will fail."""
    caddy.serve(lab)
    lab.server.path(PEM).unlink()


@caddy_scenario(
    outside=None,
    server="server.key-mismatch",
    manual="the right key is not known",
)
def caddy_key_of_another_certificate(lab: Lab) -> None:
    """`caddy adapt` says nothing, and the next load fails."""
    caddy.serve(lab)
    lab.server.write(KEY, certificates.leaf().key_pem, 0o600)


@healthy_caddy()
def caddy_passes_paths_on(lab: Lab) -> None:
    """handle_path, matchers, a snippet and comments: the usual words of a longer Caddyfile."""
    caddy.serve(
        lab,
        f"""\
(headers) {{
	header -Server
}}
shop.example.com {{
	tls {PEM} {KEY}
	import headers
	handle_path /docs/* {{
		root * /var/www
		file_server
	}}
	@ws path /ws
	reverse_proxy @ws localhost:3000 # the WebSocket
	reverse_proxy 127.0.0.1:3000 {{
		header_up X-Real-IP {{remote_host}}
	}}
}}
""",
    )


@caddy_scenario(
    outside="tcp.refused",
    server="server.not-running",
    differs=("listeners", "processes"),
)
def caddy_is_stopped(lab: Lab) -> None:
    """Installed with a good Caddyfile, and not started."""
    caddy.install(lab)


@caddy_scenario(
    outside="tls.handshake-failed",
    server="server.certificate-not-issued",
    also=("http.port-closed",),
    manual="an authority issues the certificate",
)
def caddy_site_without_a_name(lab: Lab) -> None:
    """The address is `:443`, so Caddy knows no name for a certificate; after threads of Caddy's
    forum about "no certificate available for"."""
    site = SHOP.replace("shop.example.com", ":443").replace(f"\ttls {PEM} {KEY}\n", "")
    caddy.serve(lab, site, 443)


@healthy_caddy()
def caddy_site_without_a_name_and_with_a_certificate(lab: Lab) -> None:
    """`:443` with a certificate of its own, and a redirect written by hand."""
    site = SHOP.replace("shop.example.com", ":443")
    caddy.serve(lab, f"{site}\n:80 {{\n\tredir https://{{host}}{{uri}} permanent\n}}\n")


@caddy_scenario(
    outside="http.server-error",
    server="server.application-down",
    differs=(caddy.CONFIG,),
)
def caddy_asks_the_other_loopback_address(lab: Lab) -> None:
    """After threads on localhost and ::1 (Node 17 and later): the Caddyfile has [::1]:3000, and the
    application listens on 127.0.0.1:3000."""
    caddy.serve(lab, caddy.SHOP.replace("127.0.0.1:3000", "[::1]:3000"))


@caddy_scenario(
    outside="http.redirect-loop",
    server="server.caddy-proxy-untrusted",
    heals="server",
    differs=(caddy.CONFIG,),
)
def caddy_does_not_trust_the_nginx_before_it(lab: Lab) -> None:
    """After threads of Caddy's forum about ERR_TOO_MANY_REDIRECTS behind a proxy: no
    trusted_proxies, so that X-Forwarded-Proto is always http."""
    lab.application("--mode", "redirect-to-https")
    site = "http://shop.example.com:8080 {\n\treverse_proxy 127.0.0.1:3000\n}\n"
    caddy.install(lab, site, keep_nginx=True)
    lab.edit("http://127.0.0.1:3000", "http://127.0.0.1:8080")
    caddy.start(lab, 8080)
    lab.start_nginx()


#: An application that writes the scheme that it is told into its page, played by Caddy.
WRITES_ITS_SCHEME = """\
http://:9001 {
	handle /app.css {
		header Content-Type text/css
		respond "p { color: black; }"
	}
	handle {
		header Content-Type text/html
		respond `<!doctype html><title>Shop</title>
<link rel="stylesheet" href="{header.X-Forwarded-Proto}://shop.example.com/app.css"><p>Shop</p>`
	}
}
"""


@caddy_scenario(
    outside="http.mixed-content",
    server="server.caddy-proxy-untrusted",
    differs=(caddy.CONFIG,),
)
def caddy_makes_the_page_write_http(lab: Lab) -> None:
    """The same, and the application writes http into its page, after
    https://github.com/dunglas/symfony-docker/issues/251."""
    site = "http://shop.example.com:8080 {\n\treverse_proxy 127.0.0.1:9001\n}\n"
    caddy.install(lab, f"{site}{WRITES_ITS_SCHEME}", keep_nginx=True)
    page = "location / {\n    proxy_pass http://127.0.0.1:3000"  # not its WebSocket
    lab.edit(page, page.replace("3000", "8080"))
    caddy.start(lab, 8080)
    lab.start_nginx()


@caddy_scenario(
    outside="tls.handshake-failed",
    server="server.caddy-ask-refuses",
    also=("http.port-closed",),
    manual="the application decides which names it allows",
)
def caddy_is_not_allowed_to_order_a_certificate(lab: Lab) -> None:
    """After threads of Caddy's forum about on-demand TLS: the URL of `ask` answers 403."""
    site = "https:// {\n\ttls {\n\t\ton_demand\n\t}\n\treverse_proxy 127.0.0.1:3000\n}\n"
    caddy.install(lab, f"{site}http://127.0.0.1:5555 {{\n\trespond 403\n}}\n")
    ask = "\ton_demand_tls {\n\t\task http://127.0.0.1:5555/check\n\t}\n"
    caddy.edit(lab, "{\n\tdefault_bind", f"{{\n{ask}\tdefault_bind")
    caddy.start(lab, 443)
