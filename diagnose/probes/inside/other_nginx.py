"""Probes for other configurations and other certificates on the server, when needed.

If the running nginx does not serve the site, they look for another nginx's configuration. If the
certificate in use has expired, expires soon or is for another name, they look for a better one.
"""

import posixpath
import re
import shlex
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from diagnose.model import Vantage
from diagnose.model.containers import NginxContainer
from diagnose.model.files import OtherCertificate
from diagnose.model.http import Exchange
from diagnose.model.nginx import (
    CertificateFile,
    NginxBuild,
    NginxConfig,
    NginxState,
)
from diagnose.model.tls import Certificate
from diagnose.model.unread_configs import OtherConfig
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers import pem
from diagnose.parsers.hostnames import covers
from diagnose.parsers.http import GATEWAY_FAILURES
from diagnose.parsers.nginx import install_paths
from diagnose.parsers.web_sites import answering_sites, has_name
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, emit_not_observed, is_first, probe
from diagnose.probes.inside.nginx_config import (
    MAX_OTHER_FILES,
    config_path,
    read_config_tree,
    serves_target,
)

# Configurations of other nginx programs

#: Maximum number of programs that do not run and are examined.
MAX_PROGRAMS = 3

#: Prints for each program its resolved path and its build.
BUILD_SCRIPT = r"""
for b; do echo "program $b"; readlink -f -- "$b" || echo "$b"; "$b" -V; echo; done 2>&1; :
"""


@probe(after=NginxConfig)
async def other_nginx(ctx: ProbeContext, config: NginxConfig) -> None:
    """Emit the configurations of programs that do not run.

    Only if the running one has no block for the target's name on its port.
    """
    state = next(iter(ctx.observed(NginxState)), None)
    build = next(iter(ctx.observed(NginxBuild)), None)
    own_masters = [master for master in (state.masters if state else ()) if not master.foreign]
    if state is None or build is None or not own_masters or serves_target(config.main, ctx.target):
        return
    programs: list[tuple[str, str, str]] = []
    other_programs = [program for program in state.programs if program != build.binary][
        :MAX_PROGRAMS
    ]
    if other_programs:
        result = await ctx.machine.run("sh", "-c", BUILD_SCRIPT, "sh", *other_programs)
        programs += parse_builds(result.out)
    programs.append(
        (
            build.binary,
            build.binary,
            config_path(install_paths.parse_build(_version_output(build)), ()),
        )
    )
    read_configs = {
        (
            master.binary,
            config_path(install_paths.parse_build(_version_output(build)), master.arguments),
        )
        for master in own_masters
    }
    paths = {config.path}
    for name, binary, path in programs:
        if (binary, path) not in read_configs and path not in paths:
            paths.add(path)
            await _emit_other_config(ctx, binary, path, name in state.programs[:1])


def _version_output(build: NginxBuild) -> str:
    return f"nginx version: {build.version}\nconfigure arguments: {shlex.join(build.arguments)}\n"


def parse_builds(text: str) -> list[tuple[str, str, str]]:
    """Parse the output of BUILD_SCRIPT.

    Returns for each program its path, its resolved path, and the configuration that it reads.
    """
    programs = []
    for part in re.split(r"^program ", text, flags=re.MULTILINE)[1:]:
        name, binary, version_output = (*part.split("\n", 2), "", "")[:3]
        programs.append((name, binary, config_path(install_paths.parse_build(version_output), ())))
    return programs


async def _emit_other_config(ctx: ProbeContext, binary: str, path: str, on_path: bool) -> None:
    at = ctx.elapsed()
    tree = await read_config_tree(ctx.machine, path, MAX_OTHER_FILES)
    if tree.files:
        ctx.emit(
            OtherConfig(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=f"{shlex.quote(binary)} -T",
                binary=binary,
                path=path,
                on_path=on_path,
                main=tree.main,
                files=tree.files,
            )
        )


# A configuration in the usual place that the server that answers has not read


