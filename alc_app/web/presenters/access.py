"""Who has signed in and what people have asked for, as the access page shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from alc_app.pages.filters import utc
from alc_app.pages.view_models import AccessAction, AccessPerson, AccessView
from alc_app.runtime.services import Services
from alc_app.runtime.storage.tables import PersonAction
from alc_app.web.presenters.people import names_of

ACTIONS = 50
BRACES = str.maketrans({"{": "{{", "}": "}}"})
WORDS: Mapping[str, str] = {
    "POST /people/<uuid:record_id>/actions/<action_id>": "Pressed “{action_id}” for {record_id}",
    "POST /people/bulk-actions/<action_id>": "Pressed “{action_id}” for several people",
    "POST /actions/runs/<run_id>": "Answered the question of an action",
    "POST /workflows/<workflow_id>/runs": "Started the workflow {workflow_id}",
    "POST /workflows/<workflow_id>/switch": "Switched the workflow {workflow_id} on or off",
    "POST /runs/<trace_id>/skip-wait": "Skipped the wait of a run",
    "POST /tutorial/close": "Closed the tutorial",
    "POST /tutorial/reset": "Restarted the tutorial",
    "POST /tutorial/log-in": "Logged in at ALC from the tutorial",
    "POST /sign-out": "Signed out",
    "POST /connections/alc/disconnect": "Disconnected ALC",
    "POST /apps/alc/catch-up": "Asked ALC for missed results",
    "POST /apps/alc/rotate-secrets": "Rotated the signing secrets",
    "POST /settings": "Saved the settings",
    "POST /doctor/report": "Ran the checks of Doctor",
    "POST /doctor/dead-letters": "Replayed or dismissed a dead letter",
    "POST /inspector/deliveries": "Processed a delivery again",
    "POST /access/end-sessions": "Ended the sessions of a person",
    "POST /labs/<name>/run": "Ran the lab {name}",
    "POST /labs/stories/run": "Played a story",
}
"""What each route of `who_may.py` that changes something does. The names in braces are those of the path."""


def access_of(services: Services) -> AccessView:
    """Return everybody, and the latest actions in words."""
    people = [AccessPerson(p.id, p.name, p.email, p.role, utc(p.seen_at)) for p in services.people.all()]
    names = {person.id: person.name for person in people}
    actions = services.people.actions(ACTIONS)
    told = _in_words(services, actions)
    shown = [
        AccessAction(utc(action.at), names.get(action.person_id, ""), what)
        for action, what in zip(actions, told, strict=True)
    ]
    return AccessView(people, shown)


def _in_words(services: Services, actions: Sequence[PersonAction]) -> list[str]:
    """Say what was asked for. A route that no longer exists is shown by its path."""
    found = [_parts(action) for action in actions]
    people = names_of(services, {parts["record_id"] for parts in found if "record_id" in parts})
    names = _labels(services) | people
    words = [WORDS.get(action.route, action.path.translate(BRACES)) for action in actions]
    return [
        text.format_map({part: names.get(value, value) for part, value in parts.items()})
        for text, parts in zip(words, found, strict=True)
    ]


def _parts(action: PersonAction) -> Mapping[str, str]:
    """Return what the path of an action names by the route, such as the record."""
    pattern = re.sub(r"<(?:\w+:)?(\w+)>", r"(?P<\1>[^/]+)", action.route.partition(" ")[2])
    match = re.fullmatch(pattern, action.path)
    return match.groupdict() if match else {}


def _labels(services: Services) -> dict[str, str]:
    """Return what the app calls its actions and workflows, by id."""
    record, workflows = services.manifest.record, services.manifest.workflows
    single, bulk = ({action.id: action.label for action in each} for each in (record.actions, record.bulk_actions))
    return single | bulk | {workflow.id: workflow.title for workflow in workflows}
