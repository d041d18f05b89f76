"""Files of a page that are in the project behind the site, where no visitor gets them."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import FilePath, Label, Url, Word
from diagnose.model.processes import Starter
from diagnose.model.summary import Summary, phrase


@frozen(kw_only=True, eq=False)
class UnpublishedFiles(Observation):
    """Why a file of the page is missing, or the page of Django is an error without a log, by the
    project behind the site.

    `kind` is "laravel" (the link public/storage is missing, or leads to nothing: `is_broken`),
    "next" (the standalone build has no static files: they are copied from `source` to `target`, and
    the folder `public` to the one beside the program), "django" (WhiteNoise serves what
    collectstatic laid into `target`, which lacks the file) or "manifest" (the storage of static
    files has no list of them in `target`). `project` is its folder and `owner` its user; `manage`
    is the manage.py and `python` its interpreter ("" if none was found). `unit` is the service of
    the program without ".service", or `starter` what starts it, None for neither.
    """

    layer: ClassVar[str] = "upstream"

    url: Url
    kind: Word
    project: FilePath
    source: FilePath = ""
    target: FilePath = ""
    public: FilePath = ""
    is_broken: bool = False
    owner: Label = ""
    manage: FilePath = ""
    python: FilePath = ""
    unit: Label = ""
    starter: Starter | None = None

    def summary(self) -> Summary:
        return phrase("files of {project}", project=self.project), self.target
