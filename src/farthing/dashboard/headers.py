"""The headers of every answer: nothing is kept, framed, guessed or fetched from elsewhere; and our two cookies."""

from farthing.gateway.reply import Headers

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No inline script or style, nothing evaluated, nothing from anywhere else."""

SAFE: Headers = (
    (b"content-security-policy", CSP.encode()),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # `no-referrer` would make the Origin of our own forms `null`
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
PRIVATE = (b"cache-control", b"no-store")
FOR_EVER = (b"cache-control", b"public, max-age=31536000, immutable")

THEME = "farthing_theme"
"""Set by the page's own script: `light`, `dark`, or not there."""


def cookie_name(host: str) -> str:
    """Cookies are shared by all ports of a machine, so the port stands in the name."""
    port = host.rpartition(":")[2]
    return f"farthing_{port}" if port.isdigit() else "farthing"


def cookie(host: str, value: str, *, seconds: int, secure: bool) -> tuple[bytes, bytes]:
    """The header that sets the session's cookie: unreadable for scripts, never sent from another site."""
    said = f"{cookie_name(host)}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}"
    return b"set-cookie", f"{said}; Secure".encode() if secure else said.encode()
