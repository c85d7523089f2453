"""Every mandatory column of both versions is there, and none that a version does not know."""

import json
from importlib.resources import files

import pytest

from farthing.billing.focus_columns import COUNTS, DECIMALS, MOMENTS, OURS, VERSIONS, columns


@pytest.mark.parametrize("version", VERSIONS)
def test_columns_stand_once_and_ours_come_last(version):
    names = columns(version)
    assert len(set(names)) == len(names)
    assert names[-len(OURS) :] == OURS
    assert all(name.startswith("x_") == (name in OURS) for name in names)
    assert (DECIMALS | COUNTS | MOMENTS) - set(columns("1.2")) - set(columns("1.4")) == set()


def test_1_4_has_what_it_must_and_nothing_it_does_not_know():
    pytest.importorskip("focus_data_toolkit", reason="the model of FOCUS 1.4: pip install focus-data-toolkit")
    model = json.loads((files("focus_data_toolkit.model") / "focus_1_4_model.json").read_text())
    known = model["datasets"]["Cost and Usage"]["columns"]
    mandatory = {name for name, column in known.items() if column["feature_level"] == "Mandatory"}
    ours = set(columns("1.4")) - set(OURS)
    assert mandatory <= ours <= set(known)


def test_1_2_names_providers_its_own_way():
    assert {"ProviderName", "PublisherName"} <= set(columns("1.2"))
    assert not {"ServiceProviderName", "HostProviderName", "AllocatedMethodId"} & set(columns("1.2"))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_reference_tells_of_every_column(version):
    from support.pages import DOCS

    told = {}
    for text in (DOCS / "reference" / "focus.md").read_text().splitlines():
        cells = [cell.strip() for cell in text.split("|")]
        if len(cells) >= 5 and cells[1].startswith("`"):
            told[cells[1].strip("`")] = cells[2]
    shown = {name for name, versions in told.items() if versions in ("both", "ours", version)}
    assert shown == set(columns(version))
