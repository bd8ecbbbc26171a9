"""The whole house with a chaos proxy on every wire: to ALC, to Attio, and from ALC to us."""

from __future__ import annotations

from pathlib import Path

from tests.support.chaos.proxy import ChaosProxy
from tests.support.servers.stack import Stack


class HostileStack(Stack):
    """Tests reach the servers at `app_url`, `alc_url` and `attio_url`; the servers reach each other by proxy."""

    def __init__(self, home: Path, *, one_process: bool = True) -> None:
        super().__init__(home)
        self.to_app, self.to_alc, self.to_attio = self.proxies = tuple(
            ChaosProxy(url) for url in (self.app_url, self.alc_url, self.attio_url)
        )
        by_proxy = {
            "ALC_APP_URL": self.to_app.url,
            "ALC_URL": self.to_alc.url,
            "MOCK_ALC_URL": self.to_alc.url,
            "ATTIO_URL": self.to_attio.url,
            "MOCK_ALC_REDIRECT_URIS": f"{self.to_app.url}/connections/alc/callback",
        }
        for server in self.servers:
            server.environment |= by_proxy
        if one_process:  # quicker to start
            self.web.arguments.append("--with-worker")
            self.servers = [self.alc, self.attio, self.web]

    def heal(self) -> None:
        """From now on nothing goes wrong any more."""
        for proxy in self.proxies:
            proxy.heal()

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        for proxy in self.proxies:
            proxy.close()
