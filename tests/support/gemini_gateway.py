"""A gateway with a Gemini provider, for tests, and google-genai as people use it."""

from contextlib import contextmanager

from farthing.config.engine import wall_ms
from farthing.testing import SimulatedProvider, list_prices
from support.gateway import running_gateway, write_config

PROVIDER = """
[providers.gemini]
format = "gemini"
base_url = "{url}"
{key}

{more}
"""
OUR_KEY = 'api_key = "AIza-provider-gemini"'


@contextmanager
def gemini_gateway(folder, more="", *, key=OUR_KEY, **provider):
    """Both, wired together; the provider's bill has its money from the same list prices."""
    provider.setdefault("prices", list_prices(wall_ms))
    with SimulatedProvider(**provider).in_thread() as simulated:
        config = write_config(folder, simulated.url, PROVIDER.format(url=simulated.url, key=key, more=more))
        with running_gateway(config) as gateway:
            yield gateway, simulated
