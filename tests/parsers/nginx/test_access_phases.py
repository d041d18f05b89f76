"""Our judgement of who gets in, held to the real program: configurations of allow, deny, geo, map,
if, return and rewrite made up, loaded by one nginx on loopback, and asked from two addresses.
DIAGNOSE_ALL=1 makes more of them, `-s` prints how much was compared."""

import http.client
import os
import shutil
import sys
from collections import Counter
from random import Random
from tempfile import TemporaryDirectory

import pytest

from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.access_phases import access_result
from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.nginx.config import parse
from tests.support.effort import ALL
from tests.support.nginx_sites import ECHO, ports, running

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
CONFIGURATIONS = 400 if ALL else 48
SEED = int(os.environ.get("NGINX_ACCESS_SEED", "7"))
VISITORS = ("127.0.0.2", "127.9.8.7")
PATHS = ("/", "/a", "/a/b", "/a/x.php", "/b", "/static/1", "/private", "/nowhere?x=1")

NETWORKS = (
    "127.0.0.2", "127.9.8.7", "127.0.0.0/24", "127.9.0.0/16", "127.0.0.0/8", "10.0.0.0/8",
    "127.0.0.2/31", "127.8.0.0/15", "0.0.0.0/0", "2001:db8::/32", "192.0.2.7", "127.9.8.7/20",
)  # fmt: skip
WORDS = ("0", "1", "bad", "good")


class Maker:
    """One server block, and the http directives it needs, their names its own."""

    def __init__(self, rng: Random, number: int) -> None:
        self.rng, self.id = rng, number
        self.http: list[str] = []
        self.variables = ["$remote_addr"]
        for kind in range(rng.randrange(3)):
            self.geo(f"$g{number}x{kind}")
        for kind in range(rng.randrange(3)):
            self.map(f"$m{number}x{kind}")

    def geo(self, name: str) -> None:
        rng = self.rng
        if rng.random() < 0.25:
            spans = ["127.0.0.0-127.255.255.255", "127.0.0.2-127.0.0.9"][rng.randrange(2) :]
            entries = ["ranges", *(f"{span} {rng.choice(WORDS)}" for span in spans)]
        else:
            some = rng.sample(NETWORKS, rng.randrange(1, 5))
            entries = [f"{network} {rng.choice(WORDS)}" for network in some]
            if rng.random() < 0.2:
                entries.append(f"delete {some[0]}")
        if rng.random() < 0.6:
            entries.append(f"default {rng.choice(WORDS)}")
        self.http.append(f"geo {name} {{ {'; '.join(entries)}; }}")
        self.variables.append(name)

    def map(self, name: str) -> None:
        rng, source = self.rng, self.rng.choice(self.variables)
        keys = rng.sample(("127.0.0.2", "~^127\\.9\\.", "1", "bad", "~o", "~*^127\\.0"), 3)
        entries = [f'"{key}" {rng.choice((*WORDS, "$server_port"))}' for key in keys]
        if rng.random() < 0.6:
            entries.append(f"default {rng.choice(WORDS)}")
        self.http.append(f"map {source} {name} {{ {'; '.join(entries)}; }}")
        self.variables.append(name)

    def condition(self) -> str:
        rng, variable = self.rng, self.rng.choice(self.variables)
        return rng.choice((
            variable, f"{variable} = {rng.choice(WORDS)}", f"{variable} != {rng.choice(WORDS)}",
            f"$remote_addr = {rng.choice(VISITORS)}", '$remote_addr ~ "^127\\.0"',
            f"{variable} ~ ^b", f"{variable} !~* ^B", '$request_method = "GET"', "$request_uri ~ x",
            "$http_x_none", f"$s{self.id}", f"$s{self.id} = bad",
        ))  # fmt: skip

    def rewrites(self, deep: bool = True) -> list[str]:
        rng = self.rng
        found = []
        for _ in range(rng.choice((0, 0, 1, 2))):
            kind = rng.choice(("if", "if", "if", "set", "rewrite") if deep else ("set", "return"))
            if kind == "set":
                found.append(f"set $s{self.id} {rng.choice((*self.variables, *WORDS))};")
            elif kind == "return":
                found.append(f"return {rng.choice((403, 444, 404, 403, 204))};")
            elif kind == "rewrite":
                found.append(rng.choice(("rewrite ^/b /a/b last;", "rewrite ^/a/(.*)$ /$1 break;",
                                         "rewrite ^/static /private;")))  # fmt: skip
            else:
                inner = self.rewrites(deep=False) or ["return 403;"]
                if rng.random() < 0.2:
                    inner = [rng.choice(("rewrite ^ /private last;", "break;"))]
                found.append(f"if ({self.condition()}) {{ {' '.join(inner)} }}")
        return found

    def access(self) -> list[str]:
        rng = self.rng
        if rng.random() < 0.4:
            return []
        some = rng.sample((*NETWORKS, "unix:"), rng.randrange(1, 4))
        found = [f"{rng.choice(('allow', 'deny'))} {network};" for network in some]
        return found + (
            [f"{rng.choice(('deny', 'deny', 'allow'))} all;"] if rng.random() < 0.6 else []
        )

    def location(self, head: str, inner: str = "") -> str:
        limit = ""
        if self.rng.random() < 0.15:
            methods = self.rng.choice(("GET", "POST", "GET POST"))
            limit = f"limit_except {methods} {{ {' '.join(self.access())} }}"
        said = " ".join((*self.rewrites(), *self.access()))
        return f"location {head} {{ {said} {limit} {inner} empty_gif; }}\n"

    def server(self, port: int) -> str:
        heads = self.rng.sample(("/", "/a", "= /b", "~ \\.php$", "^~ /static", "/private"), 4)
        body = "".join(
            self.location(head, self.location("/a/b") if head == "/a" else "") for head in heads
        )
        fallback = ""
        if self.rng.random() < 0.3:
            fallback = f"try_files /nothing @last; {self.location('@last')}"
        said = " ".join((*self.rewrites(), *self.access()))
        return (
            f"server {{ listen 127.0.0.1:{port}; server_name s{self.id}; {said}\n"
            f"location = /never {{ set $s{self.id} x; }} {body}{fallback} }}\n"
        )


