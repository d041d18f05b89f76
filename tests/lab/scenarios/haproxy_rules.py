"""HAProxy as people asked about it in threads: a file that is not loaded, a health check that is a
stranger, a path that is changed before the rules are read."""

from .. import certificates, haproxy
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import checked, haproxy_scenario, healthy_haproxy, server_line_with_another_port
from .nginx import later
from .nginx_other_requests_failed import visit
from .server_other_requests_failed import serve_haproxy
from .upstream_scheme_in_answers import APPLICATION


@haproxy_scenario(outside="http.server-error", server="server.reload-needed")
def right_file_is_not_loaded(lab: Lab) -> None:
    """The port of the server line was put right, and HAProxy was not reloaded."""
    server_line_with_another_port(lab)
    later(lab)
    haproxy.edit(lab, ":3001", ":3000")


@haproxy_scenario(outside="http.server-error", server="server.reload-needed")
def new_rule_is_not_loaded(lab: Lab) -> None:
    """A default_backend was added for requests without a rule, and HAProxy was not reloaded."""
    rule = "    use_backend app if { hdr(host) -i www.shop.example.com }\n"
    haproxy.serve(lab, SITE.replace("    default_backend app\n", rule))
    later(lab)
    haproxy.edit(lab, rule, f"{rule}    default_backend app\n")


DENIED = SITE.replace("    option forwardfor\n", "    http-request deny if { path_beg /shop }\n")


@haproxy_scenario(
    outside=None, server="server.reload-needed", target="https://shop.example.com/shop"
)
def removed_rule_is_still_loaded(lab: Lab) -> None:
    """A rule that denies a path was taken out, and HAProxy was not reloaded."""
    haproxy.serve(lab, DENIED)
    later(lab)
    haproxy.edit(lab, "    http-request deny if { path_beg /shop }\n", "")


@healthy_haproxy(target="https://shop.example.com/shop")
def removed_rule_is_no_longer_loaded(lab: Lab) -> None:
    """The twin of `removed_rule_is_still_loaded`."""
    haproxy.serve(lab, DENIED.replace("    http-request deny if { path_beg /shop }\n", ""))
    later(lab)
    haproxy.edit(lab, "frontend https\n", "# changed\nfrontend https\n")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-rule-refuses",
    target="https://shop.example.com/shop",
    manual="whether the rule is meant, its owner knows",
)
def rule_denies_in_the_newer_file_too(lab: Lab) -> None:
    haproxy.serve(lab, DENIED)
    later(lab)
    haproxy.edit(lab, "frontend https\n", "# changed\nfrontend https\n")


@healthy_haproxy()
def a_comment_is_not_loaded(lab: Lab) -> None:
    """The file is newer than what HAProxy loaded, and the site is well."""
    haproxy.serve(lab)
    later(lab)
    haproxy.edit(lab, "frontend http\n", "# by hand\nfrontend http\n")


STRANGERS = (
    "require('http').createServer((request, response) => { response.statusCode = 401;"
    " response.end('<!doctype html><p>Who are you?') }).listen(3000, '127.0.0.1')"
)


