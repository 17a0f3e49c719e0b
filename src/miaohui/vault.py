"""The workspace's secret and all that is derived from it: keyed hashes, encrypted fields, signatures.

One secret of 32 random bytes (hex) lies in the file `MIAOHUI_SECRET_FILE`, made at the first start, mode 0600. Every purpose
has a key of its own (HKDF-SHA256 of the secret, named by workspace and purpose), so that no signature can stand in for another.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Vault:
    """Keys of one workspace."""

    def __init__(self, secret: bytes, workspace: str) -> None:
        self._secret, self._workspace = secret, workspace
        self._keys: dict[str, bytes] = {}
        self._hashes: dict[str, hashlib.blake2b] = {}

    @classmethod
    def open(cls, file: Path, workspace: str) -> "Vault":
        """Read the secret of `file`, made now if there is none. ValueError if the file holds something else."""
        if not file.exists():
            _make(file)
        try:
            secret = bytes.fromhex(file.read_text().strip())
        except ValueError:
            secret = b""
        if len(secret) != 32:
            raise ValueError(
                f"{file} must hold 64 hex digits: restore the file, or remove it to begin with a new secret"
            )
        return cls(secret, workspace)

    def key(self, purpose: str) -> bytes:
        """The 32-byte key of one purpose."""
        if purpose not in self._keys:
            info = f"miaohui/{self._workspace}/{purpose}".encode()
            self._keys[purpose] = HKDF(SHA256(), 32, salt=None, info=info).derive(self._secret)
        return self._keys[purpose]

    def hash(self, purpose: str, value: str) -> str:
        """Keyed hash of `value`, 32 hex digits: equal values are seen as equal, nothing else is seen."""
        keyed = self._hashes.get(purpose)
        if keyed is None:
            keyed = self._hashes[purpose] = hashlib.blake2b(key=self.key(purpose), digest_size=16)
        hash = keyed.copy()  # it has read its key
        hash.update(value.encode())
        return hash.hexdigest()

    def sign(self, purpose: str, text: str) -> str:
        """HMAC-SHA256 of `text`, hex."""
        return hmac.new(self.key(purpose), text.encode(), hashlib.sha256).hexdigest()

    def signed(self, purpose: str, text: str, signature: str) -> bool:
        """Whether `signature` is ours; takes the same time whatever it is."""
        return hmac.compare_digest(self.sign(purpose, text).encode(), signature.encode())

    def encrypt(self, text: str) -> bytes:
        """`text` under AES-256-GCM: 12 bytes of nonce, then the ciphertext."""
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, text.encode(), None)

    def decrypt(self, sealed: bytes) -> str:
        """What `encrypt` sealed; ValueError if it was sealed with another secret or changed."""
        try:
            return self._cipher.decrypt(sealed[:12], sealed[12:], None).decode()
        except InvalidTag:
            raise ValueError("a stored value cannot be read with this secret: restore MIAOHUI_SECRET_FILE") from None

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self.key("fields"))


def _make(file: Path) -> None:
    """A new secret in `file`, whole or not at all: of several that start at the same moment one makes it, the others read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
            f.write(secrets.token_hex(32) + "\n")
            f.flush()
            os.fsync(f.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)
