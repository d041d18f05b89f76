"""What lies elsewhere on the server, looked for once it matters: the configuration of another
nginx, where the one that runs knows nothing of the site; a certificate that was renewed in another
place, where the one in use has run out or soon will, or one for the name, where it is another's.
"""

import asyncio
import posixpath
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from diagnose.machine import LIMIT, Text
from diagnose.model import Unseen, Vantage
from diagnose.model.files import OtherCertificate, OtherConfig
from diagnose.model.nginx import (
    CertificateFile,
    ConfigFile,
    Directive,
    NginxBuild,
    NginxConfig,
    NginxState,
)
from diagnose.model.tls import Certificate
from diagnose.parsers import pem
from diagnose.parsers.hostnames import covers
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx import server_blocks
from diagnose.probes import Look, probe
from diagnose.probes.inside.nginx import configured

# Another nginx

#: Programs that do not run, and files of a configuration, that are looked at.
MOST_PROGRAMS, MOST_FILES = 3, 200

#: Where each program's links lead, and how it was built.
BUILDS = r"""
for b; do echo "program $b"; readlink -f -- "$b" || echo "$b"; "$b" -V; echo; done 2>&1; :
"""


@probe(after=NginxConfig)
async def other_nginx(look: Look, config: NginxConfig) -> None:
    """The configurations of the programs that do not run, where that which does has no block of
    the target's name on its port."""
    state = next(iter(look.seen(NginxState)), None)
    build = next(iter(look.seen(NginxBuild)), None)
    own = [one for one in (state.masters if state else ()) if not one.foreign]
    if state is None or build is None or not own or named(config.main, look):
        return
    found: list[tuple[str, str, str]] = []
    others = [one for one in state.programs if one != build.binary][:MOST_PROGRAMS]
    if others:
        ran = await look.machine.run("sh", "-c", BUILDS, "sh", *others)
        found += builds(ran.out)
    found.append((build.binary, build.binary, configured(wire.build(_said(build)), ())))
    read = {(one.binary, configured(wire.build(_said(build)), one.arguments)) for one in own}
    paths = {config.path}
    for name, binary, path in found:
        if (binary, path) not in read and path not in paths:
            paths.add(path)
            await _read(look, binary, path, name in state.programs[:1])


def _said(build: NginxBuild) -> str:
    return f"nginx version: {build.version}\nconfigure arguments: {shlex.join(build.arguments)}\n"


def named(main: tuple[Directive, ...], look: Look) -> bool:
    """Whether a block on the target's port has the target's name."""
    found = server_blocks.sockets(server_blocks.servers(main), look.target.port)
    return any(server_blocks.choose(one, look.target.host)[1] != "default" for one in found)


def builds(text: str) -> list[tuple[str, str, str]]:
    """The programs of which BUILDS told, where their links lead, and the configuration that each
    reads."""
    made = []
    for part in re.split(r"^program ", text, flags=re.MULTILINE)[1:]:
        name, binary, said = (*part.split("\n", 2), "", "")[:3]
        made.append((name, binary, configured(wire.build(said), ())))
    return made


async def _read(look: Look, binary: str, path: str, on_path: bool) -> None:
    at = look.now()
    main, files = await tree(look, path)
    if files:
        look.see(
            OtherConfig(
                vantage=Vantage.SERVER,
                at=at,
                took=look.now() - at,
                equivalent=f"{shlex.quote(binary)} -T",
                binary=binary,
                path=path,
                on_path=on_path,
                main=main,
                files=files,
            )
        )


