"""The worked example of the runtime's README on loopback: nginx, two machines, a provider, Postgres, in production.

The listings are taken from the README. Only what names a machine or a secret is replaced: 10.0.0.x by 127.0.0.x.
"""

from __future__ import annotations

import re
import shlex
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text
from waitress.server import create_server

from alc_app.cli.mock_provider import Client, MockProvider
from alc_app.web.limits import REFUSED_DELIVERIES
from tests.support.people import User
from tests.support.servers import nginx
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.process import Server
from tests.support.servers.stack import CLIENT_ID, CLIENT_SECRET, free_ports, keys_of_all_machines

A_FLOOD = REFUSED_DELIVERIES.times
"""So many forgeries in a minute are refused with 401, and then with 429."""
README = (Path(__file__).parents[3] / "alc_app" / "runtime" / "README.md").read_text()
PROXY, FIRST, SECOND = "127.0.0.10", "127.0.0.11", "127.0.0.12"
ADDRESSES = ["127.0.0.1", PROXY, FIRST, SECOND]
TOKEN, PROVIDER_SECRET = "e2e-attio-token", "e2e-provider-secret"


def listing(language: str, holding: str) -> str:
    """The listing of the README that holds this."""
    found = [each for each in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if holding in each]
    assert len(found) == 1
    return str(found[0])


def variables() -> list[str]:
    """The environment variables that the README sets, and its own values."""
    lines = [line for line in listing("sh", "ALC_APP_ENV=production").splitlines() if line.startswith("export ")]
    return [word for line in lines for word in shlex.split(line, comments=True)[1:]]


def commands() -> list[list[str]]:
    """The commands that the README runs."""
    lines = listing("sh", "ALC_APP_ENV=production").splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith(".venv/bin/alc-app")]


