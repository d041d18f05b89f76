"""The edit by which the nginx of a container, behind the server's own, tells an application the
visitor's origin: in its file on the server, or by a copy of it."""

from collections.abc import Mapping
from dataclasses import replace

from checks.nginx import Nginx, _location_edits
from checks.nginx._edits import Changes, config_edits
from checks.upstream._origins import FormRoute
from diagnose.checking.container_fixes import edit_steps, nginx_container
from diagnose.model import Applicability, Command, Edit, Fix, Vantage, commands
from diagnose.model.containers import BindMount, NginxContainer
from diagnose.model.nginx import ContainerNginx, NginxConfig

#: Where nginx looks for its configuration if nothing says otherwise, by the program.
_DEFAULTS = {
    "/etc/nginx/nginx.conf": "nginx",
    "/usr/local/openresty/nginx/conf/nginx.conf": "openresty",
}


def told_in_container(
    route: FormRoute, headers: Mapping[str, str], outer_steps: tuple[Edit | Command, ...]
) -> Fix | None:
    """Return the edits and the reload in the container, then the steps for the outer nginx; None if
    a file was not read, or the visited nginx is in a container as well."""
    evidence = route.nginx.evidence
    seen = [each for each in evidence.good(ContainerNginx) if each.container == route.container]
    engine = {"docker": "docker", "podman": "podman"}.get(seen[0].engine) if seen else None
    if not seen or not seen[0].files or engine is None or nginx_container(evidence):
        return None
    behind, mark = seen[0], f"{route.container}:"
    main = behind.files[0].path
    config = NginxConfig(vantage=Vantage.SERVER, path=main, main=behind.main, files=behind.files)
    changes: Changes = {}
    inner = Nginx.of(replace(evidence, observations=(config,)))
    lines = _location_edits.header_lines(inner, route.match, headers, changes)
    _location_edits.insert_lines(inner, route.match, lines, changes)
    file_edits = config_edits(inner, changes)
    if not file_edits:
        return None
    container = NginxContainer(
        vantage=Vantage.SERVER,
        pid=behind.pid,
        engine="docker" if engine == "docker" else "podman",
        name=route.container,
        mounts=tuple(BindMount(*mount) for mount in behind.mounts),
    )
    steps = [
        step
        for edit in file_edits
        for step in edit_steps(
            replace(
                edit,
                path=edit.path.removeprefix(mark),
                diff=edit.diff.replace(f" {mark}/", " /", 2),
            ),
            container,
        )
    ]
    path = main.removeprefix(mark)
    program = _DEFAULTS.get(path)
    words = (program,) if program else ("nginx", "-c", path)
    entered = (engine, "exec", route.container, *words)
    return Fix(
        (
            *steps,
            commands.test_nginx(entered),
            commands.reload_nginx(entered),
            *outer_steps,
        ),
        Applicability.REVIEW,
    )
