"""Who has signed in and what people have asked for, as the access page shows it."""

from __future__ import annotations

from alc_app.pages.filters import utc
from alc_app.pages.view_models import AccessAction, AccessPerson, AccessView
from alc_app.runtime.services import Services

ACTIONS = 50


def access_of(services: Services) -> AccessView:
    """Return everybody, and the latest actions."""
    people = [AccessPerson(p.id, p.name, p.email, p.role, utc(p.seen_at)) for p in services.people.all()]
    names = {person.id: person.name for person in people}
    actions = services.people.actions(ACTIONS)
    return AccessView(people, [AccessAction(utc(a.at), names.get(a.person_id, ""), a.path) for a in actions])
