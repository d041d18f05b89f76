"""HAProxy refuses its configuration for mistakes whose correction is known."""

from .. import haproxy
from ..haproxy import BACKEND, SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

DEFAULT = "    default_backend app\n"
STARTED = (haproxy.CONFIG, "processes")


def refused(lab: Lab, text: str) -> None:
    """HAProxy does not start with this configuration."""
    haproxy.install(lab, text)
    done = lab.server.run(["haproxy", "-W", "-D", "-f", haproxy.CONFIG, "-p", haproxy.PID])
    assert done.returncode, "HAProxy started"


@haproxy_scenario(outside="tcp.refused", server="server.config-invalid", differs=STARTED)
def directives_of_an_older_haproxy(lab: Lab) -> None:
    """After many threads, "The 'reqadd' directive is not supported anymore since HAProxy 2.1": the
    file of another machine."""
    rules = (
        "    reqadd X-Forwarded-Port:\\ 443\n    rspadd X-Content-Type-Options:\\ nosniff\n"
        "    rspidel ^Server\n    option forceclose\n"
    )
    text = SITE.replace(DEFAULT, f"{rules}{DEFAULT}")
    refused(lab, text.replace("    maxconn 4000\n", "    maxconn 4000\n    nbproc 1\n"))


OTHER = "\nbackend other\n    server o1 {}\n"
RULE = "    use_backend other if { path_beg /other }\n"


@haproxy_scenario(outside="tcp.refused", server="server.config-invalid", differs=STARTED)
def a_server_has_a_name_without_an_address(lab: Lab) -> None:
    """https://github.com/vfarcic/docker-flow-proxy/issues/224: HAProxy starts for none of its sites
    while one container is not there."""
    refused(lab, SITE.replace(DEFAULT, RULE + DEFAULT) + OTHER.format("companion.invalid:80"))


@haproxy_scenario(outside="tcp.refused", server="server.config-invalid", differs=STARTED)
def tls_to_a_server_without_authorities(lab: Lab) -> None:
    """After many threads, "verify is enabled by default but no CA file specified"."""
    refused(lab, SITE.replace(DEFAULT, RULE + DEFAULT) + OTHER.format("127.0.0.1:8443 ssl"))


@haproxy_scenario(outside="tcp.refused", server="server.config-invalid", differs=STARTED)
def backend_in_another_mode(lab: Lab) -> None:
    """After many threads, "tries to use incompatible tcp backend (see 'mode')"."""
    refused(lab, SITE.replace(BACKEND, BACKEND.replace("app\n", "app\n    mode tcp\n")))


@haproxy_scenario(outside="tcp.refused", server="server.config-invalid", differs=STARTED)
def pages_of_errors_are_not_there(lab: Lab) -> None:
    """After many threads, "error opening file '/etc/haproxy/errors/400.http'": the file is that of
    Debian, and its pages were not brought along."""
    files = "".join(
        f"    errorfile {status} /etc/haproxy/pages/{status}.http\n" for status in (400, 503)
    )
    refused(lab, SITE.replace("    mode http\n", f"    mode http\n{files}"))


@haproxy_scenario(outside=None, server="server.config-invalid", differs=(haproxy.CONFIG,))
def acl_below_its_rule(lab: Lab) -> None:
    """After many threads, "no such ACL": a rule may name only what stands above it."""
    haproxy.serve(lab)
    rules = "    use_backend app if api\n    acl api path_beg /api\n"
    haproxy.edit(lab, DEFAULT, f"{rules}{DEFAULT}")


@haproxy_scenario(outside=None, server="server.config-invalid", differs=(haproxy.CONFIG,))
def acl_that_says_websocket_is_gone(lab: Lab) -> None:
    """After https://www.haproxy.com/documentation/haproxy-configuration-tutorials/protocol-support/websocket/:
    one of the two ACLs was lost when the file was copied."""
    haproxy.serve(lab)
    rules = (
        "    acl is_websocket_url path_beg /ws\n"
        "    use_backend app if is_websocket is_websocket_url\n"
    )
    haproxy.edit(lab, DEFAULT, f"{rules}{DEFAULT}")


@haproxy_scenario(outside=None, server="server.config-invalid", differs=(haproxy.CONFIG,))
def value_of_several_words_without_quotes(lab: Lab) -> None:
    """After many threads, "expects either 'if' or 'unless' followed by a condition but found": a
    blank ends the value."""
    haproxy.serve(lab)
    value = "max-age=31536000; includeSubDomains"
    line = f"    http-response set-header Strict-Transport-Security {value} if {{ ssl_fc }}\n"
    haproxy.edit(lab, DEFAULT, f"{line}{DEFAULT}")


@haproxy_scenario(outside=None, server="server.config-invalid", differs=(haproxy.CONFIG,))
def last_line_without_a_line_break(lab: Lab) -> None:
    """After many threads, "Missing LF on last line": a program wrote the file."""
    haproxy.serve(lab)
    lab.server.write(haproxy.CONFIG, SITE.rstrip("\n"))


@healthy_haproxy()
def haproxy_starts_without_a_server_that_has_no_address(lab: Lab) -> None:
    text = SITE.replace("    mode http\n", "    mode http\n    default-server init-addr none\n")
    haproxy.serve(lab, text.replace(DEFAULT, RULE + DEFAULT) + OTHER.format("nowhere.invalid:80"))
