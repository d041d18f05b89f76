from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit
from diagnose.model.files import NginxModules
from diagnose.model.nginx import NginxBuild
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import (
    BUILD,
    FILE,
    RUNNING,
    SITE,
    STOPPED,
    WITHOUT_SSL,
    config,
    nginx_says,
)

CHECK = "nginx.directive-unsupported"
OLD = replace(BUILD, version="nginx/1.18.0", arguments=(*BUILD.arguments, "--with-http_v2_module"))
V2 = replace(BUILD, arguments=(*BUILD.arguments, "--with-http_v2_module"))
MODULES = NginxModules(folder="/usr/lib/nginx/modules", names=("ngx_stream_module",))


def claims_for(text: str, site: str, build: NginxBuild = BUILD, *more: NginxModules) -> list[Claim]:
    message = text if " in /" in text else f"{text} in {FILE}:3"
    return judge(CHECK, nginx_says(message), config(site), build, STOPPED, *more)


def diff(claim: Claim) -> str:
    return (
        "".join(step.diff for step in claim.fix.steps if isinstance(step, Edit))
        if claim.fix
        else ""
    )


def test_fires_for_ssl_on_and_moves_it_to_listen() -> None:
    site = SITE.replace("listen 443 ssl;", "ssl on; listen 443; listen [::]:443; listen 80;")
    (claim,) = claims_for('unknown directive "ssl"', site)
    assert claim.facts["removed"]
    assert claim.facts["changed"] == "1.25.1"
    assert "+    listen 443 ssl; listen [::]:443 ssl; listen 80;" in diff(claim)


def test_the_change_is_to_the_file_and_not_to_the_link_that_leads_to_it() -> None:
    observation = config(SITE.replace("listen 443 ssl;", "listen 443; ssl on;"))
    linked = replace(observation, files=(replace(observation.files[0], real="/srv/nginx.conf"),))
    said = nginx_says(f'unknown directive "ssl" in {FILE}:3')
    (claim,) = judge(CHECK, said, linked, BUILD, STOPPED)
    step = claim.fix.steps[0] if claim.fix else None
    assert isinstance(step, Edit)
    assert step.path == "/srv/nginx.conf"
    assert step.diff.startswith("--- /srv/nginx.conf\n")


def test_the_lines_that_need_a_module_are_all_named() -> None:
    site = SITE.replace("listen 443 ssl;", "listen 443 ssl;\n    brotli on;", 1) + (
        "server {\n    listen 8443;\n    brotli_comp_level 4;\n}\n"
    )
    (claim,) = claims_for('unknown directive "brotli"', site)
    places = claim.facts["places"]
    assert isinstance(places, tuple)
    assert len(places) == 2
    assert all(place.startswith(f"{FILE}:") for place in places)


def test_fires_for_every_block_with_ssl_on() -> None:
    site = "ssl on;\n" + SITE.replace("listen 443 ssl;", "listen 443;") + "server { ssl off; }\n"
    (claim,) = claims_for('unknown directive "ssl"', site)
    assert "+    listen 443 ssl;" in diff(claim)
    assert "+server { }" in diff(claim)


def test_fires_for_http2_before_its_time() -> None:
    site = SITE.replace("listen 443 ssl;", "listen 443 ssl;\n    http2 on;")
    (claim,) = claims_for('unknown directive "http2"', site, OLD)
    assert claim.facts["newer"]
    assert "+    listen 443 ssl http2;" in diff(claim)
    assert "-    http2 on;" in diff(claim)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_for_http2_of_a_build_without_it() -> None:
    (claim,) = claims_for('unknown directive "http2"', SITE.replace("ssl;", "ssl; http2 on;", 1))
    assert claim.facts["module"] == "HTTP/2"
    assert claim.facts["switch"] == "--with-http_v2_module"


def test_fires_for_a_parameter_that_needs_a_module() -> None:
    site = SITE.replace("443 ssl;", "443 ssl http2;")
    (claim,) = claims_for('the "http2" parameter requires ngx_http_v2_module', site)
    assert "+    listen 443 ssl;" in diff(claim)


@pytest.mark.parametrize(("build", "instead"), [(V2, "ssl http2"), (BUILD, "ssl")])
def test_fires_for_spdy(build: NginxBuild, instead: str) -> None:
    (claim,) = claims_for(
        'invalid parameter "spdy"', SITE.replace("443 ssl;", "443 ssl spdy;"), build
    )
    assert f"+    listen 443 {instead};" in diff(claim)


