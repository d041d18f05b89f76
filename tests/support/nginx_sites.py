"""Configurations made up by chance, always the same ones: sites of a few server blocks on sockets
of their own, loaded many at a time by one real nginx."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

#: Where a request can go: addresses of loopback, of both families.
FOUR, OTHER_FOUR, SIX = "127.0.0.1", "127.83.0.1", "::1"
ECHO = "127.83.1.1"
#: `listen` of a site, and the socket it stands for.
LISTENS = {
    "{p}": "*",
    "0.0.0.0:{p}": "*",
    "*:{p}": "*",
    f"{FOUR}:{{p}}": FOUR,
    f"{OTHER_FOUR}:{{p}}": OTHER_FOUR,
    "[::]:{p}": "::",
    "[::1]:{p}": "::1",
    "[0::0]:{p}": "::",
}
NAMES = (
    "a.t", "A.t", "b.a.t", "c.b.a.t", "a.b", "*.t", "*.a.t", ".a.t", ".t", "a.*", "b.a.*", "_",
    '""', "127.0.0.1", r"~^b\.", "~t$", r"~^(?<x>.)\.a", r"~^(www\.)?(?P<d>.+)\.t$", 
    r'"~^[^.]{2,}\.t$"', r'"~^b{1}\.a\.t$"', r"~^\w+\.B", r"~^[[:alpha:]]\.t$",
)  # fmt: skip
ASKED = (
    "a.t", "b.a.t", "c.b.a.t", "d.c.b.a.t", "x.t", "t", "a.b", "b.a.x.y", "B.A.T", "z.z", "a.t.",
    "www.a.t", "127.0.0.1", "ab.t",
)  # fmt: skip
PREFIXES = (
    "/", "/a", "/a/", "/ab", "/a/b", "/a/b/", "/A", "/a.b", "/caf\u00e9/", '"/a b"', '"/a b/"',
    r"/a\"c", "/%61", "/a//b", '"/a;b"', "/a/b.php", "/a/%2f",
)  # fmt: skip
EXPRESSIONS = (
    "~ ^/a", "~* B$", "~ /b", r"~ \.php$", "~* ^/A/", "~^/ab", '~ "^/a{1,2}$"', r"~ ^/a\ b",
    "~ ^/a//", "~* caf", r"~ /\d$", r"~ ^/[[:alpha:]]/", "~ ^/(?!a).*b$",
)  # fmt: skip
PATHS = (
    "/", "/a", "/a/", "/ab", "/a/b", "/a/b/", "/a/b/c", "/a/x.php", "/A", "/A/B", "/z", "//a//b",
    "/x/../a/b?/c", "/%61b", "/a%2Fb", "/a%2fb%2f", "/a/.", "/a/b/..", "/%2e%2e/a", "/a//b/",
    "/a%20b", "/a%20b/", "/a%22c", "/caf%C3%A9", "/caf%C3%A9/", "/%2561", "/a%3Bb", "/a/b.php/c",
    "/a.b?x=/../", "/a/%252f", "/./a/./b/", "/a/1", "/a#b", "/a/..%2fab",
)  # fmt: skip


@dataclass(frozen=True)
class Loc:
    head: str
    proxied: bool
    inner: tuple["Loc", ...] = ()


@dataclass(frozen=True)
class Srv:
    listens: tuple[tuple[str, bool], ...]  # and whether it is default_server there
    names: tuple[str, ...]
    locations: tuple[Loc, ...]
    merge: str
    fallback: bool


@dataclass
class Site:
    port: int
    tls: bool
    servers: list[Srv] = field(default_factory=list)


def bare(prefix: str) -> str:
    """As nginx reads it."""
    return prefix.strip('"').replace('\\"', '"')


def locations(rng: Random, below: str = "", deep: int = 2) -> tuple[Loc, ...]:
    """`/a` and `^~ /a` are one location twice; `= /a` is another."""
    made: dict[str, Loc] = {}
    under = [prefix for prefix in PREFIXES if bare(prefix).startswith(below)]
    for _ in range(rng.randint(0, 5)):
        if rng.random() < 0.002:
            head = r"~ ^/a\Kb"  # which Python has no words for
        elif not under or rng.random() < 0.35:
            head = rng.choice(EXPRESSIONS)
        else:
            head = rng.choice(["", "", "= ", "^~ "]) + rng.choice(under)
        inner: tuple[Loc, ...] = ()
        if deep and not head.startswith(("=", "~")):
            inner = locations(rng, bare(head.removeprefix("^~ ")), deep - 1)
        elif deep and head.startswith("~") and rng.random() < 0.3:
            inner = tuple(Loc(one, False) for one in rng.sample(EXPRESSIONS, 2))
        key = bare(head.removeprefix("^~ "))
        made.setdefault(key, Loc(head, rng.random() < 0.5, inner))
    return tuple(made.values())


def site(rng: Random, port: int, tls: bool) -> Site:
    made = Site(port, tls)
    defaults: set[str] = set()
    sockets = rng.sample(sorted(LISTENS), rng.randint(1, 3))
    for _ in range(rng.randint(1, 4)):
        listens: dict[str, tuple[str, bool]] = {}
        for one in rng.sample(sockets, rng.randint(1, len(sockets))):
            where = LISTENS[one]
            default = where not in defaults and rng.random() < 0.3
            if where not in listens:
                listens[where] = (one.format(p=port), default)
                defaults |= {where} if default else set()
        names = tuple(dict.fromkeys(rng.choice(NAMES) for _ in range(rng.randint(0, 3))))
        merge = rng.choice(["", "", "", "merge_slashes off;", "merge_slashes on;"])
        places = locations(rng)
        made.servers.append(Srv(tuple(listens.values()), names, places, merge, rng.random() < 0.2))
    return made


# As nginx reads them


def location_text(loc: Loc, ident: str, port: int) -> str:
    answer = f"return 200 {ident};"
    if loc.proxied:
        answer = f"proxy_pass http://{ECHO}:{port}; proxy_set_header X-Id {ident};"
    inner = "".join(
        location_text(one, f"{ident}.{number}", port) for number, one in enumerate(loc.inner)
    )
    return f"location {loc.head} {{ {inner} {answer} }}\n"


def site_text(one: Site, echo: int, folder: str) -> str:
    text = ""
    for number, server in enumerate(one.servers):
        head = "".join(
            f"listen {where}{' ssl' if one.tls else ''}{' default_server' if default else ''}; "
            for where, default in server.listens
        )
        head += f"server_name {' '.join(server.names)}; " if server.names else ""
        head += f"{server.merge} add_header X-Server s{number} always; root {folder}/none; "
        if one.tls:
            head += f"ssl_certificate {folder}/{number}.pem; ssl_certificate_key {folder}/key; "
        inner = "".join(
            location_text(loc, f"s{number}.{place}", echo)
            for place, loc in enumerate(server.locations)
        )
        if server.fallback:
            inner += f"try_files /nothing @last; location @last {{ return 200 s{number}.last; }}\n"
        text += f"server {{ {head}\n{inner} }}\n"
    return text


def whole(sites: list[Site], echo: int, folder: str) -> str:
    body = "".join(site_text(site, echo, folder) for site in sites)
    temp = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr emerg;\n"
        f"events {{ worker_connections 4096; }}\nhttp {{ access_log off; keepalive_requests 9999;\n"
        f"server_names_hash_bucket_size 128; variables_hash_max_size 4096;\n{temp}"
        f"server {{ listen {ECHO}:{echo}; return 200 $http_x_id; }}\n{body} }}\n"
    )


def certificates(folder: str) -> None:
    """One key, and a certificate for each server block, told apart by its common name."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    Path(folder, "key").write_bytes(private)
    now = datetime.now(UTC)
    for number in range(4):
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"s{number}")])
        made = x509.CertificateBuilder(name, name, key.public_key(), number + 1)
        made = made.not_valid_before(now).not_valid_after(now + timedelta(days=1))
        pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        Path(folder, f"{number}.pem").write_bytes(pem)


