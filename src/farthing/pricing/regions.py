"""Addresses at which a maker's list prices may not hold: OpenAI's regional hosts bill some models dearer (data residency).

Ten per cent, as of 2026, for models since GPT-5.4; which ones, no source that the book is compiled from says: `genai-prices`
has the prices of api.openai.com and says that it leaves that uplift out. So there only `[[prices]]` say what a call costs.
https://platform.openai.com/docs/pricing, https://platform.openai.com/docs/guides/your-data
"""

import re

REGIONAL = "openai-regional"
"""What a client in process calls the provider at such a host; `[[prices]]` may name it."""
WHY = "OpenAI bills an uplift for some models at its regional addresses, and no source says for which"
"""Why such a call has no price of the book's."""

_HOST = re.compile(r"[a-z0-9-]+\.api\.openai\.com")


def is_regional(host: str) -> bool:
    """Whether this is one of OpenAI's regional hosts, like `eu.api.openai.com`."""
    return _HOST.fullmatch(host.lower().rstrip(".")) is not None
