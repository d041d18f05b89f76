"""nginx.path-info-missing: `location ~ \\.php$` and /api.php/records."""

from dataclasses import replace

from diagnose.model import Claim
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import page

CHECK = "nginx.path-info-missing"
PROXY = "        proxy_pass http://127.0.0.1:3000;\n        proxy_set_header Host $host;\n"
OWN = "<center>nginx</center>"


def claims(
    path: str = "/api.php/records", body: str = OWN, pattern: str = r"\.php$", inner: str = ""
) -> list[Claim]:
    files = "        root /srv/php;\n        try_files $uri =404;\n"
    php = f"    location ~ {pattern} {{\n{inner}        fastcgi_pass 127.0.0.1:9000;\n    }}\n"
    text = SITE.replace(PROXY, files).replace("    location / {", f"{php}    location / {{")
    return judge(
        CHECK, config(text), BUILD, RUNNING, page(404, body), target=replace(SHOP, path=path)
    )


def test_fires_and_names_the_script_and_the_rest() -> None:
    (claim,) = claims()
    assert (claim.facts["script"], claim.facts["rest"]) == ("/api.php", "/records")
    assert claim.facts["php"] == r"location ~ \.php$"


def test_silent_where_the_location_matches_it() -> None:
    assert not claims(pattern=r"\.php(/|$)")


def test_silent_for_other_paths_and_the_applications_own_404() -> None:
    assert not claims("/records")
    assert not claims("/api.php")
    assert not claims(body="no such record")


SPLIT = "        fastcgi_split_path_info ^(.+?\\.php)(/.*)$;\n"


def test_fires_where_the_location_looks_for_the_whole_path_as_a_file() -> None:
    tries = "        try_files $uri =404;\n"
    (claim,) = claims(pattern=r"\.php(/|$)", inner=SPLIT + tries)
    assert claim.facts["tries"] == "try_files $uri =404"
    (claim,) = claims(pattern=r"\.php(/|$)", inner=tries.replace("$uri", "$fastcgi_script_name"))
    assert claim.facts["tries"] == "try_files $fastcgi_script_name =404"


def test_silent_where_it_looks_for_the_script() -> None:
    tries = "        try_files $fastcgi_script_name =404;\n"
    assert not claims(pattern=r"\.php(/|$)", inner=SPLIT + tries)
