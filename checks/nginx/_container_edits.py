"""Edits of the nginx of a container behind the visitors' one: in its files on the server, or by a
copy of them, and the commands that load them in there."""

from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from diagnose.checking.container_fixes import edit_steps, nginx_container
from diagnose.model import Command, Edit, Evidence, Vantage, commands
from diagnose.model.containers import BindMount, NginxContainer
from diagnose.model.nginx import ContainerNginx, NginxConfig

#: Where nginx looks for its configuration if nothing says otherwise, by the program.
_DEFAULTS = {
    "/etc/nginx/nginx.conf": "nginx",
    "/usr/local/openresty/nginx/conf/nginx.conf": "openresty",
}


def nginx_in(evidence: Evidence, container: str) -> Nginx | None:
    """Return the view of the nginx of a container; None if its files were not read."""
    behind = _nginx_of_container(evidence, container)
    if behind is None:
        return None
    main = behind.files[0].path
    config = NginxConfig(vantage=Vantage.SERVER, path=main, main=behind.main, files=behind.files)
    return Nginx.of(replace(evidence, observations=(config,)))


def with_container_files(nginx: Nginx) -> Nginx:
    """Return the view of the visitors' nginx that has the files of those in containers as well:
    each path of them has the container's name in front."""
    more = tuple(
        file
        for container_nginx in nginx.evidence.good(ContainerNginx)
        for file in container_nginx.files
    )
    if not more or nginx.config is None:
        return nginx
    return replace(nginx, config=replace(nginx.config, files=(*nginx.config.files, *more)))


def container_steps(
    evidence: Evidence, nginx: Nginx, container: str, changes: Changes
) -> tuple[Edit | Command, ...]:
    """Return the edits of files of a container, by the view that has them, and the commands that
    test and load them; () if one of them is not possible."""
    behind, mark = _nginx_of_container(evidence, container), f"{container}:"
    engine = {"docker": "docker", "podman": "podman"}.get(behind.engine) if behind else None
    file_edits = config_edits(nginx, changes)
    is_all = all(path.startswith(mark) for path in changes)
    if behind is None or engine is None or not file_edits or not is_all:
        return ()
    inner = NginxContainer(
        vantage=Vantage.SERVER,
        pid=behind.pid,
        engine="docker" if engine == "docker" else "podman",
        name=container,
        mounts=tuple(BindMount(*mount) for mount in behind.mounts),
    )
    # Where the visited nginx is in a container as well, these are no paths of that one.
    is_outside = nginx_container(evidence) is not None
    steps = [
        replace(step, outside=is_outside) if isinstance(step, Edit) else step
        for edit in file_edits
        for step in edit_steps(_unmarked(edit, mark), inner)
    ]
    path = behind.files[0].path.removeprefix(mark)
    program = _DEFAULTS.get(path)
    words = (program,) if program else ("nginx", "-c", path)
    entered = (engine, "exec", container, *words)
    return (*steps, commands.test_nginx(entered), commands.reload_nginx(entered))


def _nginx_of_container(evidence: Evidence, container: str) -> ContainerNginx | None:
    seen = (
        container_nginx
        for container_nginx in evidence.good(ContainerNginx)
        if container_nginx.container == container
    )
    return next((each for each in seen if each.files), None)


def _unmarked(edit: Edit, mark: str) -> Edit:
    diff = edit.diff.replace(f" {mark}/", " /", 2)
    return replace(edit, path=edit.path.removeprefix(mark), diff=diff)
