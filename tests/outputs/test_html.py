"""The page for a browser: whole, valid, harmless, and read by a real browser where there is one."""

import os
import re
import shutil
import struct
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given

from diagnose._version import VERSION
from diagnose.checking.conclusion import conclude
from diagnose.model import Crash, Edit, Fix, Manual, Report, Risk, Unseen, Where, firewall_commands
from diagnose.model.tls import Handshake
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs.html import render, render_all
from diagnose.outputs.markup import tag
from diagnose.recording.codec import Recording, encode
from tests.support.check_evidence import evidence
from tests.support.hostile_report import TEXTS, hostile
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config
from tests.support.report_builder import (
    ADDRESS,
    CLOSED,
    NAME,
    OPEN,
    SERVER,
    check,
    healthy,
    mended,
    refusal,
    refused,
    report,
)

ROOT = Path(__file__).parent.parent.parent
VIEW = View(hostname="laptop")
VOID = {"meta"}
#: All that the page is made of, and the attributes that each may have.
KNOWN = {
    "html": {"lang"}, "head": set(), "title": set(), "style": set(), "body": set(),
    "meta": {"charset", "http-equiv", "content", "name"},
    "header": {"class"}, "main": set(), "footer": set(), "article": set(), "nav": {"aria-label"},
    "section": {"class", "aria-labelledby"}, "div": {"class"},
    "h1": set(), "h2": {"id"}, "h3": {"id"}, "p": {"class"},
    "span": {"class", "aria-hidden", "style"}, "small": {"class"}, "b": set(), "strong": {"class"},
    "mark": set(), "time": {"datetime"}, "code": {"class"}, "pre": {"class", "tabindex"},
    "figure": {"class", "aria-label"}, "figcaption": set(),
    "ul": {"class", "aria-label"}, "ol": set(), "li": {"class", "id"},
    "dl": set(), "dt": set(), "dd": set(),
    "details": {"class"}, "summary": set(), "a": {"href", "rel"},
    "table": set(), "caption": set(), "thead": set(), "tbody": set(), "tr": set(),
    "th": {"scope", "id"}, "td": {"class"},
}  # fmt: skip


