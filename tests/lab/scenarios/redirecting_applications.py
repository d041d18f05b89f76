"""Redirects of the application itself: to https whatever it is told, or to http although it is told
that visitors use https."""

from .. import apache, caddy, haproxy, site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .apache import FILES, apache_scenario, healthy_apache
from .caddy import caddy_scenario
from .haproxy import haproxy_scenario

SIGN_IN = f"https://{site.NAME}/login"
LOGIN = "the page is a login"
MANAGE = f"https://{site.NAME}/manage"
LOOP = "When I click the login button I get a login screen loop."
SETTINGS = "the application's settings are a person's"
HOST = "    proxy_set_header Host $http_host;\n"
MINE = (site.CONF,)
SCHEME = "    proxy_set_header X-Forwarded-Proto https;\n"
KEPT = "    ProxyPreserveHost On\n"
WITHOUT_HOST = f"{apache.HTTPS.replace(KEPT, '')}\n{apache.HTTP}"


@scenario(outside="http.redirect-loop", server="upstream.forces-https", manual=SETTINGS)
def application_redirects_its_http_port_to_https(lab: Lab) -> None:
    """Issue 64 of pikvm/pikvm and issue 1011 of authelia/authelia (code-server with --cert): nginx
    asks the port that redirects to https, whatever it is told."""
    lab.application("--mode", "forces-https")


@scenario(
    outside="http.redirect-loop", server="upstream.forces-https", manual=SETTINGS
)  # fmt: skip
def application_is_not_told_and_would_not_listen(lab: Lab) -> None:
    """The same without X-Forwarded-Proto: the field alone would not help."""
    lab.application("--mode", "forces-https")
    lab.change(SCHEME, "")


@scenario(outside="http.redirect-loop", server="upstream.forces-https", manual=SETTINGS)
def wordpress_does_not_look_at_the_field_behind_nginx(lab: Lab) -> None:
    """It names itself in its redirects."""
    lab.application("--mode", "wordpress")


@haproxy_scenario(outside="http.redirect-loop", server="server.forces-https", manual=SETTINGS)
def wordpress_does_not_look_at_the_field_behind_haproxy(lab: Lab) -> None:
    lab.application("--mode", "wordpress")
    haproxy.serve(lab)


@scenario(outside="http.redirect-loop", server="upstream.origin-not-passed", differs=MINE)
def program_with_an_address_of_its_own_is_told_nothing(lab: Lab) -> None:
    """Issue 734 of docker-library/wordpress: neither Host nor X-Forwarded-Proto; one alone does not
    help."""
    lab.application("--mode", "own-address")
    lab.change(HOST + SCHEME, "")


@healthy()
def program_with_an_address_of_its_own_is_told_both(lab: Lab) -> None:
    """The same program behind both fields."""
    lab.application("--mode", "own-address")


@healthy()
def application_redirects_only_what_is_not_https(lab: Lab) -> None:
    """It believes X-Forwarded-Proto, and nginx sends it."""
    lab.application("--mode", "redirect-to-https")


@apache_scenario(outside="http.redirect-loop", server="server.host-not-passed", differs=FILES)
def apache_hides_the_host_from_a_site_with_one_name(lab: Lab) -> None:
    """Issue 166 of thedevs-network/kutt: without ProxyPreserveHost the application redirects to the
    name that it knows, for ever."""
    lab.application("--mode", "canonical")
    apache.serve(lab, WITHOUT_HOST)


@healthy_apache()
def apache_passes_the_host_to_a_site_with_one_name(lab: Lab) -> None:
    """The same with ProxyPreserveHost On."""
    lab.application("--mode", "canonical")
    apache.serve(lab)


@apache_scenario(outside="http.redirect-loop", server="server.forces-https", manual=SETTINGS)
def apache_before_an_application_that_redirects_to_https(lab: Lab) -> None:
    """The same behind Apache."""
    lab.application("--mode", "forces-https")
    apache.serve(lab)


# It is told that visitors use https, and does not believe it


@scenario(outside="http.redirect-downgrade", manual=LOGIN)
def application_does_not_believe_nginx(lab: Lab) -> None:
    """Issue 715 of encode/uvicorn (a Unix socket is no trusted address), issue 13985 of
    nextcloud/server (overwriteprotocol)."""
    lab.application("--mode", "ignores-the-scheme")


@scenario(outside="http.redirect-downgrade", manual=LOGIN, target=SIGN_IN, args=(LOOP,))
def sign_in_page_of_an_application_that_does_not_believe_nginx(lab: Lab) -> None:
    """https://github.com/ONLYOFFICE/docker-onlyoffice-nextcloud/pull/66: the page of the sign-in
    comes, and the front page leads to http."""
    lab.application("--mode", "ignores-the-scheme")


