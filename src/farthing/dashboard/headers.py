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


def cookie_name(mark: str, *, https: bool) -> str:
    """Cookies are shared by all ports of a machine, so the installation's mark stands in the name. Over TLS the browser
    itself sees to it that nobody but this very host has set it."""
    return f"__Host-farthing_{mark}" if https else f"farthing_{mark}"


def cookie(mark: str, value: str, *, seconds: int, https: bool) -> tuple[bytes, bytes]:
    """The header that sets the session's cookie: unreadable for scripts, never sent from another site, and over plain
    HTTP not to the ordinary pages of another program on this machine."""
    place = "Path=/; Secure" if https else "Path=/dashboard"  # the prefix `__Host-` asks for the first
    said = f"{cookie_name(mark, https=https)}={value}; {place}; HttpOnly; SameSite=Strict; Max-Age={seconds}"
    return b"set-cookie", said.encode()
