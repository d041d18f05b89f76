"""The line of a Caddyfile that names the files of a certificate: Caddy requests none itself for the
names of that site (Caddyfile, "tls")."""

from diagnose.model import Evidence


def files_line(evidence: Evidence) -> tuple[str, str]:
    """Return the place of the only such line of the site with the target's name, and the line; ""
    for both if another server answers, or Caddy may request certificates itself."""
    from checks.server import place_text, server_view

    view, host = server_view(evidence), evidence.target.host
    if view is None or view.server.product != "caddy" or view.server.container:
        return "", ""
    if not any(host in site.names for site in view.answering_sites):
        return "", ""
    from checks.server._caddy_lines import own_lines

    lines = [line for line in own_lines(view) if line.text.split()[:1] == ["tls"]]
    words = lines[0].text.removesuffix("{").split() if len(lines) == 1 else []
    if len(words) != 3 or len(lines[0].heads) != 1 or lines[0].heads[0].startswith("("):
        return "", ""
    return place_text(lines[0].file, lines[0].number), " ".join(words)