@healthy(target=SIGN_IN, args=(LOOP,))
def sign_in_page_of_a_site_that_works(lab: Lab) -> None:
    """The front page is well, too."""


@scenario(outside="http.redirect-downgrade", differs=MINE, target=MANAGE)
def application_reads_no_scheme_and_is_told_none(lab: Lab) -> None:
    """https://www.dtcms.com/a/610523.html: Tomcat without RemoteIpValve. The field alone would heal
    nothing; nginx writes https into the redirect."""
    lab.change(SCHEME, "")
    lab.application("--mode", "http-in-redirect")


@scenario(outside="http.redirect-downgrade", differs=MINE, target=MANAGE)
def application_reads_no_scheme_and_is_told_https(lab: Lab) -> None:
    """https://github.com/spring-projects/spring-boot/issues/22908: Tomcat redirects to the root of
    its context before anything reads the field."""
    lab.application("--mode", "http-in-redirect")


@scenario(outside="http.redirect-downgrade", differs=MINE, target=MANAGE)
def application_reads_the_scheme_and_is_told_none(lab: Lab) -> None:
    """Its answer changes with the field: no redirect needs a correction."""
    lab.change(SCHEME, "")
    lab.application("--mode", "scheme-in-redirect")


@healthy()
def nginx_writes_https_into_the_redirects_of_an_application(lab: Lab) -> None:
    lab.change(SCHEME, f"    proxy_redirect http://{site.NAME}/ https://{site.NAME}/;\n")
    lab.application("--mode", "ignores-the-scheme")


@caddy_scenario(
    outside="http.redirect-downgrade", server="server.application-writes-http", manual=SETTINGS
)
def application_does_not_believe_caddy(lab: Lab) -> None:
    """Issue 7353 of contao/contao: TRUSTED_PROXIES has the proxy's public address."""
    lab.application("--mode", "ignores-the-scheme")
    caddy.serve(lab)


# The server in front writes https into what the application says


@apache_scenario(
    outside="http.redirect-downgrade",
    server="server.application-writes-http",
    differs=FILES,
    target=MANAGE,
)
def apache_application_writes_http_whatever_it_is_told(lab: Lab) -> None:
    """Issue 44 of janeczku/calibre-web."""
    lab.application("--mode", "http-in-redirect")
    apache.serve(lab)


@healthy_apache(target=MANAGE)
def apache_writes_https_into_the_redirects_of_an_application(lab: Lab) -> None:
    lab.application("--mode", "http-in-redirect")
    line = "    Header edit Location ^http:// https://\n"
    apache.serve(lab, f"{apache.HTTPS.replace(KEPT, KEPT + line)}\n{apache.HTTP}")


@haproxy_scenario(
    outside="http.redirect-downgrade",
    server="server.application-writes-http",
    differs=(haproxy.CONFIG,),
    target=MANAGE,
)
def haproxy_application_writes_http_whatever_it_is_told(lab: Lab) -> None:
    lab.application("--mode", "http-in-redirect")
    haproxy.serve(lab)


@caddy_scenario(
    outside="http.redirect-downgrade",
    server="server.application-writes-http",
    differs=(caddy.CONFIG,),
    target=MANAGE,
)
def caddy_application_writes_http_whatever_it_is_told(lab: Lab) -> None:
    lab.application("--mode", "http-in-redirect")
    caddy.serve(lab)


# A script that waits for ever


@scenario(outside="http.server-error", server="upstream.timeout", manual=SETTINGS)
def script_of_php_waits_for_ever(lab: Lab) -> None:
    """Issue 73 of sirn-se/websocket-php: the page itself waits for a message of a WebSocket, and
    nginx gets nothing from PHP-FPM, for as long as it waits."""
    program = str(HERE / "applications" / "gateway_server.py")
    lab.spawn(lab.server, lab.server.python(program, "php-hangs", "9000"), 9000)
    lab.server.write("/srv/php/index.php", "<?php\n")
    lines = "    root /srv/php;\n    include fastcgi.conf;\n    fastcgi_pass 127.0.0.1:9000;\n"
    lines += "    fastcgi_read_timeout 2s;\n"
    files = "    root /srv/php;\n    try_files $uri /index.php?$args;\n"
    pages = f"  location / {{\n{files}  }}\n  location ~ \\.php$ {{\n{lines}  }}\n\n"
    start = site.HTTPS.index("  location / {")
    lab.change(site.HTTPS[start : site.HTTPS.index("  location /ws")], pages)


# A form that was not sent


@healthy()
def form_of_an_application_that_is_told_nothing(lab: Lab) -> None:
    """Pull request 999 of nightscout/nocturne: proxy_pass alone, and SvelteKit refuses the login. A
    note says that the form was not sent; `--method POST` decides (scenarios/forms.py)."""
    lab.application("--mode", "form")
    lab.change(HOST + SCHEME, "")
