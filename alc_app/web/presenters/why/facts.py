"""What is known of one person's record, from which its status is explained (explain.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alc_app.leads.models import GONE, Lead, RecordSync


@dataclass(frozen=True)
class Moment:
    """A time, in seconds since 1970."""

    at: float


Value = tuple[str | Moment, ...]
"""What takes the place of a name in a sentence: texts and moments, one after the other."""


@dataclass(frozen=True)
class Arrival:
    """The last webhook of ALC about a lead: when it arrived, and what became of it."""

    at: float
    state: str
    """new, queued, done, failed or ignored."""
    why: str | None = None


@dataclass(frozen=True)
class Facts:
    """What we, ALC and the CRM know of one record."""

    name: str
    now: float
    lead: Lead | None = None
    """The lead under way, or the last one."""
    sync: RecordSync | None = None
    sender: str = ""
    """The name of the user who sent it; empty if nobody is known."""
    arrival: Arrival | None = None
    is_connected: bool = True
    has_phone: bool = True
    crm_status: str | None = None
    """What the record shows in the CRM now."""
    crm_is_known: bool = True
    """Whether the CRM could be asked for it."""

    @property
    def status(self) -> str:
        """Return the status of the lead; "none" without a lead."""
        return self.lead.status if self.lead else "none"

    @property
    def has_result(self) -> bool:
        """Tell whether ALC has reported how the chat ended, and was not only found to have lost it."""
        return self.lead is not None and self.status in ("complete", "failed") and not self.lead.why

    @property
    def tries(self) -> int:
        """Return how often sending has been tried in vain."""
        return self.lead.tries if self.lead else 0

    @property
    def wanted(self) -> str | None:
        """Return the status that the record should show, if it should show one."""
        return self.sync.alc_status if self.sync and self.sync.version else None

    @property
    def is_behind(self) -> bool:
        """Tell whether the record has not been given what it should show."""
        return self.sync is not None and self.sync.shown_version != self.sync.version

    @property
    def blocked(self) -> str | None:
        """Return what keeps the record from being written: GONE, FORBIDDEN, REFUSED; None if nothing does."""
        return self.sync.blocked if self.sync and self.is_behind else None

    @property
    def is_there(self) -> bool:
        """Tell whether the CRM could be asked, and has the record."""
        return self.crm_is_known and self.blocked != GONE

    @property
    def shows_other_lead(self) -> bool:
        """Tell whether the record shows an earlier lead than the last one."""
        return bool(self.wanted and self.sync and self.lead and self.sync.alc_lead_id != self.lead.alc_lead_id)

    @property
    def was_changed(self) -> bool:
        """Tell whether somebody has changed the status in the CRM since we wrote it."""
        return self.crm_is_known and not self.is_behind and bool(self.wanted) and self.crm_status != self.wanted

    def values(self) -> Mapping[str, Value]:
        """Return what the sentences name, by name."""
        lead, sync = self.lead or Lead(id="", workspace_id="", record_id="", alc_record_id="", created_at=0), self.sync
        texts = {
            "name": self.name,
            "sender": self.sender,
            "lead": lead.alc_lead_id,
            "interest": (lead.interest or "").replace("_", " "),
            "why": _sentence(lead.why),
            "requests": "1 request" if lead.unanswered == 1 else f"{lead.unanswered} requests",
            "wanted": self.wanted,
            "crm_status": self.crm_status,
            "crm_why": _sentence(sync.why if sync else None),
            "arrival_why": _sentence(self.arrival.why if self.arrival else None),
        }
        moments = {
            "sent": lead.created_at,
            "decided": lead.occurred_at,
            "until": lead.resend_until,
            "arrived": self.arrival.at if self.arrival else None,
        }
        return {
            **{name: (text or "",) for name, text in texts.items()},
            **{name: (Moment(at),) for name, at in moments.items() if at is not None},
            "when": self._when(lead.due_at),
            "crm_when": self._when(sync.due_at if sync else None),
        }

    def _when(self, due_at: float | None) -> Value:
        return ("on ", Moment(due_at)) if due_at is not None and due_at > self.now else ("now",)


def _sentence(reason: str | None) -> str:
    return f"{reason.rstrip('.')}." if reason else "The reason is no longer stored."