def ports(count: int) -> list[int]:
    """Ports that are free on every address, below those that the kernel gives to outgoing
    connections (ip_local_port_range): another test's connection may have one of those before nginx
    starts."""
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    candidates = iter(Random().sample(range(10_240, max(first_outgoing, 32_768)), 50 * count))
    held: list[socket.socket] = []
    while len(held) < count:
        free = socket.socket(socket.AF_INET6)
        free.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        try:
            free.bind(("::", next(candidates)))
        except OSError:
            free.close()
        else:
            held.append(free)
    numbers = [free.getsockname()[1] for free in held]
    for free in held:
        free.close()
    return numbers


@contextmanager
def running(program: str, text: str, folder: str, port: int) -> Iterator[None]:
    path = Path(folder, "nginx.conf")
    path.write_text(text)
    argv = [program, "-p", folder, "-c", str(path), "-e", "stderr"]
    said = Path(folder, "said")
    with said.open("wb") as file:
        process = subprocess.Popen(argv, stderr=file)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                # An answer: nginx opens its sockets one after another, and a connection to the
                # first succeeds before the last is open.
                with socket.create_connection((ECHO, port), 10) as made:
                    made.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    if made.recv(1):
                        break
            except OSError:
                time.sleep(0.01)
        assert process.poll() is None, said.read_text()
        yield
    finally:
        process.terminate()
        process.wait()
