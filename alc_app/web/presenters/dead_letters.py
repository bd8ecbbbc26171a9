"""Dead letters as their page shows them: with the names of the people that they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alc_app.attio.host.doctor import DeadLetter
from alc_app.runtime.jobs import dead_letters
from alc_app.runtime.services import Services
from alc_app.web.presenters.people import names_of


def letters_of(services: Services) -> Sequence[DeadLetter]:
    """Return the dead letters, newest first. While the CRM cannot be read, they name records instead of people."""
    letters = dead_letters.find(services)
    names = names_of(services, {letter.record_id for letter in letters if letter.record_id})
    return [
        replace(letter, text=letter.text_naming(names[letter.record_id])) if letter.record_id in names else letter
        for letter in letters
    ]
