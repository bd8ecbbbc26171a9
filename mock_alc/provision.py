"""Creates the services of one mock, and the rows that a new database needs."""

import secrets
from typing import get_args

from mock_alc.background.work import Work
from mock_alc.background.worker import Job, Worker
from mock_alc.base.accounts import provision_demo_account
from mock_alc.base.clock import Clock, VirtualClock
from mock_alc.base.database import Database
from mock_alc.base.rate_limits import SlidingWindow
from mock_alc.base.sealing import Sealer, key_from_home
from mock_alc.config import Config
from mock_alc.double.fault import DeliveryTrouble, RequestTrouble
from mock_alc.double.faults import Faults
from mock_alc.double.request_log import ReceivedRequests
from mock_alc.double.time_travel import TimeTravel
from mock_alc.housekeeping import Housekeeping
from mock_alc.leads.agent import Agent
from mock_alc.oauth.clients import provision_client
from mock_alc.oauth.issue import revoke_all
from mock_alc.scenarios.operations import OPERATIONS
from mock_alc.scenarios.runner import ScenarioRunner
from mock_alc.services import Services
from mock_alc.webhooks.delivery import Sender
from mock_alc.webhooks.registrations import EVENTS

API_PATHS = ("/api/", "/oauth/", "/.well-known/")
"""Below these paths requests are recorded, and can have faults."""
TROUBLES = (*get_args(RequestTrouble), *get_args(DeliveryTrouble))
WRONG_CREDENTIALS_A_MINUTE = 10
DECISIONS_A_MINUTE = 60


def make_services(config: Config, real: Clock) -> Services:
    """Open the database, create missing tables and rows, and create the services; nothing runs yet."""
    clock, faults = VirtualClock(real), Faults(API_PATHS, TROUBLES, (*EVENTS, "webhook.test"))
    database = Database(config.database)
    secret_key = secrets.token_urlsafe(32) if database.in_memory else key_from_home(config.key_home)
    sealer = Sealer(secret_key)
    sender = Sender(database, sealer, clock, config, faults)
    jobs: list[Job] = [Agent(database, clock), sender, Housekeeping(database, clock)]

    def provision() -> None:
        with database.write() as session:
            provision_demo_account(session, config.demo_email)
            provision_client(session, config)

    database.create_tables()
    provision()
    worker = Worker(jobs, sender, clock)
    return Services(
        config=config,
        clock=clock,
        database=database,
        secret_key=secret_key,
        sealer=sealer,
        sender=sender,
        worker=worker,
        time=TimeTravel(clock, Work(database, worker, sender)),
        provision=provision,
        faults=faults,
        received=ReceivedRequests(),
        operations=tuple(OPERATIONS.values()),
        scenarios=ScenarioRunner(database, faults, clock, revoke_all),
        wrong_credentials=SlidingWindow(WRONG_CREDENTIALS_A_MINUTE, clock),
        decisions=SlidingWindow(DECISIONS_A_MINUTE, clock),
    )
