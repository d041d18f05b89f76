"""Configurations that nginx refuses, after what people asked about: what stands twice, in the wrong
block, with a slip in its value. Some nginx was running before, and goes on with what it has loaded.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx import LINKS, MINE, later, start_in_vain

MAIN = "/etc/nginx/nginx.conf"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
TIMEOUT = "  ssl_session_timeout 5m;\n"
PASS = "proxy_pass http://127.0.0.1:3000;"
BLOCK = "what belongs into which block is for a person to say"
BLOCKER = "/etc/nginx/conf.d/botblocker-nginx-settings.conf"
PROXY = "/etc/nginx/nginxconfig.io/proxy.conf"
#: Where conf.d is read in other words, or nginx.conf is another one.
OWN_MAIN = {**LINKS, "debian": "its nginx.conf is another one"}


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def path_of_proxy_pass_in_an_expression(lab: Lab) -> None:
    """After issue 211 of jfa-go (https://github.com/hrfee/jfa-go/issues/211): a slash after the
    port in `location ~ ^/accounts(.*)$`."""
    accounts = "  location ~ ^/accounts(.*)$ {\n    proxy_pass http://127.0.0.1:3000/;\n  }\n\n"
    lab.edit(TIMEOUT, TIMEOUT + "\n" + accounts)
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def path_of_proxy_pass_in_a_named_location(lab: Lab) -> None:
    """After issue 554 of CloudPanel (https://github.com/cloudpanel-io/cloudpanel-ce/issues/554): a
    slash after the port in `location @reverse_proxy`."""
    named = PAGES.replace("location /", "location @reverse_proxy").replace("3000;", "3000/;")
    lab.edit(PAGES, "  location / {\n    try_files /none @reverse_proxy;\n  }\n\n" + named)
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def paths_of_proxy_pass_in_two_folders(lab: Lab) -> None:
    """After issue 15931 of Gitea (https://github.com/go-gitea/gitea/issues/15931), twice: both
    lines are corrected at once."""
    git = "  location ~ /git/ {\n    proxy_pass http://127.0.0.1:3000/;\n  }\n\n"
    lab.edit(TIMEOUT, f"{TIMEOUT}\n{git}{git.replace('git', 'wiki')}")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def paths_of_proxy_pass_below_one_another(lab: Lab) -> None:
    """After issue 143 of Grafana's tutorials
    (https://github.com/grafana-cold-storage/tutorials/issues/143)."""
    outer = "  location ~/grafana/ {\n    proxy_pass http://127.0.0.1:3000/;\n  }\n\n"
    lab.edit(TIMEOUT, f"{TIMEOUT}\n{outer}{outer.replace('na/ {', 'na/api/live {')}")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def one_larger_buffer_without_the_others(lab: Lab) -> None:
    """`proxy_buffer_size` alone, as many guides against "upstream
    sent too big header" have it."""
    lab.edit(PASS, f"{PASS}\n    proxy_buffer_size 16k;")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def busy_buffers_of_half_a_buffer(lab: Lab) -> None:
    """Of a guide: 4 buffers of 256k, and 128k of them may be busy."""
    busy = "proxy_buffers 4 256k;\n    proxy_busy_buffers_size 128k;"
    lab.edit(PASS, f"{PASS}\n    proxy_buffer_size 128k;\n    {busy}")
    start_in_vain(lab)


@healthy()
def larger_buffers_that_fit(lab: Lab) -> None:
    lab.change(PASS, f"{PASS}\n    proxy_buffer_size 16k;\n    proxy_buffers 3 16k;")


@healthy()
def path_of_proxy_pass_in_a_prefix(lab: Lab) -> None:
    """A slash after the port in `location ^~ /accounts/`, and a named location without one."""
    accounts = "  location ^~ /accounts/ {\n    proxy_pass http://127.0.0.1:3000/;\n  }\n\n"
    named = PAGES.replace("location /", "location @reverse_proxy")
    pages = "  location / {\n    try_files /none @reverse_proxy;\n  }\n\n" + named
    lab.change(PAGES, accounts + pages)


@scenario(outside=None, server="nginx.config-invalid", manual=BLOCK)
def locations_in_a_file_of_their_own(lab: Lab) -> None:
    """After issue 1271 of a module for Puppet
    (https://github.com/voxpupuli/puppet-nginx/issues/1271): a file in conf.d that holds a location
    and no server."""
    later(lab)
    text = "location /metrics {\n  proxy_pass https://192.0.2.1:8443;\n}\n"
    lab.server.write("/etc/nginx/conf.d/example.mydomain.com.conf", text)


@scenario(outside=None, server="nginx.config-invalid", differs=(BLOCKER, MAIN), not_on=OWN_MAIN)
def setting_stands_in_two_files(lab: Lab) -> None:
    """After issue 414 of a blocker of bad bots
    (https://github.com/mitchellkrogza/nginx-ultimate-bad-bot-blocker/issues/414): certbot cannot
    renew, as server_names_hash_bucket_size is set twice."""
    lab.edit("http {\n", "http {\n  server_names_hash_bucket_size 128;\n", MAIN)
    later(lab)
    text = "server_names_hash_bucket_size 256;\nserver_names_hash_max_size 4096;\n"
    lab.server.write(BLOCKER, text)


@scenario(outside="tcp.refused", server="nginx.config-invalid", manual="which rate is meant?")
def zone_of_a_limit_is_not_defined(lab: Lab) -> None:
    """After issue 29551 of the documentation of ASP.NET Core
    (https://github.com/dotnet/AspNetCore.Docs/issues/29551): limit_req without limit_req_zone."""
    lab.edit(PASS, f"limit_req zone=one burst=10 nodelay;\n    {PASS}")
    start_in_vain(lab)


@scenario(outside=None, server="nginx.config-invalid", manual=BLOCK)
def whole_configuration_in_conf_d(lab: Lab) -> None:
    """After issue 70 of examples for Xray (https://github.com/XTLS/Xray-examples/issues/70): a
    whole nginx.conf as conf.d/default.conf."""
    later(lab)
    text = "user www-data;\nevents {\n}\nhttp {\n  server {\n    listen 8080;\n  }\n}\n"
    lab.server.write("/etc/nginx/conf.d/default.conf", text)


@scenario(
    outside="tcp.refused", server="nginx.config-invalid", differs=(MAIN,), not_on=OWN_MAIN
)  # fmt: skip
def site_in_place_of_the_main_file(lab: Lab) -> None:
    """After issue 16 of DCRM (https://github.com/82Flex/DCRM/issues/16): the site's file is
    nginx.conf, which begins with `upstream`."""
    lab.server.path(site.CONF).unlink()
    upstream = "upstream shop {\n  server 127.0.0.1:3000;\n}\n\n"
    lab.server.write(MAIN, upstream + site.configuration())
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def location_stands_twice(lab: Lab) -> None:
    """After issue 2 of docker-nginx-auto-ssl
    (https://github.com/Valian/docker-nginx-auto-ssl/issues/2): the same location was added again
    by a script that ran twice."""
    lab.edit(PAGES, PAGES + PAGES)
    start_in_vain(lab)


@scenario(outside=None, server="websocket.map-missing", differs=(*MINE, PROXY))
def map_is_missing_for_an_included_file(lab: Lab) -> None:
    """After issue 491 of nginxconfig.io
    (https://github.com/digitalocean/nginxconfig.io/issues/491): a file for every location uses
    $connection_upgrade, and nobody defines it."""
    lab.edit(site.MAP, "")
    lab.edit("Connection $connection_upgrade;", 'Connection "upgrade";')
    lab.restart_nginx()
    later(lab)
    lines = ("Upgrade $http_upgrade;", "Connection $connection_upgrade;")
    lab.server.write(PROXY, "".join(f"proxy_set_header {line}\n" for line in lines))
    lab.edit(PAGES, PAGES.replace(PASS, f"include {PROXY};\n    {PASS}"))


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def address_of_the_application_without_a_protocol(lab: Lab) -> None:
    """proxy_pass localhost:3000;"""
    lab.edit("http://127.0.0.1:3000", "127.0.0.1:3000")
    start_in_vain(lab)


@scenario(outside=None, server="nginx.config-invalid", differs=MINE)
def field_with_semicolons_has_no_quotes(lab: Lab) -> None:
    """add_header Strict-Transport-Security max-age=31536000; includeSubDomains;"""
    later(lab)
    field = "  add_header Strict-Transport-Security max-age=300; includeSubDomains;\n"
    lab.edit(TIMEOUT, TIMEOUT + field)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def brace_too_many(lab: Lab) -> None:
    """It closes the server block before its last location."""
    lab.edit("  location /ws {", "  }\n\n  location /ws {")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def brace_too_many_inside_a_location(lab: Lab) -> None:
    """It closes the location of the WebSocket before its last lines."""
    upgrade = "    proxy_set_header Upgrade $http_upgrade;\n"
    lab.edit(upgrade, f"  }}\n{upgrade}")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def map_inside_the_server_block(lab: Lab) -> None:
    """A snippet for WebSockets, pasted where the location is."""
    inner = "".join(f"  {line}\n" for line in site.MAP.splitlines())
    lab.edit(site.MAP, "")
    lab.edit(TIMEOUT, f"{inner}{TIMEOUT}")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def settings_of_certbot_are_gone(lab: Lab) -> None:
    """certbot was purged; its options-ssl-nginx.conf is included still."""
    lab.edit(TIMEOUT, f"  include /etc/letsencrypt/options-ssl-nginx.conf;\n{TIMEOUT}")
    start_in_vain(lab)


@scenario(outside="http.server-error", server="nginx.config-invalid", differs=MINE)
def port_corrected_with_a_slip(lab: Lab) -> None:
    """3001 became 3000, with a size that nginx does not know: it goes on with 3001."""
    lab.change(PAGES, PAGES.replace("3000", "3001"))
    later(lab)
    lab.edit(
        PAGES.replace("3000", "3001"),
        PAGES.replace(PASS, f"client_max_body_size 20MB;\n    {PASS}"),
    )


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def brace_in_an_expression(lab: Lab) -> None:
    """After issue 200 of AUTOM8N (https://github.com/AnoopAlias/AUTOM8N/issues/200): the file of an
    authority, whose name has 32 letters."""
    comodo = "  location ~ ^/[A-F0-9]{32}\\.txt$ {\n    root /var/www/acme;\n  }\n\n"
    lab.edit(TIMEOUT, TIMEOUT + "\n" + comodo)
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def protocol_in_an_upstream(lab: Lab) -> None:
    lab.edit(site.MAP, f"{site.MAP}upstream app {{\n  server http://127.0.0.1:3000/;\n}}\n")
    lab.edit(PAGES, PAGES.replace("127.0.0.1:3000", "app"))
    start_in_vain(lab)


@scenario(
    outside="tcp.refused", server="nginx.config-invalid", manual="the path of the log may be wrong"
)
def folder_of_a_log_is_missing(lab: Lab) -> None:
    lab.edit(TIMEOUT, f"{TIMEOUT}  access_log /var/log/shop/access.log;\n")
    lab.undo(lambda: lab.server.sh("rm -rf /var/log/shop"))
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def lines_of_a_file_that_debian_brings(lab: Lab) -> None:
    """A site of Debian on the package of nginx.org."""
    lab.edit("    proxy_set_header Host $http_host;\n", "    include debian/proxy_params;\n")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=(*MINE, MAIN))
def zone_of_a_cache_that_nothing_defines(lab: Lab) -> None:
    lab.edit(TIMEOUT, f"{TIMEOUT}  proxy_cache shop;\n")
    lab.undo(lambda: lab.server.sh("rm -rf /var/cache/nginx-shop"))
    start_in_vain(lab)
