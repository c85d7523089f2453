"""The store that settings name, behind all its ports."""

import pytest

from farthing.config.store import open_store, path_of
from farthing.domain.errors import BadConfig
from farthing.ports.ledger import Ledger
from support.engines import FILE, settings_in

MEMORY = FILE.replace("sqlite:///{folder}/farthing.db", "memory:")


def opened(settings):
    return open_store(settings, what="test", clock=lambda: 1_800_000_000_000)


@pytest.mark.parametrize("text", [FILE, MEMORY], ids=["sqlite", "memory"])
def test_a_store_is_all_its_ports(tmp_path, text):
    store = opened(settings_in(tmp_path, text=text))
    try:
        assert store.directory.load().keys == ()
        assert store.records.recent(limit=5) == ()
        assert len(store.skeleton_key) == 32
        assert store.mint(1_800_000_000_000) > 0
        missing = [name for name in vars(Ledger) if not name.startswith("_") and not hasattr(store.ledger, name)]
        assert not missing
    finally:
        store.close()


def test_a_file_keeps_its_own_secret_and_makes_no_id_twice(tmp_path):
    settings = settings_in(tmp_path)
    first = opened(settings)
    key = first.skeleton_key
    first.close()
    second = opened(settings)
    try:
        assert second.skeleton_key == key
    finally:
        second.close()


def test_a_store_says_where_it_is(tmp_path):
    assert path_of(settings_in(tmp_path)) == tmp_path / "farthing.db"
    assert path_of(settings_in(tmp_path, text=MEMORY)) is None
    import msgspec

    settings = settings_in(tmp_path)
    odd = msgspec.structs.replace(settings, store=msgspec.structs.replace(settings.store, url="postgresql://x"))
    with pytest.raises(BadConfig, match="not active"):
        path_of(odd)
