"""The pages are whole: in both languages, with links that lead somewhere, and as the code says."""

import json
import posixpath
import re
from functools import cache
from pathlib import Path

import pytest

from diagnose.checking import registry
from diagnose.checking.texts import check_text
from diagnose.cli.help_text import COMMANDS
from diagnose.cli.schemas import lines_schema
from diagnose.cli.settings import load_settings
from diagnose.outputs.prometheus import METRICS
from docs.generator.language_links import link
from docs.generator.pages import DOCS, ROOT, filled, pages, sources
from docs.generator.readme import READMES, updated
from docs.generator.replay import printed, recordings, replayed
from docs.generator.words import LANGUAGES, WORDS
from tests.support.fences import fences

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+?)(?: \{ #([\w-]+) \})?$", re.MULTILINE)


@cache
def site(lang: str) -> dict[str, str]:
    return dict(pages(lang))


def anchors(page: str) -> set[str]:
    headings = _HEADING.findall(_FENCED.sub("", page))
    return {given or re.sub(r"[^\w-]+", "-", title.strip("`").lower()) for title, given in headings}


def broken_links(all_pages: dict[str, str]) -> list[str]:
    broken = []
    for path, page in all_pages.items():
        for target in _LINK.findall(re.sub(r"`[^`\n]*`", "`…`", _FENCED.sub("", page))):
            if target.startswith("https://"):  # of somebody else; tests have no internet
                continue
            name, _, anchor = target.partition("#")
            to = posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) if name else path
            if to not in all_pages or (anchor and anchor not in anchors(all_pages[to])):
                broken.append(f"{path}: {target}")
    return broken


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_link_leads_to_a_page_and_a_heading(lang: str) -> None:
    assert broken_links(site(lang)) == []


def test_a_broken_link_is_noticed() -> None:
    pages = {
        "a.md": "# A\n[b](b/c.md#see) [no](no.md) [up](#none) [out](https://example.com/)",
        "b/c.md": "# See\n[a](../a.md)",
    }
    assert broken_links(pages) == ["a.md: no.md", "a.md: #none"]


def test_each_page_is_there_in_both_languages() -> None:
    assert sources("en").keys() == sources("zh").keys()
    assert site("en").keys() == site("zh").keys()


@pytest.mark.parametrize("path", sources("en"))
def test_both_languages_show_the_same_commands_and_runs(path: str) -> None:
    english, chinese = (sources(lang)[path].read_text("utf-8") for lang in ("en", "zh"))
    shown = [
        [(tuple(command.replace(" --lang zh", "") for command in fence.commands), fence.status)
         for fence in fences(page)]
        for page in (english, chinese)
    ]  # fmt: skip
    assert shown[0] == shown[1]
    directives = re.compile(r"^\{\{ (?:replay|made) .*\}\}$", re.MULTILINE)
    assert directives.findall(english) == directives.findall(chinese)
    assert english.count("\n## ") == chinese.count("\n## ")


def test_the_words_of_made_pages_are_there_in_both_languages() -> None:
    assert WORDS["en"].keys() == WORDS["zh"].keys()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_left_to_be_filled_in(lang: str) -> None:
    for path, page in site(lang).items():
        assert not re.search(r"^\{\{ |^<!-- (not )?run", page, re.MULTILINE), path


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_check_has_a_page_under_its_title(lang: str) -> None:
    for check_id in registry.check_ids():
        page = site(lang)[f"checks/{check_id}.md"]
        assert page.partition("\n\n")[2].startswith(
            f"# {check_text(check_id, lang).general_title}\n\n`{check_id}`"
        )
        assert f"]({check_id}.md)" in site(lang)["checks/index.md"]


@pytest.mark.parametrize("name", ["mkdocs.yml", "mkdocs.zh.yml"])
def test_the_menu_has_every_page(name: str) -> None:
    text = DOCS.joinpath(name).read_text("utf-8").partition("\nnav:")[2]
    listed = re.findall(r"[\w/-]+\.md", text)
    made = {path for path in site("en") if path.startswith("reference/")} | {"checks/index.md"}
    assert sorted(listed) == sorted({*sources("en"), *made})


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_command_line_is_that_of_the_program(lang: str) -> None:
    page, spec = site(lang)["reference/cli.md"], json.loads(printed("--spec"))
    for command in spec["commands"]:
        section = page.partition(f"## `{command['name']}`\n")[2].partition("\n## ")[0]
        for option in command["options"]:
            assert all(f"`{flag}" in section for flag in option["flags"])
    for command_name in COMMANDS:
        assert f"## `diagnose {command_name}`" in page
    for status in spec["exit_status"]:
        assert f"\n| {status} | " in site(lang)["reference/exit-status.md"]


def test_the_reference_of_the_command_line_has_each_meaning_in_both_languages() -> None:
    for page in ("reference/cli.md", "reference/exit-status.md"):
        # Rows and paragraphs of several English words: usage lines have none.
        english, chinese = (
            set(re.findall(r"^(?!#).*[a-z]+ [a-z]+ [a-z]+.*$", site(lang)[page], re.MULTILINE))
            for lang in LANGUAGES
        )
        assert english
        assert not english & chinese


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("command", "flag"),
    [
        ("diagnose", "--baseline FILE"), ("diagnose", "--plan"), ("diagnose", "--list-probes"),
        ("diagnose", "--inline"), ("diagnose", "--also-lang LANG"), ("diagnose fleet", "--schema"),
        ("diagnose fleet", "--nats URL"), ("diagnose worker", "--nats URL"),
        ("diagnose serve", "--resident"),
    ],
)  # fmt: skip
def test_what_is_public_is_in_the_reference(lang: str, command: str, flag: str) -> None:
    page = site(lang)["reference/cli.md"]
    assert f"| `{flag}` |" in page.partition(f"## `{command}`\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_public_formats_fields_and_keys_are_in_the_pages(lang: str) -> None:
    pages_of_lang = site(lang)
    assert "`openmetrics`" in pages_of_lang["reference/cli.md"]
    for field in ("next", "baseline"):
        assert f"| `{field}` |" in pages_of_lang["reference/json.md"]
    for metric in ("diagnose_pulse", "diagnose_pulse_age_seconds"):
        assert f"| `{metric}` |" in pages_of_lang["reference/metrics.md"]
    assert "[keys]" in pages_of_lang["how-to/configuration.md"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_metrics_and_fields_are_those_of_the_outputs(lang: str) -> None:
    for metric in METRICS:
        assert f"| `{metric}` |" in site(lang)["reference/metrics.md"]
    for line in replayed("key", "en", "--format", "prometheus").splitlines():
        name, _, labels = line.partition("{")
        if not line.startswith("#"):
            row = next(
                row
                for row in site(lang)["reference/metrics.md"].splitlines()
                if f"| `{name}`" in row
            )
            assert set(re.findall(r'(\w+)="', labels)) - {"target"} == set(
                re.findall(r"`(\w+)`", row)[1:]
            )
    lines = json.loads(printed("fleet", "--schema"))["$defs"]
    del lines["report-1"]
    for page, definitions in (
        ("reference/json.md", json.loads(printed("--schema"))["$defs"]),
        ("reference/json-lines.md", lines),
    ):
        for name, definition in definitions.items():
            section = site(lang)[page].partition(f"## `{name}`")[2]
            for field in definition.get("properties", ()):
                assert f"| `{field}` |" in section.partition("\n## ")[0]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pages_name_every_kind_of_line(lang: str) -> None:
    kinds = {load["$ref"].rpartition("/")[2] for load in json.loads(lines_schema())["oneOf"]}
    pages = {name: site(lang)[f"how-to/{name}.md"] for name in ("fleet", "workers", "watch")}
    assert {
        kind for kind in kinds if not any(f"`{kind}`" in page for page in pages.values())
    } == set()


@pytest.mark.parametrize("name", recordings())
def test_a_recorded_run_is_shown_and_still_judged(name: str) -> None:
    shown = "".join(file.read_text("utf-8") for file in sources("en").values())
    titles = "".join(site("en").values())
    report = replayed(name, "en", "--format", "text")
    assert f"{{{{ replay {name}" in shown or report.rstrip("\n") in titles
    status = json.loads(replayed(name, "en", "--json"))["verdict"]["status"]
    assert status == ("ok" if name.startswith("healthy") else "critical")


@pytest.mark.parametrize("lang", READMES)
def test_the_readme_shows_what_the_tool_prints_today(lang: str) -> None:
    text = READMES[lang].read_text("utf-8")
    assert text.count("<!-- replay: ") == 2
    assert text == updated(text, lang), "run: python -m docs.generator.readme"


def readme_commands(lang: str) -> list[str]:
    """Return the lines of the README's fences that are commands, without their comments."""
    text = READMES[lang].read_text("utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [
        line
        for kind, block in blocks
        if not kind
        for line in (block.splitlines()[:1] if block.startswith("$ ") else block.splitlines())
    ]
    return [re.sub(r"\s+# .*", "", line) for line in lines]


def readme_outline(lang: str) -> list[tuple[int, int]]:
    """Return the level of each heading, and how many pictures stand below it."""
    sections = re.split(r"^(#+) .*$", _FENCED.sub("", READMES[lang].read_text("utf-8")), flags=re.M)
    return [
        (len(level), len(re.findall(r"^!\[", section, re.MULTILINE)))
        for level, section in zip(sections[1::2], sections[2::2], strict=True)
    ]


def test_the_readme_is_the_same_in_both_languages() -> None:
    assert readme_outline("en") == readme_outline("zh")
    assert len(readme_commands("en")) > 15
    assert readme_commands("en") == readme_commands("zh")
    for lang, other in (("en", "zh"), ("zh", "en")):
        assert f"]({READMES[other].name})" in READMES[lang].read_text("utf-8")


@pytest.mark.parametrize("lang", READMES)
def test_the_files_that_the_readme_names_are_there_in_its_language(lang: str) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", READMES[lang].read_text("utf-8"))
    assert [target for target in targets if not (ROOT / target).exists()] == []
    other = "zh" if lang == "en" else "en"
    pages = {target for target in targets if target.startswith(f"docs/{other}/")}
    assert pages <= {f"docs/{other}/index.md"}
    in_other = [target for target in targets if f".{other}." in target]
    assert in_other == [READMES[other].name] * (other == "zh")


def test_emphasis_in_chinese_ends_where_commonmark_sees_it() -> None:
    """A closing mark between punctuation and a character is none (CommonMark, 6.2)."""
    text = re.sub(r"`[^`\n]*`", "`", _FENCED.sub("", READMES["zh"].read_text("utf-8")))
    assert not re.search(r"[。，：；”）]\*\*(?=[\w`])", text)


@pytest.mark.parametrize(
    "page",
    sorted(DOCS.rglob("configuration.md")),
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_the_example_of_a_configuration_is_one(page: Path, tmp_path: Path) -> None:
    examples = re.findall(r"^```toml\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
    file = tmp_path / "config.toml"
    file.write_text("\n".join(examples), "utf-8")
    file.chmod(0o600)
    settings = load_settings(str(file))
    assert settings.targets.keys() == {"shop"}
    assert settings.servers.keys() == {"shop.example.com"}
    assert settings.ignores
    assert bool(settings.keys) is ("[keys]" in page.read_text("utf-8"))


def test_a_page_is_filled() -> None:
    page = "a\n<!-- run -->\n```console\n$ x\n{{ replay healthy --format plain }}\n```\n"
    assert filled(page, "en").splitlines()[3].startswith("https://shop.example.com/\tok\t")
    assert "<!--" not in filled(page, "en")


def test_lines_of_chinese_are_joined_without_a_space() -> None:
    assert (
        filled("第一行，\n第二行\n```text\n甲\n乙\n```\n", "zh")
        == "第一行，第二行\n```text\n甲\n乙\n```\n"
    )


def test_the_switch_of_the_language_leads_to_the_same_page() -> None:
    assert [link("./", "en", lang) for lang in ("en", "zh")] == ["./", "zh/"]
    assert [link("./", "zh", lang) for lang in ("en", "zh")] == ["../", "../zh/"]
    assert link("checks/tcp.refused/", "en", "zh") == "../../zh/checks/tcp.refused/"
    assert link("checks/tcp.refused/", "zh", "en") == "../../../checks/tcp.refused/"
    assert link("checks/tcp.refused/", "zh", "zh") == "../../../zh/checks/tcp.refused/"