async def tree(look: Look, path: str) -> tuple[tuple[Directive, ...], tuple[ConfigFile, ...]]:
    """A configuration, includes followed, a round for every depth of inclusion."""
    folder, files = posixpath.dirname(path), dict[str, ConfigFile]()
    trees: dict[str, tuple[Directive, ...]] = {}
    matches: dict[str, tuple[str, ...]] = {}
    wanted = [path]
    while wanted:
        rounds = await asyncio.gather(*(_matching(look, pattern) for pattern in wanted))
        for pattern, texts in zip(wanted, rounds, strict=True):
            matches[pattern] = tuple(one.path for one in texts)
            for one in texts[: MOST_FILES - len(files)]:
                if one.failure is None and one.path not in files:
                    files[one.path] = ConfigFile(one.path, one.text, one.changed, one.real)
                    trees[one.path] = wire.parse(one.text, one.path)
        asked = (pattern for made in trees.values() for pattern in wire.includes(made, folder))
        wanted = [pattern for pattern in dict.fromkeys(asked) if pattern not in matches]
    return wire.expand(path, trees, matches), tuple(files.values())


async def _matching(look: Look, pattern: str) -> Sequence[Text]:
    if re.search(r"[*?\[]", pattern):
        return await look.machine.read_all(pattern)
    return (await look.machine.read(pattern, LIMIT),)


# A certificate renewed elsewhere

#: Where certificates lie: certbot, acme.sh, panels, lego, Caddy, dehydrated, and by hand.
FOLDERS = (
    "/etc/letsencrypt/live/*/fullchain.pem",
    "/root/.acme.sh/*/fullchain.cer",
    "/home/*/.acme.sh/*/fullchain.cer",
    "/www/server/panel/vhost/cert/*/fullchain.pem",
    "/www/server/panel/vhost/ssl/*/fullchain.pem",
    "/root/.lego/certificates/*.crt",
    "/etc/lego/certificates/*.crt",
    "/var/lib/lego/certificates/*.crt",
    "/var/lib/caddy/.local/share/caddy/certificates/*/*/*.crt",
    "/root/.local/share/caddy/certificates/*/*/*.crt",
    "/etc/dehydrated/certs/*/fullchain.pem",
    "/var/lib/dehydrated/certs/*/fullchain.pem",
    *(
        f"{folder}/{depth}*.{suffix}"
        for folder in ("/etc/nginx", "/usr/local/nginx/conf", "/usr/local/openresty/nginx/conf")
        for depth in ("", "*/", "*/*/")
        for suffix in ("pem", "crt", "cer")
    ),
    *(f"/etc/ssl/{depth}*.{suffix}" for depth in ("", "*/") for suffix in ("pem", "crt")),
    *(f"/etc/pki/{folder}/*.{suffix}" for folder in ("nginx", "tls/certs")
      for suffix in ("pem", "crt")),
)  # fmt: skip

#: What renews the certificates of a folder.
TOOLS = (
    ("/etc/letsencrypt/", "certbot"),
    ("/.acme.sh/", "acme.sh"),
    ("/www/server/panel/", "BaoTa"),
    ("lego/certificates/", "lego"),
    ("/caddy/certificates/", "Caddy"),
    ("/dehydrated/", "dehydrated"),
)

#: Only the first certificate of each file leaves the server, and never a key. The links in
#: /etc/ssl/certs are the authorities'.
FIND = (
    "for f in "
    + " ".join(FOLDERS)
    + r"""; do
  case $f in /etc/ssl/certs/*) [ -L "$f" ] && continue ;; esac
  [ -f "$f" ] && [ -r "$f" ] || continue
  n=$((n+1)); [ "$n" -gt 300 ] && break
  echo "file $(stat -L -c %Y -- "$f" || echo 0) $f"
  head -c 65536 -- "$f" | sed -n '/-BEGIN CERTIFICATE-/,/-END CERTIFICATE-/p; /-END CERTIFICATE-/q'
done 2>/dev/null
cd /etc/letsencrypt 2>/dev/null || [ ! -e /etc/letsencrypt ] || echo shut
[ ! -e live ] || [ -r live ] || echo shut; :
"""
)

#: The public halves of the keys that may belong to a certificate: beside it, under its name first.
KEYS = r"""
for c; do
  d=${c%/*}; b=${c##*/}; b=${b%.*}
  echo "cert $c"
  n=0
  for k in "$d/$b.key" "$d/privkey.pem" "$d/$b-key.pem" "${d%/*}/private/$b.key" "$c" \
    "$d"/*.key "$d"/*key*.pem
  do
    [ -f "$k" ] && [ "$n" -lt 16 ] && grep -q 'PRIVATE KEY' -- "$k" || continue
    n=$((n+1)); echo "key $k"; openssl pkey -in "$k" -pubout -passin pass:
  done
done 2>/dev/null </dev/null; :
"""