class Example:
    """Everything that the README names, on loopback."""

    def __init__(self, home: Path, database_url: str) -> None:
        self.home, self.database_url = home, database_url
        self.plain, self.secure, self.port, *tls = free_ports(9)
        self.ports = {"alc": tls[:2], "attio": tls[2:4], "provider": tls[4:6]}
        self.url = f"https://127.0.0.1:{self.secure}"
        self.certificate, self.bundle = nginx.make_certificate(home, ADDRESSES)
        self.environment = self._environment()
        self.webs = [self._command("web-1", 1), self._command("web-2", 1)]
        for number, (web, host) in enumerate(zip(self.webs, (FIRST, SECOND), strict=True)):
            web.url, web.arguments[-1] = f"http://{host}:{self.port}", host
            web.environment = {**web.environment, "ALC_APP_PORT": str(self.port), "ALC_APP_HOME": self._home(number)}
        self.worker = self._command("worker", 2)
        self.servers = [*self._peers(), *self.webs, self.worker]
        self.alc = Alc(f"http://127.0.0.1:{self.ports['alc'][1]}")
        self.attio = Attio(f"http://127.0.0.1:{self.ports['attio'][1]}", TOKEN)

    def outside(self, name: str) -> str:
        """The https address of ALC, Attio or the provider."""
        return f"https://127.0.0.1:{self.ports[name][0]}"

    def _home(self, number: int) -> str:
        home = self.home / f"machine-{number}"
        home.mkdir()
        return str(home)

    def _environment(self) -> dict[str, str]:
        """The README's variables, each with a value of ours if it names a place or a secret."""
        ours = {
            "ALC_APP_URL": self.url,
            "ALC_APP_DATABASE_URL": self.database_url,
            **keys_of_all_machines(),
            "ALC_URL": self.outside("alc"),
            "ALC_CLIENT_ID": CLIENT_ID,
            "ALC_CLIENT_SECRET": CLIENT_SECRET,
            "ATTIO_API_TOKEN": TOKEN,
            "ALC_APP_OIDC_ISSUER": self.outside("provider"),
            "ALC_APP_OIDC_CLIENT_ID": "alc-app",
            "ALC_APP_OIDC_CLIENT_SECRET": PROVIDER_SECRET,
        }
        given = dict(each.split("=", 1) for each in variables())
        assert set(ours) <= set(given), "what a deployment needs is in the README"
        kept = {name: value.replace("10.0.0.", "127.0.0.") for name, value in given.items()}
        return {**kept, **ours, "ATTIO_URL": self.outside("attio"), "ALC_APP_HOME": str(self.home)}

    def _command(self, name: str, number: int) -> Server:
        """One of the README's commands as a server that trusts our certificates."""
        arguments = ["tests.support.servers.trusting", str(self.bundle), "alc_app", *commands()[number]]
        return Server(name, arguments, "", self.environment, self.home / f"{name}.log")

    def _peers(self) -> list[Server]:
        """ALC and Attio, which answer at plain http; our nginx stands before them, too."""
        ports, trusting = self.ports, ["tests.support.servers.trusting", str(self.bundle)]
        alc = {
            "MOCK_ALC_URL": self.outside("alc"),
            "MOCK_ALC_PORT": str(ports["alc"][1]),
            "MOCK_ALC_HOME": str(self.home),
            "MOCK_ALC_CONTROL": "1",
            "MOCK_ALC_ALLOW_LOOPBACK_TARGETS": "1",
            "MOCK_ALC_DECIDE_AFTER": "3600",
            "MOCK_ALC_RETRY_SCHEDULE": "0,0.2,0.5,1,2,4,8,8,8",
            "MOCK_ALC_CLIENT_ID": CLIENT_ID,
            "MOCK_ALC_CLIENT_SECRET": CLIENT_SECRET,
            "MOCK_ALC_REDIRECT_URIS": f"{self.url}/connections/alc/callback",
        }
        attio = {
            "ALC_APP_HOME": str(self.home),
            "MOCK_ATTIO_PORT": str(ports["attio"][1]),
            "MOCK_ATTIO_TOKEN": TOKEN,
        }
        urls = [f"http://127.0.0.1:{ports[name][1]}" for name in ("alc", "attio")]
        return [
            Server("mock_alc", [*trusting, "mock_alc", "serve"], urls[0], alc, self.home / "mock_alc.log"),
            Server("attio", [*trusting, "alc_app", "mock-attio"], urls[1], attio, self.home / "attio.log"),
        ]

    def nginx(self) -> str:
        """The README's configuration, and a server each for ALC, Attio and the provider."""
        replaced = {
            "10.0.0.": "127.0.0.", ":8000": f":{self.port}", "listen 80;": f"listen {self.plain};",
            "listen 443": f"listen {self.secure}", "https://leads.example.com": self.url,
            "leads.example.com;": "127.0.0.1;", "/etc/ssl/leads.example.com.pem": str(self.certificate),
            "/etc/ssl/leads.example.com.key": str(self.certificate),
        }  # fmt: skip
        text = listing("nginx", "upstream alc_app")
        for old, new in replaced.items():
            assert old in text, f"the README says {old}"
            text = text.replace(old, new)
        others = [
            f"server {{ listen {tls} ssl; ssl_certificate {self.certificate}; ssl_certificate_key {self.certificate};"
            f" location / {{ proxy_pass http://127.0.0.1:{plain}; proxy_set_header Host $http_host; }} }}"
            for tls, plain in self.ports.values()
        ]
        return f"proxy_bind {PROXY};\n{text}\n" + "\n".join(others)

    def provider(self) -> MockProvider:
        """The provider of the demo, at an https address."""
        return MockProvider(self.outside("provider"), Client("alc-app", PROVIDER_SECRET, self.url))

    def user(self, sub: str = "") -> User:
        """A browser; with `sub`, somebody who has signed in."""
        user = User(self.url)
        user.session.verify = str(self.bundle)
        if sub:
            assert user.sign_in(sub).url == f"{self.url}/people"
        return user

    def counted(self) -> set[str]:
        """Who has been counted for signing in."""
        with create_engine(self.database_url, poolclass=NullPool).connect() as connection:
            names = connection.execute(text("select name from rate_limit_slot where name like 'limit: sign in%'"))
            return {name.rpartition(" ")[2] for (name,) in names}

    def logs(self) -> str:
        return "\n".join(server.log.read_text() for server in self.servers)

    @contextmanager
    def running(self) -> Iterator[Example]:
        """Run all of it."""
        provider = create_server(self.provider().app, host="127.0.0.1", port=self.ports["provider"][1], ident=None)
        threading.Thread(target=provider.run, daemon=True).start()
        try:
            for server in self.servers:
                server.launch()
            for server in self.servers:
                server.wait_until_ready()
            with nginx.serving(self.home, self.nginx()):
                yield self
        finally:
            for server in self.servers:
                if server.is_running:
                    server.kill()
            provider.close()
