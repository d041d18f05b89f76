"""Two server blocks have the target's name on one socket: nginx uses the first that it reads and
ignores the other with a warning. Usually one is a forgotten copy: a backup in a folder that is
read, or a block that a certificate tool wrote beside the old one.

It is an error if visitors suffer from a setting that only the used block has. Otherwise it is a
warning for the next person, who may edit the block that is ignored. Which of two blocks that answer
differently is the right one only a person knows: it may be the ignored one. Nothing removes a block
then, unless its file is a backup by its name.
"""

import posixpath
from collections.abc import Iterator

from checks.http._redirects import redirects_of
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._duplicate_symptoms import NameConflict, answer, find_symptoms
from checks.nginx._edits import config_edit, without_name
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import server_blocks, site_files
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.server_blocks import Listen, Server

#: A subject without a port: a duplicate that harms nobody covers no symptom of visitors.
NO_PORT = Subject(port=0)
_REMOVE_ONE = Manual("remove-one", Where.SERVER)


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig],
    explains=[
        "certificate.*",
        "upstream.*",
        "http.not-the-site",
        "http.redirect-loop",
        "http.server-error",
        "nginx.folder-missing",
        "nginx.index-missing",
        "nginx.own-answer",
        "nginx.rule-refuses",
        "nginx.target-not-found",
        "nginx.visitor-denied",
        "websocket.*",
        "nginx.key-type-mismatch",
    ],
)
def duplicate_server_name(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    conflict = next(_conflicts(nginx), None)
    warnings = _warnings(nginx)
    if conflict is None or (nginx.test and (not nginx.test.passed or not warnings)):
        return
    symptoms = tuple(find_symptoms(nginx, conflict))
    winner, loser = conflict.winner, conflict.loser
    is_backup = not symptoms and _is_backup(conflict)
    stale = (winner if symptoms or is_backup else loser).block
    twice = _is_one_file(nginx, conflict)
    is_spare = is_backup or site_files.is_backup_name(loser.block.file)
    is_open = not (symptoms or is_spare or twice or _is_same(loser, winner))
    # The block that is ignored leads the name to https, and the other stays for its other names.
    taken_out = without_name(nginx, winner.block, evidence.target.host) if is_open else None
    taken_out = taken_out if taken_out and _leads_to_https(loser) else None
    fix = _fix(nginx, conflict, symptoms, is_backup, twice)
    yield Claim(
        about=Subject(text=f"server_name {evidence.target.host}"),
        covers=(Subject(),) if symptoms else (NO_PORT,),
        because=tuple(
            dict.fromkeys(
                observation
                for observation in (nginx.config, nginx.test if warnings else None, *symptoms)
                if observation
            )
        ),
        facts={
            "name": evidence.target.host,
            "port": evidence.target.port,
            "message": warnings[0] if warnings else "",
            "winner": file_line(winner.block),
            "loser": file_line(loser.block),
            "stale": file_line(stale),
            "backup": is_backup,
            "twice": twice,
            "open": is_open and taken_out is None,
            "redirects": taken_out is not None,
            "shortened": fix.steps[0] == without_name(nginx, stale, evidence.target.host),
            "newer": _newer(nginx, conflict) if is_open else "",
            "matters": bool(symptoms),
        },
        severity=Severity.ERROR if symptoms else None,
        confidence=Confidence.CERTAIN if nginx.test and not symptoms else Confidence.LIKELY,
        location=nginx.location(stale),
        fix=Fix((taken_out, *reload_steps(nginx)), Applicability.REVIEW)
        if taken_out
        else _choice(nginx, conflict)
        if is_open
        else fix,
    )


def _choice(nginx: Nginx, conflict: NameConflict) -> Fix:
    """Ask which block is the site's. That it is the ignored one is said last: who looks for the
    reason has written that one."""
    # Imported late: few names stand twice.
    from checks.nginx._duplicate_choice import without_block

    steps = tuple(
        Manual(step, Where.SERVER, commands=without_block(nginx, block))
        for step, block in (("used-one", conflict.loser), ("ignored-one", conflict.winner))
    )
    if any(not step.commands for step in steps):
        manual = Manual("choose", Where.SERVER)
        return Fix((manual, *reload_steps(nginx)), Applicability.MANUAL)
    return Fix(steps, Applicability.MANUAL)


def _leads_to_https(server: Server) -> bool:
    """Return whether a block redirects its names to https, and does nothing else."""
    redirects = redirects_of(server, "/")
    is_whole = not nginx_parser.children(server.block, "root") and not nginx_parser.children(
        server.block, "proxy_pass"
    )
    return is_whole and any(redirect.target.startswith("https:") for redirect in redirects)


def _conflicts(nginx: Nginx) -> Iterator[NameConflict]:
    host = nginx.evidence.target.host
    for selected_server in nginx.selected_servers():
        for loser in server_blocks.shadowed_servers(selected_server.socket, host):
            yield NameConflict(selected_server.socket, selected_server.server, loser)


def _warnings(nginx: Nginx) -> list[str]:
    messages = nginx.test.messages if nginx.test else ()
    port = nginx.evidence.target.port
    return [
        message.text
        for message in messages
        if message.level == "warn"
        and message.text.startswith("conflicting server name")
        and f":{port}, ignored" in message.text
    ]


# Fix


def _is_one_file(nginx: Nginx, conflict: NameConflict) -> bool:
    """Return whether it is the same block read twice, by two includes or through two links."""
    winner_block, loser_block = conflict.winner.block, conflict.loser.block
    first, second = nginx.file(winner_block), nginx.file(loser_block)
    if (winner_block.file, winner_block.line) == (loser_block.file, loser_block.line):
        return True
    if first is None or second is None or winner_block.line != loser_block.line:
        return False
    return (first.real or first.path) == (second.real or second.path)


def _is_same(loser: Server, winner: Server) -> bool:
    """Return whether two blocks say the same, beside their sockets and names: nobody misses the one
    that nginx ignores."""
    return _own_directives(loser) == _own_directives(winner)


def _own_directives(server: Server) -> set[tuple[str, ...]]:
    named = {"listen", "server_name"}
    return {line for line in _flattened_directives(server.block) if line[0] not in named}


def _newer(nginx: Nginx, conflict: NameConflict) -> str:
    """Return the file of the two that was changed last; "" if that is not known."""
    files = [nginx.file(each.block) for each in (conflict.winner, conflict.loser)]
    first, second = ((file.path, file.changed) if file else ("", None) for file in files)
    if first[1] is None or second[1] is None or first[0] == second[0] or first[1] == second[1]:
        return ""
    return first[0] if first[1] > second[1] else second[0]


def _is_backup(conflict: NameConflict) -> bool:
    """Return whether the used block is in a file that somebody kept as a backup, by its name, and
    the ignored one is not."""
    winner_file, loser_file = conflict.winner.block.file, conflict.loser.block.file
    return site_files.is_backup_name(winner_file) and not site_files.is_backup_name(loser_file)


def _fix(
    nginx: Nginx,
    conflict: NameConflict,
    symptoms: tuple[Observation, ...],
    is_backup: bool,
    twice: bool,
) -> Fix:
    is_winner_stale = bool(symptoms) or is_backup
    stale, current = (
        (conflict.winner, conflict.loser) if is_winner_stale else (conflict.loser, conflict.winner)
    )
    if twice:
        link = _unlink_command(nginx, conflict)
        steps = (link,) if link else (Manual("read-once", Where.SERVER),)
        applicability = Applicability.AUTOMATIC if link else Applicability.MANUAL
        return Fix((*steps, *reload_steps(nginx)), applicability)
    is_replaced = is_winner_stale and _has_all_of(current, stale)
    if not (is_replaced or _is_redundant(nginx, stale)):
        return _without_shared_name(nginx, stale, current)
    is_backup_file = site_files.is_backup_name(stale.block.file)
    spare_servers = [
        server
        for server in nginx.servers
        if server.block is stale.block
        or (
            server.block.file == stale.block.file
            and server.block is not current.block
            and _is_redundant(nginx, server)
            and (is_winner_stale or is_backup_file or _is_said_elsewhere(nginx, server))
        )
    ]
    step = _move_command(nginx, stale.block.file, spare_servers) or _removal_edit(
        nginx, stale.block.file, spare_servers
    )
    if step is None:
        return Fix((_REMOVE_ONE, *reload_steps(nginx)), Applicability.MANUAL)
    sure = all(
        _is_unused(nginx, server)
        or (server.block is stale.block and symptoms and _is_older_copy(nginx, stale, current))
        for server in spare_servers
    )
    path = nginx.evidence.target.path
    is_known = bool(symptoms) or answer(stale, path) == answer(current, path)
    applicability = Applicability.AUTOMATIC if sure and is_known else Applicability.REVIEW
    return Fix((step, *reload_steps(nginx)), applicability)


def _without_shared_name(nginx: Nginx, stale: Server, current: Server) -> Fix:
    """Let a block that is needed for its other names no longer have the target's, where the other
    block has its sockets."""
    has_sockets = _sockets(stale) <= _sockets(current)
    edit = without_name(nginx, stale.block, nginx.evidence.target.host) if has_sockets else None
    step, how = (edit, Applicability.REVIEW) if edit else (_REMOVE_ONE, Applicability.MANUAL)
    return Fix((step, *reload_steps(nginx)), how)


def _unlink_command(nginx: Nginx, conflict: NameConflict) -> Command | None:
    """Remove the link through which the file is read a second time."""
    files = [nginx.file(server.block) for server in (conflict.loser, conflict.winner)]
    for file, other_file in (files, files[::-1]):
        if file is None or other_file is None or not file.real or file.path == other_file.path:
            continue
        if file.real == (other_file.real or other_file.path):
            return commands.remove_link(file.path, target=file.real)
    return None


def _move_command(nginx: Nginx, path: str, spare_servers: list[Server]) -> Command | None:
    """Move a file that is a backup by its name to a place where nothing reads it."""
    file, config = nginx.config.file(path) if nginx.config else None, nginx.config
    if file is None or config is None or file.real or not site_files.is_backup_name(path):
        return None
    folder, name = posixpath.split(path)
    new_path = posixpath.join(posixpath.dirname(folder), name)
    directives = [
        directive
        for directive in config.main
        for directive in nginx_parser.walk((directive,))
        if directive.file == path
    ]
    spare_ids = {
        id(directive)
        for server in spare_servers
        for directive in nginx_parser.walk((server.block,))
    }
    patterns = nginx_parser.includes(nginx_parser.parse(file.text, path), folder)
    still_included = any(
        site_files.glob_matches(new_path, pattern)
        for pattern in site_files.include_patterns(config)
    )
    if (
        still_included
        or patterns
        or any(id(directive) not in spare_ids for directive in directives)
    ):
        return None
    return commands.move(path, new_path)


def _is_unused(nginx: Nginx, stale: Server) -> bool:
    """Return whether nginx ignores a block: an earlier one has all of its names on all of its
    sockets."""
    servers = nginx.servers
    before = servers[: next(at for at, server in enumerate(servers) if server.block is stale.block)]
    return any(
        set(stale.names) <= set(server.names) and _keeps_listen_options(stale, server)
        for server in before
    )


def _keeps_listen_options(stale: Server, current: Server) -> bool:
    """Return whether the sockets keep all their options without the block."""
    options = {(listen.address, listen.port): _listen_options(listen) for listen in current.listens}
    return all(
        not listen.default
        and _listen_options(listen) <= options.get((listen.address, listen.port), set())
        for listen in stale.listens
    )


def _listen_options(listen: Listen) -> set[str]:
    return {"listen", *(listen.directive.args[1:] if listen.directive else ())}


def _is_older_copy(nginx: Nginx, stale: Server, current: Server) -> bool:
    """Return whether the current block contains everything of the stale one except the certificate,
    so that it is an older copy.

    It is not if requests for unknown names would go to another block without it.
    """
    if not _keeps_listen_options(stale, current) or not _flattened_directives(
        stale.block
    ) <= _flattened_directives(current.block):
        return False
    for port in {listen.port for listen in stale.listens}:
        for socket in nginx.listen_sockets(port):
            nexts = [server.block for server in socket.servers if server.block is not stale.block]
            if socket.default.block is stale.block and nexts[0] is not current.block:
                return False
    return True


def _flattened_directives(
    block: Directive, outer_heads: tuple[str, ...] = ()
) -> set[tuple[str, ...]]:
    """Return every directive of a block, with the heads of the blocks around it."""
    directives: set[tuple[str, ...]] = set()
    for directive in block.block or ():
        if directive.name not in {"ssl_certificate", "ssl_certificate_key"}:
            head = (directive.name, *directive.args)
            directives.add((*outer_heads, *head))
            directives |= _flattened_directives(directive, (*outer_heads, *head, "{"))
    return directives


def _is_redundant(nginx: Nginx, stale: Server) -> bool:
    """Return whether another file's block, or an earlier one, has all names and sockets of the
    stale block, so that nobody misses it."""
    return any(
        server.block is not stale.block
        and (server.block.file != stale.block.file or server.block.start < stale.block.start)
        and _has_all_of(server, stale)
        for server in nginx.servers
    )


def _is_said_elsewhere(nginx: Nginx, spare: Server) -> bool:
    """Return whether another block with all names and sockets of this one says the same."""
    others = (server for server in nginx.servers if server.block is not spare.block)
    return any(_has_all_of(server, spare) and _is_same(spare, server) for server in others)


def _has_all_of(server: Server, stale: Server) -> bool:
    """Return whether a block has all names and sockets of another one."""
    return set(stale.names) <= set(server.names) and _sockets(stale) <= _sockets(server)


def _sockets(server: Server) -> set[tuple[str, int]]:
    return {(listen.address, listen.port) for listen in server.listens}


def _removal_edit(nginx: Nginx, path: str, spare_servers: list[Server]) -> Edit | None:
    """Remove the block and other redundant blocks of its file, because a copy rarely has only one
    block."""
    file = nginx.config.file(path) if nginx.config else None
    return (
        config_edit(nginx, path, *(_removal(file.text, server.block) for server in spare_servers))
        if file
        else None
    )


def _removal(text: str, block: Directive) -> TextEdit:
    """Return the deletion of the block, by whole lines if nothing else is on them."""
    start, stop = text.rfind("\n", 0, block.start) + 1, block.stop
    end = text.find("\n", stop) + 1 or len(text)
    alone = not text[start : block.start].strip() and not text[stop:end].strip()
    return TextEdit(start, end, "") if alone else TextEdit(block.start, stop, "")
