"""The modules of probes as rows of a table: whom they ask, when, and a command that shows the same.

What each looks at is said in `diagnose.i18n.probes`. `--list-probes` and `--plan` print it. A test
holds that every module of `diagnose.probes` has its row.
"""

from typing import Literal

from diagnose.model import Side, Target
from diagnose.model.addresses import is_local_host
from diagnose.model.frozen import frozen
from diagnose.probes import Options

#: Whom a module asks. "server" reads on the server and sends nothing.
Peer = Literal[
    "name-servers", "site", "server", "application", "cloud", "vantage", "globalping", "origin"
]
#: "failure": only where something fails, or where a question stays open.
Occasion = Literal["always", "failure"]


@frozen
class ProbeRow:
    """A module of probes. `layers` are those of `--only` that need it; () is every run. In
    `command`, {host}, {port}, {url} and {page} stand for those of the target, {vantage} and
    {origin} for the options; words in capitals are found by the run itself."""

    name: str
    side: Side
    peer: Peer
    occasion: Occasion
    command: str
    layers: tuple[str, ...] = ()


def _outside(
    name: str, peer: Peer, command: str, *layers: str, occasion: Occasion = "always"
) -> ProbeRow:
    return ProbeRow(name, Side.OUTSIDE, peer, occasion, command, layers)


def _inside(name: str, command: str, *layers: str) -> ProbeRow:
    return ProbeRow(name, Side.INSIDE, "server", "always", command, layers)


def _after_failure(name: str, command: str, *layers: str, peer: Peer = "server") -> ProbeRow:
    return ProbeRow(name, Side.INSIDE, peer, "failure", command, layers)


_CURL_APPLICATION = "curl -sSi http://APPLICATION/"
_CURL_WEBSOCKET = (
    "curl -sSi -N --http1.1 -H 'Connection: Upgrade' -H 'Upgrade: websocket' "
    "-H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='"
)
_CLOUD_RULES = (
    "aliyun ecs DescribeSecurityGroupAttribute; tccli vpc DescribeSecurityGroupPolicies; "
    "aws ec2 describe-security-groups"
)

