"""nginx.path-info-missing: `location ~ \\.php$` and /api.php/records."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim
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


NAME = "        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n"


def edit(inner: str, pattern: str = r"\.php$", before: str = "") -> str:
    """The edit; "" if a person is to write it."""
    files = "        root /srv/php;\n        try_files $uri =404;\n"
    php = f"    location ~ {pattern} {{\n{inner}        fastcgi_pass 127.0.0.1:9000;\n    }}\n"
    text = SITE.replace(PROXY, files).replace("    location / {", f"{before}{php}    location / {{")
    target = replace(SHOP, path="/api.php/records")
    (claim,) = judge(
        CHECK, config(text), BUILD, RUNNING, page(404, OWN), target=target, masked=False
    )
    assert claim.fix
    is_written = claim.fix.applicability is Applicability.REVIEW
    text = str(claim.fix.steps[0]).replace("\\n", "\n").replace("\\\\", "\\")
    return text if is_written else ""


def test_fires_and_writes_the_location_of_php() -> None:
    written = edit(NAME)
    assert r"+    location ~ \.php(/|$) {" in written
    assert r"+        fastcgi_split_path_info ^(.+?\.php)(/.*)$;" in written
    assert "+        try_files $fastcgi_script_name =404;" in written
    assert "+        fastcgi_param PATH_INFO $path_info;" in written


def test_fires_and_replaces_what_looks_for_the_whole_path() -> None:
    written = edit(f"{NAME}        try_files $uri =404;\n", r"\.php(/|$)")
    assert "-        try_files $uri =404;" in written
    assert "location ~" not in written.replace("     location ~", "")
    own = "        fastcgi_param PATH_INFO $fastcgi_path_info;\n"
    written = edit(f"{NAME}        try_files $uri =404;\n{SPLIT}{own}", r"\.php(/|$)")
    assert "-        fastcgi_param PATH_INFO $fastcgi_path_info;" in written
    assert "+        fastcgi_split_path_info" not in written


@pytest.mark.parametrize(
    "before",
    [
        "    location ~ ^/uploads/.*\\.php$ { deny all; }\n",
        "    location = /install.php { deny all; }\n",
        "    if ($uri ~ \\.php$) { return 403; }\n",
    ],
)
def test_fires_and_leaves_it_to_a_person_where_scripts_are_closed(before: str) -> None:
    """The path behind a script would open it."""
    assert not edit(NAME, before=before)


@pytest.mark.parametrize(
    "inner",
    [
        "",
        NAME.replace("$document_root$fastcgi_script_name", "$request_filename"),
        f"{NAME}        if ($arg_x) {{ return 403; }}\n",
        f"{NAME}        try_files $uri /index.php;\n",
    ],
)
def test_fires_and_leaves_other_lines_to_a_person(inner: str) -> None:
    assert not edit(inner)


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


def led_to(path: str, body: str = OWN, owner: str = "") -> list[Claim]:
    php = "    location ~ \\.php$ {\n        fastcgi_pass 127.0.0.1:9000;\n    }\n"
    files = "        root /srv/php;\n"
    text = SITE.replace(PROXY, files).replace("    location / {", f"{owner}{php}    location / {{")
    url = f"https://shop.example.com{path}"
    target = replace(SHOP, path="/api.php")
    start = replace(page(302), url=target.url, headers=(("Location", path),))
    end = replace(page(404, body), url=url, purpose="redirect", redirected_from=target.url)
    return judge(CHECK, config(text), BUILD, RUNNING, start, end, target=target)


def test_fires_where_the_script_leads_to_a_path_behind_it() -> None:
    (claim,) = led_to("/api.php/login")
    assert claim.facts["url"] == "https://shop.example.com/api.php/login"
    assert claim.facts["rest"] == "/login"


def test_silent_where_nginx_leads_there_or_the_application_answers() -> None:
    owner = "    location = /api.php {\n        return 302 /api.php/login;\n    }\n"
    assert not led_to("/api.php/login", owner=owner)
    assert not led_to("/api.php/login", body="no such record")
    assert not led_to("/login")
