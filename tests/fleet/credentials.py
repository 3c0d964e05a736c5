# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys, certificates and passwords of one fleet, generated once and kept in the fleet's folder."""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import TYPE_CHECKING

import bcrypt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fleet.layout import Layout

REGISTRY_USER = "user"
REGISTRY_PASSWORD = "password"
LIFETIME = dt.timedelta(days=365)
#: What the authority's key is for.
_SIGNS = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
)  # fmt: skip


def ensure_ssh_key(path: Path) -> str:
    """Return the public half of the SSH key at `path`; make the key first if it is missing."""
    public = path.with_name(f"{path.name}.pub")
    if not public.exists():
        key = ed25519.Ed25519PrivateKey.generate()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        write_private(path, private)
        text = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        public.write_bytes(text + b"\n")
    return public.read_text().strip()


def write_known_hosts(layout: Layout, most: int) -> None:
    """Write the keys of every host that the fleet can have where `ssh` looks for them.

    Not only of those that start now: another caller may be using more of them.
    """
    lines = []
    for number in range(1, most + 1):
        key = ensure_ssh_key(layout.folder / f"host{number}_key")
        lines.append(f"[127.0.0.1]:{layout.ssh_port(number)} {key}\n")
    content = "".join(lines)
    path = layout.folder / "known_hosts"
    if not path.exists() or path.read_text() != content:
        path.write_text(content)


def ensure_authority(folder: Path) -> Path:
    """Return the certificate of the fleet's own authority; make it and the registries' certificate if missing."""
    certificate = folder / "ca.crt"
    if not certificate.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Slipway test fleet authority")])
        authority = _certificate(name, name, key, key)
        authority = authority.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        signed = authority.add_extension(_SIGNS, critical=True).sign(key, hashes.SHA256())
        _write_server_certificate(folder, name, key)
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return certificate


def htpasswd() -> str:
    """Return the one line of the registry's password file."""
    hashed = bcrypt.hashpw(REGISTRY_PASSWORD.encode(), bcrypt.gensalt(rounds=4)).decode()
    return f"{REGISTRY_USER}:{hashed}\n"


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)


def _write_server_certificate(folder: Path, issuer: x509.Name, signer: ec.EllipticCurvePrivateKey) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry.fleet.test")])
    names: list[x509.GeneralName] = [
        x509.DNSName("registry.fleet.test"),
        x509.DNSName("open.fleet.test"),
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    request = _certificate(subject, issuer, key, signer)
    request = request.add_extension(x509.SubjectAlternativeName(names), critical=False)
    signed = request.sign(signer, hashes.SHA256())
    (folder / "registry.crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(folder / "registry.key", private)


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    """Return a certificate to be signed; it names both keys, else Python 3.13 trusts none (RFC 5280, 4.2.1)."""
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