ROWS = (
    _outside("dns", "name-servers", "dig +noall +answer {host} A {host} AAAA"),
    _outside("tcp", "site", "nc -v -z -w 4 {host} {port}"),
    _outside("tls", "site", "openssl s_client -connect {host}:{port} -servername {host} </dev/null",
             "tls", "certificate", "http", "websocket"),
    _outside("http", "site", "curl -sSi {page}", "http", "websocket"),
    _outside("websocket", "site", _CURL_WEBSOCKET + " {page}", "websocket"),
    _outside("vantages", "vantage", "ssh {vantage} curl -sSi {page}"),
    _outside("globalping", "globalping", "curl https://api.globalping.io/v1/measurements"),
    _outside("origin", "origin", "curl -sSi --connect-to ::{origin}: {page}", "http"),
    _outside("cloud", "cloud", _CLOUD_RULES, "cloud", occasion="failure"),
    _inside("system", "ss -ltnp; ip address; hostnamectl"),
    _inside("nginx", "nginx -T; ps -eo pid,ppid,lstart,args | grep [n]ginx", "nginx", "websocket"),
    _after_failure("web_servers", "apachectl -S; haproxy -c -f FILE; caddy adapt --config FILE"),
    _after_failure("haproxy_backends", "echo 'show stat' | socat - SOCKET", peer="application"),
    _after_failure("haproxy_other_backends", _CURL_APPLICATION, peer="application"),
    _after_failure("other_applications", _CURL_APPLICATION, peer="application"),
    _after_failure("backends", _CURL_APPLICATION, peer="application"),
    _after_failure("backend_visits", _CURL_APPLICATION, peer="application"),
    _after_failure("backend_logins", _CURL_APPLICATION, peer="application"),
    _after_failure("kept_connections", _CURL_APPLICATION, peer="application"),
    _after_failure("backend_schemes", _CURL_APPLICATION, peer="application"),
    _after_failure("backend_hosts", _CURL_APPLICATION, peer="application"),
    _after_failure("base_path_fields", _CURL_APPLICATION, peer="application"),
    _after_failure("inner_nginx", "ss -ltnp; nginx -T", "nginx", "upstream", "websocket"),
    _after_failure("container_nginx", "docker exec CONTAINER nginx -T", "http", "upstream"),
    _after_failure("container_logs", "docker logs --tail 1000 CONTAINER", "upstream"),
    _after_failure("container_pages", "docker exec CONTAINER ls -l FILE", "upstream"),
    _after_failure(
        "upstream_certificates",
        "openssl s_client -connect HOST:PORT -showcerts",
        "upstream",
        peer="application",
    ),
    _after_failure("upgrade_protocols", _CURL_APPLICATION, "upstream", peer="application"),
    _after_failure("site_folders", "namei -l FOLDER"),
    _after_failure("handled_paths", "caddy adapt --config FILE"),
    _after_failure("server_logs", "tail -n 50 FILE"),
    _after_failure("failed_services", "systemctl --failed; journalctl -n 60 -u UNIT",
                   "listener", "upstream"),
    _after_failure("program_logs", "journalctl -n 50 -u UNIT; tail -n 50 FILE; curl -sSi {page}",
                   "upstream", "http", peer="site"),
    _after_failure("program_requests", "journalctl -n 1000 -u UNIT; docker logs CONTAINER"),
    _after_failure("logged_reasons", "journalctl -u UNIT; docker logs CONTAINER; namei -l PATH"),
    _after_failure("running_needs", "journalctl -u UNIT; cat /proc/PID/cmdline; ls FOLDER"),
    _after_failure("setting_lines", "grep -nF -e ADDRESS FILE; systemctl cat UNIT", "http",
                   "websocket"),
    _after_failure("own_settings", "cat FILE; systemctl cat UNIT; docker inspect CONTAINER", "http",
                   "upstream", "server", "websocket"),
    _inside("application_services", "systemctl show '*.service'; journalctl -n 60 -u UNIT",
            "upstream"),
    _inside("firewall", "firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones"),
    _after_failure("containers", "docker ps -a; podman ps -a; lsns -t net"),
    _inside("netfilter", "nft list ruleset; iptables-save; ip6tables-save"),
    _inside("bans", "fail2ban-client status; ip route show table all"),
    _inside("kernel", "sysctl -a; nstat -az; ss -ltn"),
    _after_failure("kernel_drops", "perf trace -e skb:kfree_skb", peer="site"),
    _after_failure("port_holders", "ss -ltnp; ps -eo pid,stat,comm"),
    _after_failure("passed_ports", "nginx -T; apachectl -S", "listener", "firewall"),
    _after_failure("descriptors", "ss -ltnp; ls /proc/PID/fd | wc -l; cat /proc/PID/limits"),
    _after_failure("unmounted_folders", "findmnt --fstab; findmnt"),
    _after_failure("unit_rules", "systemctl show UNIT"),
    _after_failure("running_programs", "ss -ltnp; ls -l /proc/PID/cwd /proc/PID/exe", "upstream"),
    _after_failure("tunnels", "pgrep -a 'frpc|cloudflared|ngrok|ssh'", "server"),
    _after_failure("nginx_files", "namei -l FILE; journalctl -n 60 -u nginx"),
    _after_failure("other_nginx", "find / -name nginx.conf; openssl x509 -noout -dates -in FILE"),
    _after_failure("program_certificates", "openssl x509 -noout -dates -in FILE"),
    _after_failure("program_tls", "ss -ltnp; openssl x509 -noout -issuer -in FILE"),
    _after_failure("large_files", "du -xah FOLDER | sort -h | tail -n 20", "host"),
    _after_failure("renewals", "certbot certificates; systemctl --failed"),
    _inside("logs", "tail -n 50 /var/log/nginx/error.log", "nginx", "upstream"),
    ProbeRow("access_logs", Side.INSIDE, "site", "always", "tail -n 1000 /var/log/nginx/access.log",
             ("nginx", "upstream")),
    ProbeRow("server_access_logs", Side.INSIDE, "site", "always",
             "tail -n 1000 /var/log/apache2/access.log; journalctl -u caddy -n 1000", ("server",)),
    _after_failure("page_files", "namei -l FILE"),
    _after_failure("target_files", "namei -l FILE"),
    _after_failure("newer_files", "namei -l FILE", "nginx"),
    _after_failure("sibling_files", "namei -l FILE; readlink /proc/PID/cwd", "nginx"),
    _after_failure("project_files", "ls -ld FOLDER; readlink /proc/PID/cwd", "upstream"),
    _after_failure("script_containers", "docker inspect NAME", "upstream"),
    _after_failure("script_files", "namei -l FILE", "upstream"),
    _after_failure("fallback_files", "namei -l FILE", "nginx"),
    _inside("hidden_pages", "cat FILE", "http"),
    _inside("precompressed_files", "ls -l FILE*", "nginx"),
    _inside("upload_folders", "namei -l FOLDER", "nginx"),
    _after_failure("unincluded_sites", "grep -rlw {host} /etc/nginx"),
    ProbeRow("upstream_connect", Side.INSIDE, "application", "always", "nc -v -z HOST PORT",
             ("upstream", "websocket")),
    _after_failure("upstream_groups", _CURL_APPLICATION, peer="application"),
    _after_failure("upstream_requests", _CURL_APPLICATION, "upstream", "http", peer="application"),
    _after_failure("upstream_bodies", _CURL_APPLICATION, "upstream", "http", peer="application"),
    _after_failure("upstream_comparisons", _CURL_APPLICATION, "upstream", "http",
                   peer="application"),
    _after_failure("logged_comparisons", _CURL_APPLICATION, "upstream", peer="application"),
    _after_failure("logged_preflights", "curl -sSi -X OPTIONS -H 'Origin: ORIGIN' {page}", "http",
                   peer="site"),
    _after_failure("origin_controls", "curl -sSi -H 'Host: HOST' -H 'Origin: ORIGIN' "
                   "http://APPLICATION/", "server", peer="application"),
    _after_failure("compressed_pages", "curl -sSi --compressed http://APPLICATION/",
                   "upstream", "nginx", peer="application"),
    _after_failure("bypassed_applications", _CURL_APPLICATION, "upstream", "nginx",
                   peer="application"),
    _after_failure("neighbour_applications", _CURL_APPLICATION, "upstream", "nginx",
                   peer="application"),
    _after_failure("other_listeners", _CURL_APPLICATION, "upstream", peer="application"),
    _after_failure("upstream_protocols", "cgi-fcgi -bind -connect APPLICATION; grpcurl APPLICATION",
                   peer="application"),
    _after_failure("page_websockets", _CURL_WEBSOCKET + " http://APPLICATION/", "websocket",
                   peer="application"),
    _after_failure("websocket_retries", _CURL_WEBSOCKET + " http://APPLICATION/",
                   peer="application"),
    _inside("connection_options", _CURL_WEBSOCKET + " {page}", "websocket"),
    _after_failure("server_side_entry", "curl -sSi --connect-to ::127.0.0.1: {page}"),
    _after_failure("local_answers", "curl -sSi --connect-to ::127.0.0.1: {page}"),
    _after_failure("resolver_answers", "dig @RESOLVER NAME", "upstream", peer="name-servers"),
    _after_failure("container_names", "docker exec NAME getent ahostsv4 APPLICATION", "upstream",
                   peer="name-servers"),
    _inside("undone_fixes", "ls /var/lib/diagnose"),
    _after_failure("other_ports", "ss -ltnp; nginx -T", "listener"),
    _after_failure("cloud", _CLOUD_RULES, "cloud", peer="cloud"),
    _after_failure("own_tls_versions", "cat FILE; systemctl cat UNIT"),
    _after_failure("returned_connections", "ss -tn state established", "tcp", "tls", "dns"),
    _after_failure("proxy_headers", "tail ACCESS_LOG", "server"),
)  # fmt: skip


