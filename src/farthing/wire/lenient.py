"""Reading what a provider sent: only the fields we need, the rest may have any shape, and nothing may raise past us."""

import msgspec

NOTHING = msgspec.Raw(b"null")
"""A part that is absent or null."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for bytes that are not the JSON it expects, however hostile."""