@probe(after=Exchange, needs=NginxConfig)
async def unread_by_nginx(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    """Emit it after such an answer, or a message."""
    if is_first(ctx, exchange, _is_question) and not ctx.observed(NginxContainer):
        # Imported late: a healthy site has no such question.
        from diagnose.probes.inside.unread_configs import observe_of_nginx

        await observe_of_nginx(ctx, config)


@probe(after=NginxConfig)
async def mounted_beside_nginx(ctx: ProbeContext, config: NginxConfig) -> None:
    """Emit a mounted file that has the site, where the container's nginx has none of the name."""
    if ctx.observed(NginxContainer) and not serves_target(config.main, ctx.target):
        # Imported late: few sites are mounted where nothing reads them.
        from diagnose.probes.inside.unread_mounts import observe_unread_mounts

        read = (path for file in config.files for path in (file.path, file.real) if path)
        await observe_unread_mounts(ctx, "nginx", config.path, read)


@probe(after=WebServerConfig)
async def mounted_beside_server(ctx: ProbeContext, config: WebServerConfig) -> None:
    """Do the same for the other servers. A frontend of HAProxy need not name its sites."""
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    is_nameless = config.product == "haproxy"
    if ctx.observed(NginxContainer) and not any(
        has_name(site, ctx.target.host) or is_nameless for site in sites
    ):
        from diagnose.probes.inside.unread_mounts import observe_unread_mounts

        read = (path for file in config.files for path in (file.path, file.real) if path)
        await observe_unread_mounts(ctx, config.product, config.path, (*read, config.path))


@probe(after=Exchange, needs=WebServerConfig)
async def unread_by_server(ctx: ProbeContext, exchange: Exchange, config: WebServerConfig) -> None:
    """Do the same for the other servers."""
    if is_first(ctx, exchange, _is_unanswered):
        from diagnose.probes.inside.unread_configs import observe_of_server
        from diagnose.probes.inside.unread_routes import observe_unread_routes

        await observe_unread_routes(ctx, config)
        await observe_of_server(ctx, config)


def _is_question(ctx: ProbeContext, exchange: Exchange) -> bool:
    is_page = exchange.is_page_of(ctx.target)
    return is_page and (exchange.status in GATEWAY_FAILURES or ctx.target.symptom is not None)


def _is_unanswered(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Return whether visitors do not get the page, or the user tells of something."""
    is_error = 400 <= (exchange.status or 0) < 500 and exchange.is_page_of(ctx.target)
    return is_error or _is_question(ctx, exchange)


# Certificates renewed in another place

#: Where certificates are kept: certbot, acme.sh, panels, lego, Caddy, dehydrated, and by hand.
CERTIFICATE_PATTERNS = (
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
    # Panels: Synology's DSM, HestiaCP, DirectAdmin, cPanel, ISPConfig, 1Panel.
    "/usr/syno/etc/certificate/_archive/*/fullchain.pem",
    "/home/*/conf/web/*/ssl/*.pem",
    "/usr/local/directadmin/data/users/*/domains/*.cert.combined",
    "/var/cpanel/ssl/apache_tls/*/combined",
    "/var/www/*/ssl/*-le.crt",
    "/opt/1panel/apps/openresty/openresty/www/sites/*/ssl/fullchain.pem",
    "/etc/dehydrated/certs/*/fullchain.pem",
    "/var/lib/dehydrated/certs/*/fullchain.pem",
    *(
        f"{folder}/{depth}*.{suffix}"
        for folder in ("/etc/nginx", "/usr/local/nginx/conf", "/usr/local/openresty/nginx/conf",
                       "/etc/haproxy", "/etc/apache2", "/etc/httpd")
        for depth in ("", "*/", "*/*/")
        for suffix in ("pem", "crt", "cer")
    ),
    *(f"/etc/ssl/{depth}*.{suffix}" for depth in ("", "*/") for suffix in ("pem", "crt")),
    *(f"/etc/pki/{folder}/*.{suffix}" for folder in ("nginx", "tls/certs")
      for suffix in ("pem", "crt")),
)  # fmt: skip

#: The tool that renews the certificates in a folder.
RENEWAL_TOOLS = (
    ("/etc/letsencrypt/", "certbot"),
    ("/.acme.sh/", "acme.sh"),
    ("/www/server/panel/", "BaoTa"),
    ("/usr/syno/etc/certificate/_archive/", "DSM"),
    ("lego/certificates/", "lego"),
    ("/caddy/certificates/", "Caddy"),
    ("/dehydrated/", "dehydrated"),
)

#: Prints only the first certificate of each file, and never a key: of the folders that are its
#: arguments, then of the usual ones. Links in /etc/ssl/certs belong to authorities.
FIND_SCRIPT = (
    r"""show() {
  case $1 in /etc/ssl/certs/*) [ -L "$1" ] && return ;; esac
  [ -f "$1" ] && [ -r "$1" ] && [ "${n:-0}" -lt 300 ] || return
  n=$((n+1))
  echo "file $(stat -L -c %Y -- "$1" || echo 0) $1"
  head -c 65536 -- "$1" | sed -n '/-BEGIN CERTIFICATE-/,/-END CERTIFICATE-/p; /-END CERTIFICATE-/q'
}
{
  for d; do for f in "$d"/*.pem "$d"/*.crt "$d"/*.cer; do show "$f"; done; done
  for f in """
    + " ".join(CERTIFICATE_PATTERNS)
    + r"""; do show "$f"; done
} 2>/dev/null
cd /etc/letsencrypt 2>/dev/null || [ ! -e /etc/letsencrypt ] || echo shut
[ ! -e live ] || [ -r live ] || echo shut; :
"""
)

#: Prints the public halves of the keys next to a certificate; keys with its name come first.
KEYS_SCRIPT = r"""
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

#: Maximum number of folders with certificates in use.
MAX_FOLDERS = 8

#: Maximum number of certificates, newest first.
MAX_CERTIFICATES = 4


#: Messages about a certificate that is older than it should be.
_OF_THE_DATE = frozenset({"certificate-expired", "certificate-outdated"})


@probe(after=CertificateFile)
async def renewed(ctx: ProbeContext, certificate: CertificateFile) -> None:
    """Emit certificates for the target's name that could replace the one that is used.

    If its renewal is due, or a message says that the old one is still shown, only certificates that
    are valid for longer. If it does not fit the name or is self-signed, any valid one.
    """
    host, symptom = ctx.target.host, ctx.target.symptom
    is_asked = symptom is not None and symptom.kind in _OF_THE_DATE
    affected = [
        candidate
        for candidate in ctx.observed(CertificateFile)
        if candidate.chain
        and (
            is_asked
            or candidate.chain[0].is_renewable(datetime.now(UTC))
            or expires_soon(candidate.chain[0])
            or _is_unusable(candidate.chain[0], host)
        )
    ]
    if not affected or affected[0] is not certificate:
        return
    await emit_replacements(ctx, certificate.chain[0])


async def emit_replacements(
    ctx: ProbeContext, current: Certificate, named_in: Iterable[str] = ()
) -> None:
    """Emit the certificates on the server that could replace the current one, with their keys. They
    are looked for in the folders of the configuration, in `named_in` and in usual ones."""
    host, unusable = ctx.target.host, _is_unusable(current, ctx.target.host)
    at = ctx.elapsed()
    folders = {posixpath.dirname(file.path) for file in ctx.observed(CertificateFile)}
    folders.update(named_in)
    result = await ctx.machine.run("sh", "-c", FIND_SCRIPT, "sh", *sorted(folders)[:MAX_FOLDERS])
    if re.search(r"^shut$", result.out, re.MULTILINE):
        emit_not_observed(ctx, "/etc/letsencrypt/live", "needs root", "sudo certbot certificates")
    replacements = [
        candidate
        for candidate in parse_certificates(result.out)
        if (unusable or candidate.leaf.outlasts(current))
        and candidate.leaf.sha256 != current.sha256
        and not expires_soon(candidate.leaf)
        and covers(host, candidate.leaf.dns_names, candidate.leaf.addresses)
    ]
    replacements.sort(key=lambda candidate: (candidate.tool == "", candidate.path))
    replacements.sort(
        key=lambda candidate: candidate.leaf.not_after or datetime.min.replace(tzinfo=UTC),
        reverse=True,
    )
    if not replacements:
        return
    paths = [candidate.path for candidate in replacements[:MAX_CERTIFICATES]]
    result = await ctx.machine.run("sh", "-c", KEYS_SCRIPT, "sh", *paths)
    keys = parse_keys(result.out)
    for replacement in replacements[:MAX_CERTIFICATES]:
        key = next(
            (
                path
                for path, public in keys.get(replacement.path, ())
                if public == replacement.public
            ),
            "",
        )
        ctx.emit(replace(replacement, at=at, took=ctx.elapsed() - at, key=key))


def _is_unusable(leaf: Certificate, host: str) -> bool:
    """Whether a certificate is self-issued or does not cover the host."""
    return leaf.self_issued or not covers(host, leaf.dns_names, leaf.addresses)


def expires_soon(leaf: Certificate) -> bool:
    """Whether less than 21 days and less than a third of the lifetime are left.

    This is the rule of the check `certificate.expires-soon`.
    """
    if leaf.not_after is None or leaf.lifetime is None:
        return True
    third = leaf.lifetime / 3
    return leaf.not_after - datetime.now(UTC) < min(third, timedelta(days=21))


def parse_certificates(text: str) -> Iterable[OtherCertificate]:
    """Parse the output of FIND_SCRIPT: one certificate per path."""
    known_paths: set[str] = set()
    for part in re.split(r"^file ", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        changed, _, path = head.partition(" ")
        chain, publics = pem.certificates(body) if path not in known_paths else ((), ())
        known_paths.add(path)
        if chain:
            yield OtherCertificate(
                vantage=Vantage.SERVER,
                equivalent=f"openssl x509 -noout -subject -dates -in {shlex.quote(path)}",
                path=path,
                leaf=chain[0],
                public=publics[0],
                tool=next((name for folder, name in RENEWAL_TOOLS if folder in path), ""),
                changed=whole_number(changed) or None,
            )


def parse_keys(text: str) -> dict[str, list[tuple[str, str]]]:
    """Parse the output of KEYS_SCRIPT: per certificate, the nearby keys and public halves."""
    keys_by_path: dict[str, list[tuple[str, str]]] = {}
    for part in re.split(r"^cert ", text, flags=re.MULTILINE)[1:]:
        path, _, keys_text = part.partition("\n")
        for key in re.split(r"^key ", keys_text, flags=re.MULTILINE)[1:]:
            name, _, body = key.partition("\n")
            keys_by_path.setdefault(path, []).append((name, pem.public_key(body)[1]))
    return keys_by_path
