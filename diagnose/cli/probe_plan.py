"""`--list-probes`: what the probes look at. `--plan`: what a run would do. Nothing is sent."""

from collections.abc import Iterable, Sequence

from diagnose.cli.probe_table import ROWS, ProbeRow, command_text, rows_of
from diagnose.cli.request import RunRequest
from diagnose.i18n.probes import translate
from diagnose.i18n.reports import translate as label
from diagnose.model import LAYERS, Side, Target
from diagnose.model.view import View
from diagnose.net import resolvconf
from diagnose.outputs.terminal import Page
from diagnose.parsers.target import parse_target
from diagnose.probes import Options

#: The parts of the page: a heading, a side and an occasion.
_PARTS = (
    ("outside", Side.OUTSIDE, "always"),
    ("outside-failure", Side.OUTSIDE, "failure"),
    ("inside", Side.INSIDE, "always"),
    ("inside-failure", Side.INSIDE, "failure"),
)
#: The modules that an option asks for.
_OPTIONS = {
    "vantages": "--vantage ssh://…",
    "globalping": "--vantage globalping",
    "origin": "--origin-address",
    "cloud": "--cloud",
}


def render_list(view: View) -> str:
    """Return a page with every module of probes."""
    page = _page(view)
    example = parse_target("shop.example.com", ("/ws",), view.lang)
    page.prose(translate("list.about", view.lang, layers=", ".join(LAYERS)))
    _add_parts(page, ROWS, example, Options(), view.lang, names_options=True)
    return page.text()


def render_plans(request: RunRequest, view: View) -> str:
    """Return what a run would do to each target of a request."""
    page = _page(view)
    page.prose(translate("plan.about", view.lang))
    for target in request.targets:
        page.blank()
        page.add(("bold", target.url))
        if target.read_as and target.input.rstrip("/") != target.url.rstrip("/"):
            page.prose(label("read-as", view.lang, read_as=target.read_as), "", 2, "dim")
        _add_parts(page, rows_of(target, request.options), target, request.options, view.lang)
    return page.text()


def _page(view: View) -> Page:
    return Page(min(view.width, 100), view.color, view.ascii)


def _add_parts(
    page: Page,
    rows: Sequence[ProbeRow],
    target: Target,
    options: Options,
    lang: str,
    names_options: bool = False,
) -> None:
    for heading, side, occasion in _PARTS:
        part = [row for row in rows if (row.side, row.occasion) == (side, occasion)]
        if part:
            page.blank()
            page.prose(_heading(heading, options, lang), "", 0, "bold")
        for row in part:
            _add_row(page, row, target, options, lang, names_options)


def _heading(heading: str, options: Options, lang: str) -> str:
    """Return a heading. Whether the inside is looked at is known from the options, or not yet."""
    text = translate(f"part.{heading}", lang)
    if not heading.startswith("inside"):
        return text
    if options.server:
        return f"{text} {translate('part.over-ssh', lang, server=options.server)}"
    return text if options.inside else f"{text} {translate('part.if-server', lang)}"


def _add_row(
    page: Page, row: ProbeRow, target: Target, options: Options, lang: str, names_options: bool
) -> None:
    notes = [translate(f"peer.{row.peer}", lang, peer=_peer_name(row, target, options))]
    if names_options and row.name in _OPTIONS:
        notes.append(_OPTIONS[row.name])
    if row.layers:
        notes.append(f"--only {','.join(row.layers)}")
    page.prose(translate(f"{row.side}.{row.name}", lang), f"{row.name}: ", 2)
    page.prose("; ".join(notes), "", 6, "dim")
    page.code(f"$ {command_text(row, target, options)}", 6)


def _peer_name(row: ProbeRow, target: Target, options: Options) -> str:
    if row.peer == "name-servers":
        return _names(_name_servers(options))
    if row.peer == "vantage":
        return _names(name for name in options.vantages if ":" in name) or "ssh://…"
    if row.peer == "origin":
        return options.origin_address or "ADDRESS"
    if options.by_proxy:
        from diagnose.parsers.proxy_url import masked

        return masked(options.proxy or "")
    return target.authority if options.address is None else options.address


def _name_servers(options: Options) -> Iterable[str]:
    if options.resolver:
        return (options.resolver,)
    return resolvconf.name_servers(resolvconf.read_text(resolvconf.RESOLV_CONF)) or ("127.0.0.1",)


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
