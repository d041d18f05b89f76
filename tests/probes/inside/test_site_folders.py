"""Where the files of a site are that Apache or Caddy does not find."""

import asyncio
from dataclasses import replace

from diagnose.machine import CommandResult
from diagnose.model.http import Exchange
from diagnose.model.server_rules import ServedFolder
from diagnose.model.site_folders import SiteFolder
from diagnose.probes.inside import site_folders
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=404)


def test_the_folder_in_which_caddy_runs_where_none_is_named() -> None:
    """The pid of the observed Caddy is 10."""
    result = CommandResult((), 0, "/srv/caddy\n", "", 0.0)
    ctx = Looking(RecordedMachine({"readlink /proc/10/cwd": result}))
    config = caddy_config("shop.example.com {\n}\n", document("shop.example.com"))
    config = replace(config, folders=(ServedFolder("/", "", "/"),))
    for observation in (CADDY, PAGE, config):
        ctx.emit(observation)

    async def work() -> None:
        await site_folders.folder_after_config.work(ctx, config)

    asyncio.run(work())
    (folder,) = ctx.observed(SiteFolder)
    assert (folder.path, folder.requested, folder.is_unset) == ("/srv/caddy", "/", True)
