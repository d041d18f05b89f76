from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit, Severity, Subject
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import FILE, RUNNING, SITE, STOPPED, config, nginx_says
from tests.support.report_builder import ANSWER

CHECK = "nginx.config-invalid"


def claimed(message: str, text: str, *, masked: bool = True) -> Claim:
    (claim,) = judge(CHECK, nginx_says(message), config(text), STOPPED, masked=masked)
    return claim


def added(claim: Claim) -> list[str]:
    """The lines that the edits bring."""
    steps = claim.fix.steps if claim.fix else ()
    edits = [step for step in steps if isinstance(step, Edit)]
    lines = [line for edit in edits for line in edit.diff.split("\n")[2:]]
    return [line[1:] for line in lines if line.startswith("+")]


def test_fires_with_the_caret_under_the_fault() -> None:
    text = "server {\n    listen 443 ssl;\n    proxy_passs x;\n}\n"
    claim = claimed(f'unknown directive "proxy_passs" in {FILE}:4', text)
    assert str(claim.about) == f"{FILE}:4"
    assert claim.location
    assert (claim.location.line, claim.location.column, claim.location.end_column) == (4, 5, 16)
    assert claim.location.excerpt[claim.location.line - claim.location.first].strip() == (
        "proxy_passs x;"
    )


def test_fires_while_nginx_runs_with_what_it_loaded_before() -> None:
    (claim,) = judge(CHECK, nginx_says("host not found in upstream"), RUNNING)
    assert claim.facts["running"]
    assert claim.severity is Severity.WARNING
    (claim,) = judge(CHECK, nginx_says("host not found in upstream"), STOPPED)
    assert claim.severity is None
    assert claim.location is None


@pytest.mark.parametrize(("port", "covered"), [(443, True), (8443, False)])
def test_fires_and_explains_a_port_only_where_the_files_listen_on_it(
    port: int, covered: bool
) -> None:
    """443 was added to the files with a fault, and nginx goes on without it."""
    text = SITE.replace("server_name", "server_nam").replace("443", str(port))
    claim = claimed(f'unknown directive "server_nam" in {FILE}:4', text)
    subjects = claim.covers or (claim.about,)
    assert any(subject.covers(Subject(port=443)) for subject in subjects) is covered


def test_fires_and_explains_a_port_that_a_brace_has_moved_into_another_block() -> None:
    text = f"map $http_upgrade $x {{\n  default y;\n{SITE}"
    claim = claimed(f'unexpected "{{" in {FILE}:3', text)
    subjects = claim.covers or (claim.about,)
    assert any(subject.covers(Subject(port=443)) for subject in subjects)


def test_fires_and_explains_a_port_whose_listen_another_directive_has_swallowed() -> None:
    text = SITE.replace("listen 443", "access_log /var/log/nginx/shop.log main\n    listen 443")
    claim = claimed(f'invalid parameter "listen" in {FILE}:4', text)
    subjects = claim.covers or (claim.about,)
    assert any(subject.covers(Subject(port=443)) for subject in subjects)


@pytest.mark.parametrize(
    ("listen", "message"),
    [
        ("ssl", 'host not found in "ssl" of the "listen" directive'),
        ("443ssl", 'host not found in "443ssl" of the "listen" directive'),
        ("443:ssl", 'invalid port in "443:ssl" of the "listen" directive'),
    ],
)
def test_fires_and_explains_a_port_whose_listen_is_refused(listen: str, message: str) -> None:
    claim = claimed(f"{message} in {FILE}:3", SITE.replace("443 ssl", listen), masked=False)
    subjects = claim.covers or (claim.about,)
    assert any(subject.covers(Subject(port=443)) for subject in subjects)


@pytest.mark.parametrize("name", ["proxy_passs", "proxy_pas", "porxy_pass", "proxy_pess"])
def test_fires_and_corrects_a_name_that_is_one_slip_away_wherever_it_stands(name: str) -> None:
    text = SITE.replace("proxy_pass ", f"{name} ") * 2
    claim = claimed(f'unknown directive "{name}" in {FILE}:9', text)
    assert added(claim) == ["        proxy_pass http://127.0.0.1:3000;"] * 2
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


