"""The command palette: actions of the keys, findings, layers, the pages of the checks, themes."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from diagnose.checking import registry
from diagnose.i18n import reports
from diagnose.i18n.screen import translate
from diagnose.model import LAYERS
from diagnose.outputs import check_page, finding_text
from diagnose.tui.screens.base import BaseScreen
from diagnose.tui.screens.site import SiteScreen

if TYPE_CHECKING:
    from diagnose.tui.app import DiagnoseApp

Command = tuple[str, str, Callable[[], Any]]


class CommandProvider(Provider):
    """Offers the actions of the keys at first, and all commands after typing."""

    @property
    def _app(self) -> "DiagnoseApp":
        app: Any = self.app
        return app  # type: ignore[no-any-return]

    async def discover(self) -> Hits:
        for label, hint, run in self._key_commands():
            yield DiscoveryHit(label, run, help=hint)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for label, hint, run in (
            *self._key_commands(),
            *self._site_commands(),
            *self._static_commands(),
        ):
            score = max(matcher.match(label), matcher.match(hint))
            if score > 0:
                yield Hit(score, matcher.highlight(label), run, help=hint)

    def _key_commands(self) -> Iterator[Command]:
        screen = self.screen
        for key in screen.keys if isinstance(screen, BaseScreen) else ():
            owner: Any = self._app if key.app_wide else screen
            if key.name not in {"palette", "back"}:
                # The word of the key bar too: somebody types what is read there.
                lang = self._app.view.lang
                hint = f"{key.label}  {key.hint(lang)}"
                yield key.description(lang), hint, partial(owner.action_do, key.name)

    def _site_commands(self) -> Iterator[Command]:
        screen, lang = self.screen, self._app.view.lang
        if not isinstance(screen, SiteScreen):
            return
        report, _ = self._app.visible_report(screen.session)
        for finding in report.findings:
            select = partial(screen.findings.choose, finding.id)
            yield (
                translate("does.go", lang, id=finding.check.id),
                finding_text.title(finding, lang),
                select,
            )
        for layer in LAYERS:
            label = translate("does.layer", lang, layer=reports.translate(f"layer.{layer}", lang))
            yield label, layer, partial(screen.show_layer, layer)

    def _static_commands(self) -> Iterator[Command]:
        lang = self._app.view.lang
        for theme in self._app.available_themes:
            label = translate("does.theme", lang, name=theme)
            yield label, "", partial(setattr, self._app, "theme", theme)
        for check_id in registry.check_ids():
            label = translate("does.explain", lang, id=check_id)
            yield label, "", partial(self._explain, check_id)

    def _explain(self, check_id: str) -> None:
        self._app.show_text(check_id, check_page.render(check_id, self._app.dialog_view()))


class Palette(CommandPalette):
    def __init__(self, placeholder: str) -> None:
        super().__init__(providers=[CommandProvider], placeholder=placeholder)