def made(rng: Random, port: int) -> list[str]:
    """What stands in an http block, a configuration each."""
    makers = [Maker(rng, number) for number in range(CONFIGURATIONS)]
    return ["\n".join((*maker.http, maker.server(port))) for maker in makers]


def whole(texts: list[str], port: int, echo: int, folder: str) -> str:
    temp = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr emerg;\n"
        f"events {{ worker_connections 512; }}\nhttp {{ access_log off; keepalive_requests 99999;\n"
        "server_names_hash_max_size 8192; variables_hash_max_size 8192; map_hash_max_size 8192;\n"
        f"rewrite_log off; {temp} server {{ listen {ECHO}:{echo}; return 200; }}\n"
        f"server {{ listen 127.0.0.1:{port} default_server; return 200; }}\n"
        f"{''.join(texts)} }}\n"
    )


def status(port: int, visitor: str, host: str, path: str) -> int:
    """444 where the connection is closed without a word."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=5, source_address=(visitor, 0))
    try:
        client.request("GET", path, headers={"Host": host})
        return client.getresponse().status
    except http.client.RemoteDisconnected:
        return 444
    finally:
        client.close()


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_the_real_nginx_agrees() -> None:
    assert NGINX
    counts: Counter[str] = Counter()
    wrong = []
    port, echo = ports(2)
    with TemporaryDirectory() as folder:
        texts = made(Random(SEED), port)
        with running(NGINX, whole(texts, port, echo, folder), folder, echo):
            for text in texts:
                (server,) = server_blocks.servers(parse(f"http {{ {text} }}", "nginx.conf"))
                name = server.names[0]
                for path in PATHS:
                    for visitor in VISITORS:
                        said = access_result(
                            server, ClientRequest(visitor, name, path, "http", port)
                        )
                        real = status(port, visitor, name, path)
                        # empty_gif answers what gets through; what no location takes is a file.
                        through = real in {200, 204, 404, 405} or 300 <= real < 400
                        counts["asked"] += 1
                        if said.verdict == "unknown":
                            counts["unknown"] += 1
                        elif said.verdict == "denied":
                            counts["denied"] += real == said.status
                        else:
                            counts["passes"] += through
                        agreed = real == said.status if said.verdict == "denied" else through
                        if said.verdict != "unknown" and not agreed:
                            wrong.append(f"{name} {path} {visitor}: nginx {real}, {said}")
    sys.stdout.write(f"\nconfigurations {len(texts)} {dict(counts)} wrong {len(wrong)}\n")
    assert not wrong, "\n".join(wrong[:5])
    assert counts["denied"] > counts["asked"] / 10
    assert counts["unknown"] < counts["asked"] / 10
