"""Templates of paths."""

import pytest

from farthing.gateway.admin.endpoint import Endpoint


async def nothing(asked):
    return None


def match(template, path):
    return Endpoint(method="GET", path=template, summary="", answer=nothing, gives=None).match(path)


@pytest.mark.parametrize(
    ("template", "path", "named"),
    [
        ("/keys", "/farthing/v1/keys", {}),
        ("/keys/{name}", "/farthing/v1/keys/a%2Fb", {"name": "a/b"}),
        ("/keys/{name}", "/farthing/v1/keys/a/b", None),
        ("/keys/{name}", "/farthing/v1/keys/", None),
        ("/gates/{gate*}/acknowledge", "/farthing/v1/gates/openai/ft:x/acknowledge", {"gate": "openai/ft:x"}),
        ("/keys", "/farthing/v1/keys/", None),
        ("/keys", "/other/farthing/v1/keys", None),
    ],
)
def test_a_template_names_the_parts_of_a_path(template, path, named):
    assert match(template, path) == named
