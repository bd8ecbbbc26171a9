"""The four servers of the demo as processes on free ports."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import Connection, NullPool, create_engine, text

from alc_app.runtime.bell import WORK, Bell, Notifications, Pipes
from alc_app.runtime.storage.sealing import Sealer
from tests.support.servers.process import Server
from tests.support.waiting import eventually

PORTS = (10_000 + (os.getpid() * 101 + number) % 20_000 for number in itertools.count())
CLIENT_ID, CLIENT_SECRET = "alc-app", "e2e-client-secret-of-32-characters"


def keys_of_all_machines() -> dict[str, str]:
    """Return the keys that machines with one database share."""
    return {
        "ALC_APP_KEYS": Fernet.generate_key().decode(),
        "ALC_APP_SECRET_KEY": "of-all-machines-and-at-least-32-long",
    }


class Stack:
    """Web, worker, Attio stand-in and mock of ALC, in one home."""

    def __init__(self, home: Path, **settings: str) -> None:
        """Prepare the servers; `settings` are more environment variables for all of them."""
        app, alc, attio = free_ports(3)
        self.home, self._commands = home, itertools.count()
        self.app_url, self.alc_url, self.attio_url = (f"http://127.0.0.1:{port}" for port in (app, alc, attio))
        self.settings = {
            "ALC_APP_HOME": str(home),
            "ALC_APP_PORT": str(app),
            "ALC_URL": self.alc_url,
            "ALC_CLIENT_ID": CLIENT_ID,
            "ALC_CLIENT_SECRET": CLIENT_SECRET,
            "MOCK_ATTIO_PORT": str(attio),
            "MOCK_ATTIO_TOKEN": "e2e-attio-token",
            "MOCK_ATTIO_CONTROL": "1",
            "MOCK_ALC_HOME": str(home),
            "MOCK_ALC_PORT": str(alc),
            "MOCK_ALC_URL": self.alc_url,
            "MOCK_ALC_CONTROL": "1",
            "MOCK_ALC_DECIDE_AFTER": "3600",
            "MOCK_ALC_RETRY_SCHEDULE": "0,0.2,0.2,0.2,0.5,1,2,4,8,8,8",
            "MOCK_ALC_CLIENT_ID": CLIENT_ID,
            "MOCK_ALC_CLIENT_SECRET": CLIENT_SECRET,
            "MOCK_ALC_REDIRECT_URIS": f"{self.app_url}/connections/alc/callback",
            **settings,
        }
        self.alc = self.server("mock_alc", self.alc_url, "mock_alc", "serve")
        self.attio = self.server("attio", self.attio_url, "alc_app", "mock-attio")
        self.worker = self.server("worker", "", "alc_app", "worker")
        self.web = self.server("web", self.app_url, "alc_app", "serve")
        self.servers = [self.alc, self.attio, self.worker, self.web]

    def require_sign_in(self) -> None:
        """Have people sign in at the demo's provider, one more server: Robin as an admin, Imani as a member."""
        issuer = f"http://127.0.0.1:{free_ports(1)[0]}"
        settings = {
            "ALC_APP_AUTH": "oidc",
            "ALC_APP_ADMINS": "robin@example.com",
            "ALC_APP_MEMBERS": "groups=alc-members",
            "ALC_APP_OIDC_ISSUER": issuer,
            "ALC_APP_OIDC_CLIENT_ID": "alc-app",
            "ALC_APP_OIDC_CLIENT_SECRET": "e2e-provider-secret",
        }
        self.settings |= settings
        for server in self.servers:
            server.environment |= settings
        self.servers.insert(0, self.server("provider", issuer, "alc_app", "mock-provider"))

    def server(self, name: str, url: str, *arguments: str, **settings: str) -> Server:
        """Return another server with the same settings, which is not started."""
        return Server(name, list(arguments), url, {**self.settings, **settings}, self.home / f"{name}.log")

    def command(self, *words: str, typed: str = "", **settings: str) -> Server:
        """Start `alc-app` with these arguments, beside the servers."""
        command = self.server(f"command-{next(self._commands)}", "", "alc_app", *words, **settings)
        command.typed = typed
        command.launch()
        return command

    def __enter__(self) -> Stack:
        """Start every server and wait until all respond."""
        for server in self.servers:
            server.launch()
        for server in self.servers:
            server.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop every server."""
        running = [server for server in self.servers if server.is_running]
        for server in running:
            server.terminate()
        for server in running:
            server.wait_or_kill()

    def lead(self, record_id: str) -> dict[str, object]:
        """Return the newest row of a record in the app's table `lead`."""
        query = "select * from lead where record_id = :record_id order by created_at desc limit 1"
        with self.sql("app") as connection:
            return dict(connection.execute(text(query), {"record_id": record_id}).mappings().one())

    def record_sync(self, record_id: str) -> dict[str, object]:
        """Return the row of a record in the app's table `record_sync`."""
        with self.sql("app") as connection:
            query = text("select * from record_sync where record_id = :record_id")
            return dict(connection.execute(query, {"record_id": record_id}).mappings().one())

    def webhook_secret(self, url: str) -> str:
        """Return the secret that signs deliveries to this URL, unsealed from the app's database, once it is there."""
        handler_id = url.rpartition("/")[2]
        query = text("select secret from webhook_handler where id = :id")

        def sealed() -> str:
            with self.sql("app") as connection:
                return str(connection.execute(query, {"id": handler_id}).scalar_one() or "")

        sealer = Sealer([(self.home / "sealing_key").read_text().strip()])
        return sealer.unseal(f"webhook_handler/{handler_id}/secret", eventually(sealed))

    def make_rows_due(self) -> None:
        """Let every row that waits for a time be due now."""
        self._due_now("lead.due_at", "record_sync.due_at", "record_sync.writer_until")
        self._due_now("connection.due_at", "delivery.due_at")
        self._due_now("record_subscription.due_at", "workflow_run.due_at", "workflow_step.due_at")
        self._due_now("workflow_switch.due_at", "webhook_handler.rotate_at")
        self.ring()

    def make_subscriptions_due(self) -> None:
        """Let every subscription of a connector be due for its refresh."""
        self._due_now("connector_subscription.due_at")
        self.ring()

    def ring(self) -> None:
        """Have the workers look for due rows, as whoever stores work does."""
        url = self.settings.get("ALC_APP_DATABASE_URL")
        bell = Bell(Notifications(url) if url else Pipes(self.home / "bells"))
        bell.ring(WORK)
        bell.close()

    def make_tokens_due(self) -> None:
        """Let every token be due for its refresh, which no process has begun."""
        self._due_now("connection.refresh_at", "connection.refreshing_until")

    def _due_now(self, *columns: str) -> None:
        for table, column in (name.split(".") for name in columns):
            with self.sql("inbox" if table == "delivery" else "app") as connection:
                connection.execute(text(f"update {table} set {column} = 0 where {column} is not null"))  # noqa: S608 - ours

    @contextmanager
    def sql(self, name: str) -> Iterator[Connection]:
        """Yield a transaction on one of the app's databases."""
        url = self.settings.get("ALC_APP_DATABASE_URL")
        with create_engine(url, poolclass=NullPool).begin() if url else self.sql_of_file(name) as connection:
            yield connection

    @contextmanager
    def sql_of_file(self, name: str) -> Iterator[Connection]:
        """Yield a transaction on a SQLite file in the home, such as the stand-in's own."""
        with create_engine(f"sqlite:///{self.home / name}.db", poolclass=NullPool).begin() as connection:
            yield connection

    def logs(self) -> str:
        """Return the logs of all servers."""
        return "\n".join(server.log.read_text() for server in self.servers)


def free_ports(count: int) -> list[int]:
    """Return different ports that no process listens on.

    They are below the system's ephemeral ports, and each process starts at another number, so that tests that run in
    parallel get different ones.
    """
    found: list[int] = []
    while len(found) < count:
        port = next(PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
    return found