def test_fires_for_quic_before_its_time_and_takes_its_socket_out() -> None:
    site = SITE.replace("443 ssl;", "443 ssl;\n    listen 443 quic;\n    http3 on;")
    (claim,) = claims_for(f'invalid parameter "quic" in {FILE}:4', site, OLD)
    assert "-    listen 443 quic;" in diff(claim)
    assert "-    http3 on;" in diff(claim)


def test_fires_for_tls_1_3_before_its_time() -> None:
    site = SITE.replace("443 ssl;", "443 ssl; ssl_protocols TLSv1.2 TLSv1.3;")
    build = replace(BUILD, version="nginx/1.12.2")
    (claim,) = claims_for('invalid value "TLSv1.3"', site, build)
    assert "ssl_protocols TLSv1.2;" in diff(claim)
    assert not claims_for('invalid value "TLSv1.3"', site)


def test_fires_for_a_module_that_is_not_there() -> None:
    (claim,) = claims_for(
        'unknown directive "brotli"', SITE.replace("443 ssl;", "443 ssl; brotli on;")
    )
    assert claim.facts["debian"] == "libnginx-mod-http-brotli-filter"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_a_module_that_is_there_and_not_loaded() -> None:
    (claim,) = claims_for('unknown directive "stream"', SITE, BUILD, MODULES)
    assert claim.facts["loaded"]
    assert "+load_module /usr/lib/nginx/modules/ngx_stream_module.so;" in diff(claim)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            'dlopen() "/usr/share/nginx/modules/ngx_stream_module.so" failed (/usr/share/nginx/'
            "modules/ngx_stream_module.so: cannot open shared object file: No such file or "
            "directory)",
            "missing",
        ),
        ('module "/m/ngx_stream_module.so" version 1018000 instead of 1026003', "wrong"),
        ('module "/m/ngx_stream_module.so" is not binary compatible', "wrong"),
    ],
)
def test_fires_for_load_module_in_vain(text: str, reason: str) -> None:
    site = SITE.replace("listen", "load_module modules/ngx_stream_module.so;\n    listen", 1)
    (claim,) = claims_for(text, site)
    assert claim.facts[reason]
    assert claim.facts["unused"]
    assert "-    load_module" in diff(claim)
    used = site + "stream { }\n"
    (claim,) = claims_for(text, used)
    assert not claim.facts["unused"]
    assert not diff(claim)


@pytest.mark.parametrize(
    "text",
    [
        'unknown directive "proxy_passs"',
        'unknown directive "brotly"',
        'invalid parameter "htp2"',
        'invalid value "TLSv1.4"',
        'unknown directive "ssl_reject_handshake"',
        'directive "server" has no opening "{"',
    ],
)
def test_silent_for_a_slip(text: str) -> None:
    assert not claims_for(text, SITE)


def test_silent_where_the_ssl_module_is_missing() -> None:
    assert not claims_for('unknown directive "ssl"', SITE, WITHOUT_SSL)


def test_silent_when_nginx_only_warns() -> None:
    assert not judge(CHECK, nginx_says(), config(), BUILD, RUNNING)


def test_fires_and_rewrites_limit_zone() -> None:
    site = "limit_zone one $binary_remote_addr 10m;\n" + SITE
    (claim,) = claims_for('unknown directive "limit_zone"', site)
    assert "+limit_conn_zone $binary_remote_addr zone=one:10m;" in diff(claim)


def test_fires_and_takes_quic_away_whole_before_its_time() -> None:
    site = SITE.replace("443 ssl;", "443 ssl;\n    listen 443 quic;\n    http3 on;")
    (claim,) = claims_for('unknown directive "http3"', site, OLD)
    lines = [line for line in diff(claim).split("\n")[2:] if line[:1] in {"-", "+"}]
    assert lines == ["-    listen 443 quic;", "-    http3 on;"]


def test_fires_and_leaves_a_port_80_that_spoke_tls_to_a_person() -> None:
    site = SITE.replace("listen 443 ssl;", "listen 443;\n    listen 80;\n    ssl on;")
    (claim,) = claims_for('unknown directive "ssl"', site)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
