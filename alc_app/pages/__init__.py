"""The workspace's pages in the browser, as a Flask blueprint over a `Workspace`."""

from flask import Blueprint

from .access import add_access_page
from .assets import PagesBlueprint
from .compare import add_compare_pages
from .connect_steps import ConnectRun
from .doctor import add_doctor_page
from .errors import add_error_pages
from .filters import add_filters
from .headers import secure_headers
from .inspector import add_inspector
from .install import add_install_page
from .labs import Choice, Excerpt, Lab, Labs, LabsBusy, SideName, Story, StoryUnreadable, WhatIf, add_lab_pages
from .people import add_people_pages
from .run_pages import add_run_pages
from .settings import add_settings_page
from .stories import add_story_pages
from .tutorial import add_tutorial_page
from .view_models import (
    CatchUp,
    Change,
    CleanUp,
    ConnectionView,
    Handler,
    PeoplePage,
    PeopleQuery,
    Person,
)
from .workflows import add_workflows_page
from .workspace import CrmUnavailable, NotPossible, Workspace

__all__ = [
    "CatchUp",
    "Change",
    "Choice",
    "CleanUp",
    "ConnectRun",
    "ConnectionView",
    "CrmUnavailable",
    "Excerpt",
    "Handler",
    "Lab",
    "Labs",
    "LabsBusy",
    "NotPossible",
    "PeoplePage",
    "PeopleQuery",
    "Person",
    "SideName",
    "Story",
    "StoryUnreadable",
    "WhatIf",
    "Workspace",
    "blueprint",
    "secure_headers",
]


def blueprint(workspace: Workspace, labs: Labs | None = None) -> Blueprint:
    """Build the pages of a workspace, with their assets and the error pages of the whole app."""
    pages = PagesBlueprint(workspace)
    add_filters(pages)
    add_people_pages(pages, workspace)
    add_install_page(pages, workspace)
    add_doctor_page(pages, workspace)
    add_inspector(pages, workspace)
    add_tutorial_page(pages, workspace)
    add_compare_pages(pages, workspace, labs)
    add_run_pages(pages, workspace, labs)
    if labs:
        add_lab_pages(pages, workspace, labs)
        add_story_pages(pages, workspace, labs)
    add_workflows_page(pages, workspace)
    add_settings_page(pages, workspace)
    add_access_page(pages, workspace)
    add_error_pages(pages)
    return pages