class Page(HTMLParser):
    """A page as it is read: its elements in their order, and the text within each."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[list[str]] = []
        self._open: list[tuple[str, int]] = []
        self.feed(source)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert tag in KNOWN, tag
        assert len(names) == len(set(names)), names
        assert set(names) <= KNOWN[tag], (tag, names)
        self.elements.append((tag, dict(attrs)))
        self.texts.append([])
        if tag not in VOID:
            self._open.append((tag, len(self.elements) - 1))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, tag
        assert self._open.pop()[0] == tag, tag

    def handle_data(self, data: str) -> None:
        for _, number in self._open:
            self.texts[number].append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        assert decl == "DOCTYPE html"

    def all(self, tag: str, kind: str = "") -> list[str]:
        """The text of every element of a name, and of a class."""
        return [
            "".join(text)
            for (name, attributes), text in zip(self.elements, self.texts, strict=True)
            if name == tag and kind in ["", *(attributes.get("class") or "").split()]
        ]

    def attributes(self, name: str) -> list[str]:
        return [given[name] or "" for _, given in self.elements if name in given]


def real() -> Report:
    """A cause that a real check found in a real configuration."""
    plain = config(SITE.replace("443 ssl", "443"))
    spoke = Handshake(address=ADDRESS, port=443, received="HTTP/1.1 400 Bad Request", at=0.02)
    found = conclude(evidence(SERVER, HOST, BUILD, RUNNING, plain, NAME, OPEN, spoke))
    return replace(found, duration=0.41)


def lost() -> Report:
    """Nothing could be judged: our own fault, and no rights."""
    unseen = Unseen(what="the firewall", why="needs-root", enable="sudo diagnose shop.example.com")
    return report(unseen, crashes=(Crash("checks.tcp", "ValueError: <no>"),), interrupted=True)


REPORTS = {"healthy": healthy, "refused": refused, "mended": mended, "real": real, "lost": lost}


# What is there


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_real_cause_is_told_from_verdict_to_verification(lang: str) -> None:
    found = real()
    page = Page(render(found, View(lang=lang, hostname="laptop")))
    (cause,) = found.causes
    title = finding_text.title(cause, lang)
    assert page.all("h1")[0].endswith(f" {title}")
    assert page.all("span", "status")[0] == {"en": "✗ CRITICAL", "zh": "✗ 严重"}[lang]
    assert page.all("h2")[0] == title
    assert "nginx.listen-without-ssl" in page.all("ul", "marks")[0]
    assert page.all("mark") == ["listen 443;"]
    assert page.all("strong", "hit") == ["3     listen 443;"]
    assert page.all("span", "how") == [{"en": "safe to run as it stands", "zh": "可直接执行"}[lang]]
    steps = [
        finding_text.shell_command(step)
        for step in finding_text.steps(cause)
        if not isinstance(step, Manual)
    ]
    verify = finding_text.verify_command(found, cause, VIEW)
    assert page.all("pre", "whole") == [*steps, verify]
    assert steps[0].startswith("patch ")


def test_a_healthy_site_is_a_verdict_and_what_was_seen() -> None:
    page = Page(render(healthy(), VIEW))
    (title,) = page.all("h1")
    assert title.startswith("✓ OK https://shop.example.com/ is healthy. The certificate is valid")
    assert page.all("h2") == ["What could not be seen", "Timeline", "All observations"]
    assert page.all("ul", "layers")[0].strip().startswith("DNS ✓ ok 2 ms\n")


def test_what_was_not_seen_and_our_own_faults_are_said() -> None:
    page = Page(render(lost(), VIEW))
    assert page.all("span", "status") == ["? UNKNOWN"]
    (section,) = page.all("section", "unseen")
    assert "the firewall: needs root" in section
    assert "sudo diagnose shop.example.com" in section
    assert "a fault of diagnose itself: checks.tcp: ValueError: <no>" in section
    assert page.all("p", "stopped") == ["Interrupted: this is what was known by then."]


def test_what_follows_from_a_cause_and_what_was_excluded_stand_under_it() -> None:
    (section,) = Page(render(mended(), VIEW)).all("section", "cause")
    assert "Ruled out: listener.missing" in section
    assert "tcp.door-shut Port 443 of 203.0.113.10 is shut" in section
    assert "nc -vz 203.0.113.10 443" in section


def test_several_causes_are_listed_first() -> None:
    raised = tuple((check(name), refusal()) for name in ("nginx.door-locked", "tcp.door-shut"))
    page = Page(render(report(NAME, CLOSED, raised=raised), VIEW))
    assert page.all("nav")[0].startswith("2 root causes.")
    assert page.attributes("href")[:2] == ["#f1", "#f2"]


def test_more_than_three_pieces_of_evidence_are_folded_away() -> None:
    raised = ((check("tcp.door-shut"), refusal(because=(CLOSED, NAME, CLOSED, NAME, NAME))),)
    page = Page(render(report(NAME, CLOSED, raised=raised), VIEW))
    assert page.all("summary")[0] == "2 more"


def test_a_step_says_how_it_is_taken_back() -> None:
    fix = Fix(
        (firewall_commands.ufw(("allow", "443"), ("delete", "allow", "443"), Risk.OPENS_TO_ALL),)
    )
    assert Page(_with(fix)).all("p", "undo") == ["undo: ufw delete allow 443"]


def _with(fix: Fix) -> str:
    return render(report(NAME, CLOSED, raised=((check("tcp.door-shut"), refusal(fix=fix)),)), VIEW)


def test_a_diff_keeps_its_tabs_and_the_blank_at_the_end_of_a_line() -> None:
    edit = Edit("a", "--- a\n+++ a\n@@ -1,2 +1,2 @@\n \n-\tx \n+\ty<&>\n")
    page = Page(_with(Fix((edit,))))
    assert page.all("pre", "whole")[0] == finding_text.shell_command(edit)
    assert page.all("span", "removed") == ["--- a", "-\tx "]
    assert page.all("span", "added") == ["+++ a", "+\ty<&>"]


def test_an_address_of_the_web_is_a_link_that_tells_nobody_where_it_came_from() -> None:
    page = Page(_with(Fix((Manual("ask", Where.DNS_PROVIDER, "https://dns.example/?a=1&b"),))))
    (link,) = [given for name, given in page.elements if name == "a" and given.get("rel")]
    assert link == {"href": "https://dns.example/?a=1&b", "rel": "noreferrer noopener"}


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", 'https://a/" x="']
)
def test_any_other_address_is_text(url: str) -> None:
    page = Page(_with(Fix((Manual("ask", Where.APPLICATION, url),))))
    assert all(href.startswith("#") for href in page.attributes("href"))
    assert url in page.all("code")


def test_the_verdict_alone_when_quiet() -> None:
    page = Page(render(refused(), replace(VIEW, verbosity=-1)))
    assert len(page.all("h1")) == 1
    assert page.all("h2") == page.all("ul") == []


def test_no_line_is_folded_for_a_terminal() -> None:
    assert render(mended(), replace(VIEW, width=20)) == render(mended(), replace(VIEW, width=200))


def test_who_looked_with_what_is_at_the_end() -> None:
    away = replace(SERVER, via="ssh://root@203.0.113.10")
    (foot,) = Page(render(report(away, NAME), replace(VIEW, privileged=True))).all("footer")
    assert "Looked from laptop (not the server), as root" in foot
    assert "Looked inside web1, ssh://root@203.0.113.10, as root" in foot
    assert f"diagnose {VERSION}, schema 1.0" in foot


# That it is one page, valid, and can be read by everybody


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", REPORTS)
def test_the_page_is_whole_and_refers_to_nothing_outside_it(name: str, lang: str) -> None:
    source = render(REPORTS[name](), View(lang=lang))
    page = Page(source)
    assert source.startswith("<!DOCTYPE html>\n<html lang=")
    assert page.elements[0] == ("html", {"lang": {"en": "en", "zh": "zh-Hans"}[lang]})
    assert not re.search(r"url\(|@import|<script|\bsrc=", "".join(page.all("style")) + source)
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert set(page.attributes("href")) <= {f"#{one}" for one in ids}


def test_the_page_forbids_all_but_its_own_style() -> None:
    (policy,) = [
        given["content"] or ""
        for _, given in Page(render(refused(), VIEW)).elements
        if given.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "http" not in policy


@pytest.mark.parametrize("name", REPORTS)
def test_headings_go_down_one_by_one_and_tables_say_what_their_columns_are(name: str) -> None:
    page = Page(render(REPORTS[name](), VIEW))
    tags = [tag for tag, _ in page.elements]
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert [tags.count(landmark) for landmark in ("header", "main", "footer")] == [1, 1, 1]
    assert all(given.get("scope") for tag, given in page.elements if tag == "th")
    assert tags.count("caption") == tags.count("table")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_state_is_told_by_a_sign_or_a_colour_alone(lang: str) -> None:
    page = Page(render(mended(), View(lang=lang)))
    layers = page.all("span", "state")
    assert len(layers) == 6
    assert all(re.fullmatch(r"[✓!✗?–] \S.*", text) for text in layers), layers
    signs = [given for _, given in page.elements if given.get("class") == "sign"]
    assert all(given["aria-hidden"] == "true" for given in signs)


def test_several_targets_are_one_page_whose_anchors_do_not_meet() -> None:
    source = render_all([(mended(), VIEW), (mended(), VIEW)])
    page = Page(source)
    assert len(page.all("article")) == len(page.all("h1")) == 2
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert set(page.attributes("href")) <= {f"#{one}" for one in ids}
    assert source.count("<!DOCTYPE html>") == 1


# That nothing which a stranger wrote becomes part of the page


@given(TEXTS)
@example("</title></style></pre><script>alert(1)</script>")
@example('" onload="alert(1)" x=\'')
def test_hostile_text_makes_no_element_and_no_attribute(text: str) -> None:
    # Page refuses every element and attribute that is not the page's own.
    source = render(hostile(text), VIEW)
    page, calm = Page(source), Page(render(hostile("calm"), VIEW))
    for name in ("section", "details", "table", "tr", "td", "style", "title", "meta", "figure"):
        assert len(page.all(name)) == len(calm.all(name)), name
    assert page.all("style") == calm.all("style")
    assert all(href.startswith(("#", "https://")) for href in page.attributes("href"))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", source)
    source.encode("utf-8")


@given(TEXTS)
def test_what_was_said_is_shown_as_it_was_said(text: str) -> None:
    page = Page(render(report(crashes=(Crash("here", text),)), VIEW))
    harmless = "\n".join(re.sub(r"[^\t\x20-\x7e]", "", line) for line in text.split("\n"))
    shown = [re.sub(r"[^\t\n\x20-\x7e]", "", code) for code in page.all("code")]
    assert f"here: {harmless}" in shown


@given(TEXTS)
def test_an_attribute_ends_where_it_ends(text: str) -> None:
    page = Page(tag("a", text, href=text))
    assert [set(given) for _, given in page.elements] == [{"href"}]
    assert page.all("a") == page.attributes("href")


# The command line


def _diagnose(*words: str) -> bytes:
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C",
                   "PYTHONIOENCODING": "ascii"}  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-m", "diagnose", *words],
        cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.stderr == b""
    return result.stdout


@pytest.mark.parametrize(
    ("form", "begins"), [("html", "<!DOCTYPE html>"), ("markdown", "## ❌ 严重")]
)
def test_a_file_is_in_utf_8_whatever_the_terminal_speaks(
    form: str, begins: str, tmp_path: Path
) -> None:
    path = tmp_path / "shop.jsonl"
    path.write_text(encode(Recording(real().evidence, "laptop", True)), "utf-8")
    made = _diagnose("replay", str(path), "--format", form, "--lang", "zh").decode("utf-8")
    assert made.startswith(begins)
    assert "严重" in made


def test_two_targets_make_one_page() -> None:
    made = _diagnose(
        "--outside", "--format", "html", "--timeout", "2", "127.0.0.1:1", "127.0.0.1:1"
    )
    assert len(Page(made.decode()).all("article")) == 2


# A real browser

BROWSER = shutil.which("chromium")
browser = pytest.mark.skipif(
    BROWSER is None, reason="chromium is not installed: no browser has opened the report"
)


def _open(page: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Chromium, alone and silent, with a profile of its own. What a page complains of is on
    stderr, as CONSOLE."""
    assert BROWSER
    quiet = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--enable-logging=stderr", "--v=0")  # fmt: skip
    profile = f"--user-data-dir={page.parent / 'profile'}"
    return subprocess.run(
        [BROWSER, "--headless", *quiet, profile, *options, page.as_uri()],
        capture_output=True, encoding="utf-8", timeout=120, check=True,
    )  # fmt: skip