def rows_of(target: Target, options: Options) -> tuple[ProbeRow, ...]:
    """Return the rows of a run, in their order."""
    return tuple(row for row in ROWS if _runs(row, target, options))


def _runs(row: ProbeRow, target: Target, options: Options) -> bool:
    if row.layers and not any(map(options.wants, row.layers)):
        return False
    if row.side is Side.INSIDE:
        return options.inside is not False
    if not options.outside:
        return False
    if row.name in {"vantages", "globalping", "origin", "cloud"}:
        return row.name in options.requested_modules
    if row.name == "dns":  # an address is not asked for, localhost is known here
        return not (is_local_host(target.host) or _is_address(target.host))
    if row.name == "websocket":
        return bool(target.websockets) or target.is_websocket
    return row.name != "tls" or target.uses_tls


def _is_address(host: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def command_text(row: ProbeRow, target: Target, options: Options) -> str:
    """Return the command of a row for a target, quoted for a shell."""
    import shlex

    scheme = "https" if target.uses_tls else "http"
    host = target.host
    facts = {
        "host": shlex.quote(f"[{host}]" if ":" in host and "s_client" in row.command else host),
        "port": str(target.port),
        "page": shlex.quote(f"{scheme}://{target.authority}{target.path}"),
        "vantage": shlex.quote(next((name for name in options.vantages if ":" in name), "HOST")),
        "origin": shlex.quote(options.origin_address or "ADDRESS"),
    }
    return row.command.format(**facts)
