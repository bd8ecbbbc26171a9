"""All servers, with a fault-injecting proxy before each of app, ALC and Attio."""

from __future__ import annotations

from pathlib import Path

from tests.support.chaos.proxy import ChaosProxy
from tests.support.servers.stack import Stack


class ProxiedStack(Stack):
    """A stack whose servers reach each other through proxies; tests reach the servers directly."""

    def __init__(self, home: Path, *, one_process: bool = True, **settings: str) -> None:
        """Prepare the servers; with `one_process`, the worker runs in the web process, which starts sooner."""
        super().__init__(home, **settings)
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
        if one_process:
            self.web.arguments.append("--with-worker")
            self.servers = [self.alc, self.attio, self.web]

    def heal(self) -> None:
        """Remove every fault from the proxies."""
        for proxy in self.proxies:
            proxy.heal()

    def __exit__(self, *exception: object) -> None:
        """Stop the servers and the proxies."""
        super().__exit__(*exception)
        for proxy in self.proxies:
            proxy.close()
