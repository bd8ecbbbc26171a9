"""Play a story on one side: each happening by ALC's control API, or by what a lab's driver can do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from alc_app.labs.clients import Json
from alc_app.labs.driver import ACCOUNT, Driver
from alc_app.labs.stories import Happening, StoryFile
from alc_app.labs.story_facts import Broken, Played, observe

SETTLED_WITHIN, ENDED_WITHIN, DELETED_WITHIN = 5.0, 15.0, 14.0
"""Real seconds that a side has for a send, for its verdicts, and for what a disconnect leaves."""
LONGEST_JUMP = 3_600.0
"""Seconds of ALC's clock in which all that is under way at the end of a story has been delivered."""


class StoryPlayer:
    """Plays one story on one side."""

    def __init__(self, driver: Driver, story: StoryFile) -> None:
        """Prepare; nothing is done yet."""
        self._driver, self._story = driver, story
        self._people: dict[int, str] = {}
        self._faults: list[str] = []
        self._crm_faults: list[str] = []
        self._is_connected = True
        self._clicks: Counter[str] = Counter()
        self._screens: dict[str, str] = {}
        self._disconnects = any(each.do == "disconnect" for each in story.happened)

    def play(self) -> Broken | None:
        """Play the story, and return what breaks its promise; None if nothing that is looked up is about it."""
        driver = self._driver
        driver.add_cleanup(driver.alc.reset_clock)
        if self._disconnects:
            driver.connect()
        for happening in self._story.happened:
            self._note(happening.says)
            PLAYS[happening.do](self, happening)
        under_way = self._look_at_chats_under_way()
        self._end()
        webhooks_left = self._webhooks_left() if self._disconnects else None
        return observe(Played(driver, self._clicks, under_way, self._screens, webhooks_left), self._story.promise)

    def _note(self, text: str) -> None:
        """Report a happening, and write it into the drawing."""
        self._driver.report(text)
        self._driver.exchanges.add("User", "ALC", text, kind="note")

    def _person(self, who: int) -> str:
        if who not in self._people:
            self._people[who] = self._driver.create_person(f"Person {who}")
        return self._people[who]

    def _click(self, what: Happening) -> None:
        record_id = self._person(what.who)
        self._clicks[record_id] += 1
        if what.values.get("times", 1) > 1:
            self._driver.click_twice(record_id)
        else:
            self._screens[record_id] = self._driver.click(record_id)

    def _open_chats(self, who: int) -> list[Json]:
        return [lead for lead in self._driver.list_leads(self._person(who)) if lead["status"] == "processing"]

    def _fail(self, what: Happening) -> None:
        self._faults.append(self._driver.break_alc(**what.values))

    def _expire(self, what: Happening) -> None:
        self._driver.alc.move_clock(advance=3_601)
        if what.values:
            self._fail(what)

    def _decide(self, what: Happening) -> None:
        open_chats = self._open_chats(what.who)
        if not open_chats:
            return
        if fault := what.values.get("fault"):
            self._faults.append(self._driver.break_alc(**fault))
        self._driver.decide(open_chats[-1], str(what.values.get("interest", "interested")))

    def _fail_crm(self, what: Happening) -> None:
        route = str(what.values.get("route", "")).replace("*", self._person(what.who))
        self._crm_faults.append(self._driver.break_crm(**{**what.values, "route": route}))

    def _kill(self, what: Happening) -> None:
        if what.values.get("in_click"):
            record_id = self._person(what.who)
            self._clicks[record_id] += 1
            self._screens[record_id] = self._driver.send_and_kill(record_id)
        elif what.values.get("after_verdict"):
            if open_chats := self._open_chats(what.who):
                self._driver.decide_and_kill(open_chats[-1])
        else:
            self._driver.kill()

    def _begin_scenario(self, what: Happening) -> None:
        self._driver.begin_scenario(what.how, self._person(what.who))

    def _resend(self, what: Happening) -> None:
        leads = self._driver.list_leads(self._person(what.who))
        deliveries = [delivery for lead in leads for delivery in self._driver.alc.list_deliveries(lead["id"])]
        if deliveries:
            self._driver.alc.resend(deliveries[0 if what.how == "first" else -1]["id"])
            self._driver.alc.move_clock(advance=0)

    def _wait(self, what: Happening) -> None:
        self._driver.alc.move_clock(advance=what.values.get("seconds", 0))

    def _disconnect(self, what: Happening) -> None:
        if what.values:
            self._fail(what)
        self._driver.disconnect()
        self._is_connected = False

    def _connect(self, what: Happening) -> None:
        """Connect again, and once more as a person would if it fails."""
        if what.values:
            self._fail(what)
        for _ in range(2):
            try:
                self._driver.connect()
                self._is_connected = True
                return
            except Exception as error:
                self._driver.report(f"Connecting fails: {error}")

    def _look_at_chats_under_way(self) -> Mapping[str, str]:
        """Return what the CRM shows of each person whose only chat is under way, and of which ALC has told nothing."""
        driver, under_way = self._driver, dict[str, str]()
        for record_id, clicks in self._clicks.items():
            driver.poll(partial(driver.is_settled, record_id), timeout=SETTLED_WITHIN)
            leads = driver.list_leads(record_id)
            if clicks == 1 and [lead["status"] for lead in leads] == ["processing"]:
                under_way[record_id] = driver.attio.get_status(record_id)
        return under_way

    def _end(self) -> None:
        """Let the trouble end, have the chats decided that are under way, and deliver what waits."""
        driver = self._driver
        for fault_id in self._faults:
            driver.alc.delete_fault(fault_id)
        for fault_id in self._crm_faults:
            driver.attio.delete_fault(fault_id)
        if self._disconnects and self._is_connected:
            driver.report("The app is disconnected again.")
            driver.disconnect()
        for record_id in self._clicks:
            driver.bring_retries_forward(record_id)
            driver.poll(partial(driver.is_settled, record_id), timeout=ENDED_WITHIN)
        driver.report("The trouble is over. ALC decides on the running chats, and delivers what waits.")
        driver.alc.move_clock(until="idle", at_most=LONGEST_JUMP)
        for record_id in self._clicks:
            for lead in driver.list_leads(record_id):
                driver.alc.decide(lead["id"], "interested")
        driver.alc.move_clock(until="idle", at_most=LONGEST_JUMP)
        for record_id in self._clicks:
            driver.poll(partial(driver.has_ended, record_id), timeout=ENDED_WITHIN)

    def _webhooks_left(self) -> int:
        """Count the webhooks at ALC of the connection that was removed."""
        driver = self._driver
        token = driver.alc.create_tokens(driver.services.config.alc_client_id, ACCOUNT)
        driver.add_cleanup(driver.services.oauth.revoke, token["refresh_token"], "refresh_token")
        driver.poll(lambda: not driver.alc.list_webhooks(token["access_token"]), timeout=DELETED_WITHIN)
        return len(driver.alc.list_webhooks(token["access_token"]))


PLAYS: Mapping[str, Callable[[StoryPlayer, Happening], None]] = {
    "click": StoryPlayer._click,
    "answer": StoryPlayer._fail,
    "tokens": StoryPlayer._expire,
    "refresh": StoryPlayer._expire,
    "verdict": StoryPlayer._decide,
    "next_verdict": StoryPlayer._begin_scenario,
    "resend": StoryPlayer._resend,
    "wait": StoryPlayer._wait,
    "disconnect": StoryPlayer._disconnect,
    "connect": StoryPlayer._connect,
    "crm_answer": StoryPlayer._fail_crm,
    "kill": StoryPlayer._kill,
}
