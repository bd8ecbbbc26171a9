"""An nginx for tests, from Debian's package, and certificates that the servers of a test trust."""

from __future__ import annotations

import datetime
import ipaddress
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.waiting import eventually

HOW_TO_GET_ONE = "No nginx here: on Debian, apt-get install nginx-light. These tests are skipped."
HTTP = """
daemon off;
{user}
worker_processes 1;
error_log {home}/error.log;
pid {home}/pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    {servers}
}}
"""


def program() -> str | None:
    """Return the path of nginx, or None if there is none."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def serving(home: Path, servers: str) -> Iterator[None]:
    """Run an nginx with these parts of its `http` block."""
    nginx = program()
    assert nginx, HOW_TO_GET_ONE
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(HTTP.format(home=home, servers=servers, user=user))
    log = home / "error.log"
    process = subprocess.Popen([nginx, "-p", home, "-e", log, "-c", home / "nginx.conf"])  # noqa: S603 - Debian's own
    try:
        eventually(lambda: (home / "pid").exists() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def make_certificate(home: Path, names: Sequence[str]) -> tuple[Path, Path]:
    """Make a certificate for names and addresses, signed by itself. Returns its file, which holds the key too,
    and a bundle by which requests trusts it beside everybody else."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_name(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    own, bundle = home / "certificate.pem", home / "bundle.pem"
    private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    own.write_bytes(made + key.private_bytes(*private))
    bundle.write_bytes(Path(certifi.where()).read_bytes() + made)
    return own, bundle


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