#: Of the newest certificates so many.
MOST_CERTIFICATES = 4


@probe(after=CertificateFile)
async def renewed(look: Look, seen: CertificateFile) -> None:
    """Certificates for the target's name that are good for longer than the one that nginx reads,
    where that has run out or soon will; or any that are good, where that is of no use for the name.
    """
    host = look.target.host
    wanting = [
        one
        for one in look.seen(CertificateFile)
        if one.chain and (ends(one.chain[0]) or _is_no_use(one.chain[0], host))
    ]
    if not wanting or wanting[0] is not seen:
        return
    no_use = _is_no_use(seen.chain[0], host)
    at = look.now()
    ran = await look.machine.run("sh", "-c", FIND)
    if re.search(r"^shut$", ran.out, re.MULTILINE):
        _unseen(look, "/etc/letsencrypt/live", "sudo certbot certificates")
    later = [
        one
        for one in certificates(ran.out)
        if (no_use or one.leaf.outlasts(seen.chain[0]))
        and one.leaf.sha256 != seen.sha256
        and not ends(one.leaf)
        and covers(host, one.leaf.dns_names, one.leaf.addresses)
    ]
    later.sort(key=lambda one: (one.tool == "", one.path))
    later.sort(key=lambda one: one.leaf.not_after or datetime.min.replace(tzinfo=UTC), reverse=True)
    if not later:
        return
    paths = [one.path for one in later[:MOST_CERTIFICATES]]
    ran = await look.machine.run("sh", "-c", KEYS, "sh", *paths)
    keys = matching(ran.out)
    for one in later[:MOST_CERTIFICATES]:
        key = next((path for path, public in keys.get(one.path, ()) if public == one.public), "")
        look.see(replace(one, at=at, took=look.now() - at, key=key))


def _is_no_use(leaf: Certificate, host: str) -> bool:
    """Another name's, or nobody's."""
    return leaf.self_issued or not covers(host, leaf.dns_names, leaf.addresses)


def ends(leaf: Certificate) -> bool:
    """As `certificate.expires-soon` has it: less than a third of its time is left, or 21 days."""
    if leaf.not_after is None or leaf.lifetime is None:
        return True
    third = leaf.lifetime / 3
    return leaf.not_after - datetime.now(UTC) < min(third, timedelta(days=21))


def certificates(text: str) -> Iterable[OtherCertificate]:
    """What FIND printed, each certificate once per path."""
    for part in re.split(r"^file ", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        changed, _, path = head.partition(" ")
        chain, publics = pem.certificates(body)
        if chain:
            yield OtherCertificate(
                vantage=Vantage.SERVER,
                equivalent=f"openssl x509 -noout -subject -dates -in {shlex.quote(path)}",
                path=path,
                leaf=chain[0],
                public=publics[0],
                tool=next((name for folder, name in TOOLS if folder in path), ""),
                changed=float(changed) if changed.isdigit() and changed != "0" else None,
            )


def matching(text: str) -> dict[str, list[tuple[str, str]]]:
    """What KEYS printed: for each certificate the keys beside it, by their public halves."""
    found: dict[str, list[tuple[str, str]]] = {}
    for part in re.split(r"^cert ", text, flags=re.MULTILINE)[1:]:
        path, _, rest = part.partition("\n")
        for key in re.split(r"^key ", rest, flags=re.MULTILINE)[1:]:
            name, _, body = key.partition("\n")
            found.setdefault(path, []).append((name, pem.public_key(body)[1]))
    return found


def _unseen(look: Look, what: str, enable: str) -> None:
    why = "needs root"
    look.see(Unseen(vantage=Vantage.SERVER, at=look.now(), what=what, why=why, enable=enable))