@pytest.mark.parametrize(
    ("line", "right"),
    [("lias /srv/shop/;", "alias /srv/shop/;"), ("rot /srv;", "root /srv;"),
    ("zip on;", "gzip on;"), ("eny all;", "deny all;"), ("rot /srv /var;", None),
     ("htp { }", None), ("ech hello;", None)],
)  # fmt: skip
def test_fires_and_corrects_a_short_name_that_lacks_a_letter(line: str, right: str | None) -> None:
    name = line.partition(" ")[0]
    text = SITE.replace("proxy_set_header Host $host;", line)
    claim = claimed(f'unknown directive "{name}" in {FILE}:10', text)
    assert [each.strip() for each in added(claim)] == ([right] if right else [])


@pytest.mark.parametrize("name", ["brotly", "proxy_path_to", "listn"])
def test_fires_and_leaves_other_names_to_a_person(name: str) -> None:
    """What a module has, what is too far away, and what is near to two."""
    claim = claimed(f'unknown directive "{name}" in {FILE}:4', SITE.replace("server_name", name))
    assert (added(claim) == []) is (name != "listn")


@pytest.mark.parametrize(
    ("wrong", "message", "line"),
    [
        ("shop.key", 'invalid number of arguments in "ssl_certificate_key" directive', 6),
        ("Host $host # theirs", 'unexpected "}"', 11),
        ("shop.pem # mine", 'no "ssl_certificate" is defined', 2),
    ],
)
def test_fires_and_puts_the_semicolon_before_the_comment(
    wrong: str, message: str, line: int
) -> None:
    right = f"{wrong.partition(' #')[0]};"
    claim = claimed(f"{message} in {FILE}:{line}", SITE.replace(right, wrong))
    (made,) = added(claim)
    assert made.endswith(right + wrong.removeprefix(right[:-1]))
    assert claim.facts["place"] == claim.facts["slip"], "not where nginx noticed"
    assert claim.location
    assert str(claim.facts["slip"]) == f"{FILE}:{claim.location.line}"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_and_ends_every_line_that_has_no_semicolon() -> None:
    lines = ["proxy_http_version 1.1", "proxy_set_header Upgrade $http_upgrade"]
    last = 'proxy_set_header Connection "upgrade"'
    written = "\n        ".join([*lines, last])
    claim = claimed(
        f'unexpected "}}" in {FILE}:14', SITE.replace("$host;", f"$host;\n        {written}")
    )
    assert added(claim) == [f"        {line};" for line in (*lines, last)]
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