def asks_strangers(lab: Lab, text: str) -> None:
    """The application asks everybody to sign in."""
    lab.application_service.stop()
    lab.spawn(lab.server, ["node", "-e", STRANGERS], 3000)
    haproxy.serve(lab, text)


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-health-check-fails",
    manual="the laboratory's page needs no sign-in",
)
def health_check_is_a_stranger(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/1560: Plex answers 401 to everybody who has not
    signed in, and to the check."""
    asks_strangers(lab, checked("option httpchk GET /"))
    haproxy.until_unavailable(lab)


@healthy_haproxy()
def health_check_knows_the_answer_to_strangers(lab: Lab) -> None:
    expect = "option httpchk GET /\n    http-check expect status 200-399,401"
    asks_strangers(lab, checked(expect))


API = "https://shop.example.com/example/api/items"
PROGRAM = """require('http').createServer((request, response) => {
  if (!request.url.startsWith('/gateway')) response.statusCode = 404;
  response.end('<!doctype html><p>items')
}).listen(3009, '127.0.0.1')"""
CHANGE = r"http-request replace-path ^/example/api(/.*)?$ /gateway\1"


def gateway(lab: Lab, rule: str, backend: str) -> None:
    """The pages know no /gateway, and the interface knows nothing else."""
    lab.spawn(lab.server, ["node", "-e", PROGRAM], 3009)
    pages = "require('http').createServer((request, response) => { response.statusCode = "
    code = f"{pages} request.url === '/' ? 200 : 404; response.end('page') }}).listen(3008)"
    lab.spawn(lab.server, ["node", "-e", code], 3008)
    acl = "    acl api path_beg /example/api\n"
    rules = f"{acl}{rule}    use_backend gateway if api\n    default_backend app\n"
    text = SITE.replace("    default_backend app\n", rules).replace(":3000", ":3008")
    haproxy.serve(lab, f"{text}\nbackend gateway\n{backend}    server g1 127.0.0.1:3009\n")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-path-changed-first",
    target=API,
    manual="the laboratory's page is another",
)
def haproxy_changes_the_path_before_the_rule(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/2926: requests of the interface go to the
    default backend, although the ACL is true."""
    gateway(lab, f"    {CHANGE} if api\n", "")


@healthy_haproxy(target=API)
def haproxy_changes_the_path_in_the_backend(lab: Lab) -> None:
    gateway(lab, "", f"    {CHANGE}\n")


@haproxy_scenario(
    outside="http.redirect-loop",
    server="server.proxied-to-itself",
    differs=(haproxy.CONFIG,),
)
def haproxy_passes_the_page_to_its_own_name(lab: Lab) -> None:
    """The redirect of port 80 answers."""
    haproxy.serve(lab, SITE.replace("127.0.0.1:3000", "203.0.113.10:80"))


#: A list in the query, longer than HAProxy's buffer.
LONG = "https://shop.example.com/search?q=" + "tea," * 4500


@haproxy_scenario(
    outside=None,
    server="server.haproxy-request-too-large",
    target=LONG,
    differs=(haproxy.CONFIG,),
)
def haproxy_address_is_longer_than_its_buffer(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/115: 400 for a long URL."""
    haproxy.serve(lab)


@healthy_haproxy(target=LONG)
def haproxy_buffer_has_room_for_the_address(lab: Lab) -> None:
    haproxy.serve(lab, SITE.replace("    maxconn 4000\n", "    tune.bufsize 65536\n"))


ACME = "    acl acme path /.well-known/acme-challenge\n"
TO_CERTBOT = f"{ACME}    use_backend certbot if acme\n"
CHALLENGE = "http://shop.example.com/.well-known/acme-challenge/evaGxfADs6pSRb2L"


def challenges_to_certbot(lab: Lab, method: str = "path") -> None:
    """Certbot's own server answers challenges, the application does not."""
    lab.application("--mode", "no-challenge")
    program = str(haproxy.__file__).replace("haproxy.py", "application.py")
    lab.spawn(lab.server, lab.server.python(program, "--port", "3001"), 3001)
    text = SITE.replace("    default_backend app\n", f"{TO_CERTBOT}    default_backend app\n")
    redirect = "    http-request redirect scheme https code 301\n"
    lines = f"{ACME}{redirect[:-1]} unless acme\n    use_backend certbot if acme\n"
    text = text.replace(redirect, lines)
    text = text.replace("acme path /", f"acme {method} /")
    haproxy.serve(lab, f"{text}\nbackend certbot\n    server certbot1 127.0.0.1:3001\n")


BIND = "    bind :80\n"
DENY = "    http-request deny if { path_beg /. }\n"


@haproxy_scenario(
    outside="http.acme-challenge-blocked",
    server="server.haproxy-rule-refuses",
    target=CHALLENGE,
    differs=(haproxy.CONFIG,),
)
def haproxy_denies_challenges_with_hidden_files(lab: Lab) -> None:
    """A rule against .git and .env takes /.well-known/ too."""
    challenges_to_certbot(lab, "path_beg")
    haproxy.edit(lab, BIND, BIND + DENY)
    lab.server.sh("kill -USR2 $(cat /run/haproxy.pid); sleep 1")


@haproxy_scenario(
    outside="certificate.expires-soon",
    server="http.acme-challenge-blocked",
    seen_besides=("http.acme-challenge-blocked",),
    manual="the authority has to be asked again",
)
def haproxy_denies_challenges_of_a_late_certificate(lab: Lab) -> None:
    """The same, asked about the site; the rule has an ACL of its own."""
    challenges_to_certbot(lab, "path_beg")
    late = certificates.leaf(starts=-85, ends=5)
    lab.server.write(haproxy.PEM, haproxy.bundle(late), 0o600)
    acl = "    acl hidden path_beg -i /.\n    http-request deny if hidden\n"
    haproxy.edit(lab, BIND, BIND + acl)
    lab.server.sh("kill -USR2 $(cat /run/haproxy.pid); sleep 1")


@healthy_haproxy(target=CHALLENGE)
def haproxy_denies_hidden_files_alone(lab: Lab) -> None:
    challenges_to_certbot(lab, "path_beg")
    spared = DENY.replace("}", "} !{ path_beg /.well-known/ }")
    haproxy.edit(lab, BIND, BIND + spared)
    lab.server.sh("kill -USR2 $(cat /run/haproxy.pid); sleep 1")


@haproxy_scenario(
    outside="http.redirect-to-error",
    server="server.haproxy-path-exact",
    target=CHALLENGE,
    differs=(haproxy.CONFIG,),
)
def haproxy_compares_the_whole_path_of_challenges(lab: Lab) -> None:
    """https://github.com/ooni/sysadmin/pull/506: `path` in the place of `path_beg`."""
    challenges_to_certbot(lab)


@healthy_haproxy(target=CHALLENGE)
def haproxy_compares_the_beginning_of_challenges(lab: Lab) -> None:
    challenges_to_certbot(lab, "path_beg")


LONGER = "https://shop.example.com/digitalproductlifecycle/"
DIGITAL = """\
    acl digital path_beg /digital{}
    use_backend digital if digital
    acl lifecycle path_beg /digitalproductlifecycle
    use_backend lifecycle if lifecycle
    default_backend app
"""


def two_services(lab: Lab, end: str) -> None:
    """Two programs below paths of which one begins with the other."""
    for port, path in ((3008, "/digital/"), (3009, "/digitalproductlifecycle/")):
        lab.spawn(lab.server, lab.server.application("paths_server", str(port), path), port)
    text = SITE.replace("    default_backend app\n", DIGITAL.format(end))
    backends = "backend digital\n    server d1 127.0.0.1:3008\n"
    backends += "backend lifecycle\n    server l1 127.0.0.1:3009\n"
    haproxy.serve(lab, f"{text}\n{backends}")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-rule-shadowed",
    target=LONGER,
    differs=(haproxy.CONFIG,),
)
def haproxy_path_begins_like_another(lab: Lab) -> None:
    """https://github.com/vfarcic/docker-flow-proxy/issues/292: path_beg /digital takes it."""
    two_services(lab, "")


@healthy_haproxy(target=LONGER)
def haproxy_path_is_compared_with_its_slash(lab: Lab) -> None:
    two_services(lab, "/")


BY_NAME = """\
    acl shop hdr(host){} -i shop.example.com
    use_backend app if shop
"""
FEDERATION = "Got response 503 from shop.example.com:443"


@haproxy_scenario(
    outside=None,
    server="server.haproxy-host-with-port",
    args=(FEDERATION,),
    differs=(haproxy.CONFIG,),
)
def haproxy_compares_the_host_with_its_port(lab: Lab) -> None:
    """https://github.com/matrix-org/synapse/pull/11128: clients write `Host: NAME:443`."""
    haproxy.serve(lab, SITE.replace("    default_backend app\n", BY_NAME.format("")))


def _with_a_log(lab: Lab, options: str) -> None:
    """A program writes the port, and HAProxy logs the field Host."""
    capture = "    capture request header Host len 64\n"
    serve_haproxy(lab, capture + BY_NAME.format(options), rest="")
    host = ("-H", "Host: shop.example.com:443", "--http1.1")
    for _ in range(2):
        visit(lab, "/_matrix/federation/v1/version", *host, referer="")


@haproxy_scenario(outside=None, server="server.haproxy-host-with-port", differs=(haproxy.CONFIG,))
def haproxy_logs_the_host_with_its_port(lab: Lab) -> None:
    """The same, asked about the site without a message."""
    _with_a_log(lab, "")


@healthy_haproxy()
def haproxy_logs_the_host_and_drops_its_port(lab: Lab) -> None:
    _with_a_log(lab, ",field(1,:)")


@healthy_haproxy()
def haproxy_compares_the_host_without_its_port(lab: Lab) -> None:
    own = BY_NAME.format(",field(1,:)")
    haproxy.serve(lab, SITE.replace("    default_backend app\n", own))


CLOSED = """\
    acl shop hdr(host) -i shop.example.com
    use_backend app if shop
"""


@haproxy_scenario(
    outside=None,
    server="server.haproxy-rule-refuses",
    differs=(haproxy.CONFIG,),
)
def haproxy_refuses_before_it_chooses(lab: Lab) -> None:
    """https://github.com/PasarGuard/PasarGuard.github.io/issues/7: `http-request deny` stands last,
    and is evaluated first."""
    rules = f"{CLOSED}    http-request deny\n"
    haproxy.serve(lab, SITE.replace("    default_backend app\n", rules))


@healthy_haproxy()
def haproxy_refuses_what_it_does_not_know(lab: Lab) -> None:
    rules = f"{CLOSED}    http-request deny unless shop\n"
    haproxy.serve(lab, SITE.replace("    default_backend app\n", rules))


# What the application is told of the visitor

TELLS = "    http-request set-header X-Forwarded-Proto https\n"


def _scheme_is_told(lab: Lab, text: str) -> None:
    """An application at port 3019, which makes the address of its style sheet of the scheme that it
    is told."""
    lab.spawn(lab.server, lab.server.python("-c", APPLICATION, "style"), 3019)
    chosen = "    use_backend app if { path_beg /ws }\n    default_backend page\n"
    own = "\nbackend page\n    server page1 127.0.0.1:3019\n"
    haproxy.serve(lab, text.replace("    default_backend app\n", chosen) + own)


@haproxy_scenario(
    outside="http.mixed-content",
    server="server.scheme-not-passed",
    differs=(haproxy.CONFIG,),
)
def haproxy_keeps_the_scheme_from_the_page(lab: Lab) -> None:
    """https://github.com/Libresonic/libresonic/issues/317: addresses with http in an https page."""
    _scheme_is_told(lab, SITE.replace(TELLS, ""))


@healthy_haproxy()
def haproxy_tells_the_scheme_to_the_page(lab: Lab) -> None:
    _scheme_is_told(lab, SITE)


# A field that the application needs

ORIGIN = "    http-request set-header Origin http://127.0.0.1:3000\n"


@haproxy_scenario(
    outside="websocket.origin-refused",
    server="websocket.origin-refused",
    args=("--ws", "/ws"),
    also=("server.application-answers",),
    differs=(haproxy.CONFIG,),
)
def haproxy_replaces_the_origin(lab: Lab) -> None:
    """For an application that believed its own address alone, once."""
    lab.application("--mode", "own-origin")
    haproxy.serve(
        lab, SITE.replace("    default_backend app\n", f"{ORIGIN}    default_backend app\n")
    )


@haproxy_scenario(
    outside="websocket.origin-refused",
    server="websocket.origin-refused",
    args=("--ws", "/ws"),
    also=("server.application-answers",),
    differs=(haproxy.CONFIG,),
)
def haproxy_tells_the_scheme_and_no_port(lab: Lab) -> None:
    """The application believes to be at https://shop.example.com:80."""
    lab.application("--mode", "own-port")
    haproxy.serve(lab)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_tells_the_port(lab: Lab) -> None:
    lab.application("--mode", "own-port")
    port = "    http-request set-header X-Forwarded-Port 443\n"
    haproxy.serve(
        lab, SITE.replace("    default_backend app\n", f"{port}    default_backend app\n")
    )


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_keeps_the_origin(lab: Lab) -> None:
    lab.application("--mode", "own-origin")
    haproxy.serve(lab)


CLOSED = SITE.replace(
    "    default_backend app\n",
    "    use_backend maint unless { src 10.0.0.0/8 }\n    default_backend app\n",
) + (
    "backend maint\n    http-request return status 503 content-type text/html"
    ' string "<h1>Maintenance</h1>" hdr Retry-After 3600\n'
)


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-rule-refuses",
    manual="when the maintenance ends, its owner knows",
)
def maintenance_for_all_but_the_office(lab: Lab) -> None:
    """The backend of the maintenance is chosen by the visitor's address."""
    haproxy.serve(lab, CLOSED)


@healthy_haproxy()
def maintenance_for_another_name(lab: Lab) -> None:
    """Its twin: the backend stands there, and another name of the server has it."""
    haproxy.serve(lab, CLOSED.replace("unless { src 10.0.0.0/8 }", "if { hdr(host) -i old.test }"))
