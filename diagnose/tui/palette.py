"""The command palette: what the keys do, the findings, the layers, the page of every check, the
themes."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from diagnose.checking import registry
from diagnose.i18n import reports
from diagnose.i18n.screen import say
from diagnose.model import LAYERS
from diagnose.outputs import check_page, finding_text
from diagnose.tui.screens.base import Drawn
from diagnose.tui.screens.site import SiteScreen

if TYPE_CHECKING:
    from diagnose.tui.app import DiagnoseApp

Command = tuple[str, str, Callable[[], Any]]


class Commands(Provider):
    """Offers first what the keys do; the rest to whoever types."""

    @property
    def _app(self) -> "DiagnoseApp":
        app: Any = self.app
        return app  # type: ignore[no-any-return]

    async def discover(self) -> Hits:
        for words, hint, run in self._of_keys():
            yield DiscoveryHit(words, run, help=hint)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for words, hint, run in (*self._of_keys(), *self._of_site(), *self._others()):
            score = matcher.match(words)
            if score > 0:
                yield Hit(score, matcher.highlight(words), run, help=hint)

    def _of_keys(self) -> Iterator[Command]:
        screen = self.screen
        for one in screen.KEYS if isinstance(screen, Drawn) else ():
            owner: Any = self._app if one.everywhere else screen
            if one.name not in {"palette", "back"}:
                words = say(f"does.{one.name}", self._app.view.lang)
                yield words, one.label, partial(owner.action_do, one.name)

    def _of_site(self) -> Iterator[Command]:
        screen, lang = self.screen, self._app.view.lang
        if not isinstance(screen, SiteScreen):
            return
        report, _ = self._app.shown(screen.session)
        for found in report.findings:
            go = partial(screen.findings.choose, found.id)
            yield say("does.go", lang, id=found.check.id), finding_text.title(found, lang), go
        for layer in LAYERS:
            words = say("does.layer", lang, layer=reports.say(f"layer.{layer}", lang))
            yield words, layer, partial(screen.show_layer, layer)

    def _others(self) -> Iterator[Command]:
        lang = self._app.view.lang
        for theme in self._app.available_themes:
            words = say("does.theme", lang, name=theme)
            yield words, "", partial(setattr, self._app, "theme", theme)
        for check_id in registry.names():
            words = say("does.explain", lang, id=check_id)
            yield words, "", partial(self._explain, check_id)

    def _explain(self, check_id: str) -> None:
        self._app.sheet(check_id, check_page.page(check_id, self._app.plain()))


class Palette(CommandPalette):
    def __init__(self, placeholder: str) -> None:
        super().__init__(providers=[Commands], placeholder=placeholder)
