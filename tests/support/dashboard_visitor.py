"""A browser without a screen: keeps cookies, sends forms as pages do, and finds the token that they carry."""

import re

import httpx2

TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')


class Visitor:
    """One browser at one gateway."""

    def __init__(self, url: str, **headers: str) -> None:
        self.url = url
        self.client = httpx2.Client(trust_env=False, timeout=30, base_url=url, headers=headers)

    def get(self, path: str, **headers: str):
        """A page; nothing is followed."""
        return self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def token(self, path: str = "/dashboard/budgets") -> str:
        """The token of the forms on this page."""
        found = TOKEN.search(self.get(path).text)
        assert found, f"no form on {path}"
        return found[1]

    def send(
        self, path: str, on: str = "/dashboard/budgets", token: str | None = None, origin: str | None = None, **fields
    ):
        """A form of the page `on`, sent as its own browser would."""
        said = {"token": self.token(on) if token is None else token, **fields}
        headers = {"origin": self.url if origin is None else origin, "sec-fetch-site": "same-origin"}
        return self.client.post(path, data=said, headers=headers)

    def log_in(self, key: str, to: str = "/dashboard"):
        return self.send("/dashboard/login", on="/dashboard/login", key=key, to=to)

    def close(self) -> None:
        self.client.close()