TOO_MANY = 'invalid number of arguments in "{}" directive'


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("3000;\n        proxy", "3000 proxy", TOO_MANY.format("proxy_pass")),
        ("ssl;\n    server_name", "ssl server_name", 'invalid parameter "server_name"'),
        ("shop.pem;\n    ssl", "shop.pem  ssl", TOO_MANY.format("ssl_certificate")),
    ],
)
def test_fires_and_divides_two_directives_of_one_line(right: str, wrong: str, message: str) -> None:
    text = SITE.replace(right, wrong)
    line = next(number for number, each in enumerate(f"\n{text}".split("\n"), 1) if wrong in each)
    claim = claimed(f"{message} in {FILE}:{line}", text)
    (made,) = added(claim)
    first, _, second = right.partition("\n")
    assert first in made
    assert second.strip() in made
    assert claim.facts["semicolon"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


@pytest.mark.parametrize("wrong", ["3000 3001;", "3000 proxy_pass;", "3000 root root /srv;"])
def test_fires_and_leaves_words_too_many_to_a_person(wrong: str) -> None:
    text = SITE.replace("3000;", wrong)
    message = TOO_MANY.format("proxy_pass")
    assert not added(claimed(f"{message} in {FILE}:9", text))


def test_fires_and_closes_the_block_where_the_indentation_says() -> None:
    other = "    location /x {\n        return 204;\n    }\n}\n"
    text = SITE.replace("    }\n}\n", other)
    said = f'unexpected end of file, expecting "}}" in {FILE}:16'
    claim = claimed(said, text)
    assert added(claim) == ["    }"]
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "$host;\n+    }\n     location /x {" in edit.diff


def test_fires_and_leaves_a_brace_to_a_person_where_nothing_is_indented() -> None:
    text = SITE.replace("    ", "").replace("}\n}\n", "}\n")
    assert not added(claimed(f'unexpected end of file, expecting "}}" in {FILE}:13', text))


def test_silent_when_the_test_passes() -> None:
    assert not judge(CHECK, nginx_says(), config())


@pytest.mark.parametrize(
    ("message", "used"),
    [
        ('unknown "conn_upgrade" variable', "proxy_set_header Connection $conn_upgrade;"),
        ('unknown "country" variable', 'return 301 "https://${country}.example.com";'),
        ('zero size shared memory zone "one"', "limit_req zone=one burst=5;"),
        ('zero size shared memory zone "pages"', "proxy_cache pages;"),
    ],
)
def test_names_the_place_that_nginx_does_not_tell(message: str, used: str) -> None:
    text = SITE.replace("server_name", f"{used}\n    server_name")
    claim = claimed(message, text)
    line = config(text).files[0].text.partition(used)[0].count("\n") + 1
    assert claim.facts["place"] == f"{FILE}:{line}"
    assert claim.location
    assert claim.location.line == line


@pytest.mark.parametrize(
    "message", ['unknown "other" variable', 'zero size shared memory zone "x"']
)
def test_names_no_place_where_the_files_do_not_use_it(message: str) -> None:
    claim = claimed(message, SITE.replace("listen", "set $others 1;\n    listen"))
    assert claim.facts["place"] == ""


@pytest.mark.parametrize(
    "swallowed",
    ["gzip on\n    include /etc/nginx/sites/*;\n", 'add_header X "a;\n    listen 443 ssl;\n"; }\n'],
)
def test_fires_and_explains_a_port_in_a_file_that_a_missing_end_hides(swallowed: str) -> None:
    claim = claimed(f'invalid number of arguments in "gzip" directive in {FILE}:2', swallowed)
    subjects = claim.covers or (claim.about,)
    assert any(subject.covers(Subject(port=443)) for subject in subjects)


@pytest.mark.parametrize("pattern", ["/etc/nginx/sites-enabled/*", "sites-enabled/*"])
def test_fires_and_tells_how_to_write_a_link_that_leads_nowhere(pattern: str) -> None:
    path = "/etc/nginx/sites-enabled/shop"
    message = f'open() "{path}" failed (2: No such file or directory) in {FILE}:2'
    claim = claimed(message, f"include {pattern};\n")
    assert claim.facts["link"]
    assert claim.facts["before"] == path
    assert claim.facts["after"] == "/etc/nginx/sites-available/shop"
    whole = claimed(message, f"include {path};\n")
    assert not whole.facts["link"]


def test_fires_and_tells_of_links_that_lead_to_each_other() -> None:
    path = "/etc/nginx/sites-enabled/shop"
    message = f'open() "{path}" failed (40: Too many levels of symbolic links) in {FILE}:2'
    claim = claimed(message, "include sites-enabled/*;\n")
    assert (claim.facts["loop"], claim.facts["link"]) == (True, False)
    assert claim.facts["after"] == "/etc/nginx/sites-available/shop"


def _beside_another_program(process: str, **answer: object) -> Severity | None:
    """Return how bad it is that nginx, which does not run, refuses its files, while a program has
    the port."""
    page = replace(ANSWER, **answer)  # type: ignore[arg-type]
    sockets = Listeners(sockets=(Listener(address="0.0.0.0", family=4, port=443, process=process),))
    seen = (nginx_says("host not found in upstream"), STOPPED, sockets, page)
    (claim,) = judge(CHECK, *seen)
    return claim.severity


def test_old_files_beside_a_program_that_serves_the_site_are_a_note() -> None:
    assert _beside_another_program("node") is Severity.NOTE
    # It is nginx that is to be there, or the program does not serve the site.
    assert _beside_another_program("nginx") is None
    assert _beside_another_program("node", status=502) is None
