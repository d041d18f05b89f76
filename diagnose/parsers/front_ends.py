"""The source files of front ends, which browsers cannot run before they are built."""

#: What Vite, webpack and the like compile (https://vite.dev/guide/features#jsx).
_SOURCES = (".jsx", ".tsx", ".ts", ".mts", ".vue", ".svelte")
#: Where the builds of Vite, Vue CLI and webpack are ("dist"), of Create React App ("build") and of
#: exports of Next.js ("out"). The page in "public" belongs to the source.
_BUILDS = ("dist", "build", "out")


def is_source(path: str) -> bool:
    """Return whether the file has to be compiled before a browser can run it."""
    return path.lower().endswith(_SOURCES)


def build_pages(project: str) -> tuple[str, ...]:
    """Return where the page of a project's build may be."""
    return tuple(f"{project.rstrip('/')}/{folder}/index.html" for folder in _BUILDS)