def _size(picture: Path) -> tuple[int, int]:
    """Width and height of a PNG (its specification, 11.2.2)."""
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@browser
def test_a_browser_shows_the_cause_and_complains_of_nothing(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(render_all([(hostile("<script>alert(1)</script>"), VIEW), (real(), VIEW)]))
    opened = _open(page, "--dump-dom")
    assert finding_text.title(real().causes[0], "en") in opened.stdout
    assert "&lt;script&gt;alert(1)" in opened.stdout
    assert "<script" not in opened.stdout
    assert "CONSOLE" not in opened.stderr
    for width in (390, 1200):
        picture = tmp_path / f"{width}.png"
        _open(page, f"--window-size={width},1600", f"--screenshot={picture}")
        assert _size(picture) == (width, 1600)


@browser
def test_a_browser_refuses_what_the_page_forbids(tmp_path: Path) -> None:
    """That the test above would hear a complaint, and that the page's policy is obeyed."""
    page = tmp_path / "report.html"
    planted = '<script>document.title = "ran"</script><img src="x.png"></main>'
    page.write_text(render(real(), VIEW).replace("</main>", planted))
    opened = _open(page, "--dump-dom")
    assert "<title>ran</title>" not in opened.stdout
    assert opened.stderr.count("CONSOLE") == 2
    assert "Content Security Policy" in opened.stderr
