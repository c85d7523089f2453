"""The description of the admin side: complete, closed in itself, and true."""

import json
import re

from farthing.gateway.admin.door import ENDPOINTS, description
from farthing.gateway.admin.openapi import describe, shown_path
from support.admin import ask

DOCUMENT = json.loads(description())


def test_every_endpoint_is_described_once():
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == {(each.method, shown_path(each.path)) for each in ENDPOINTS}
    ids = [each["operationId"] for methods in DOCUMENT["paths"].values() for each in methods.values()]
    assert len(set(ids)) == len(ids)


def test_every_reference_leads_somewhere():
    text = json.dumps(DOCUMENT)
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in DOCUMENT["components"]["schemas"], name


def test_every_parameter_of_a_path_is_declared():
    for path, methods in DOCUMENT["paths"].items():
        for each in methods.values():
            declared = {p["name"] for p in each["parameters"] if p["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))


def test_bodies_forbid_what_they_do_not_name():
    schemas = DOCUMENT["components"]["schemas"]
    for name in ("NewKey", "NewBudget", "BudgetRules", "RaiseBudget", "SettleCall"):
        assert schemas[name]["additionalProperties"] is False
    assert "digest" not in schemas["KeyView"]["properties"]


def test_queries_are_parameters():
    calls = DOCUMENT["paths"]["/farthing/v1/calls"]["get"]["parameters"]
    assert {"limit", "before", "key", "run", "outcome", "label.{name}"} == {each["name"] for each in calls}


def test_it_is_served_as_it_is_made(one_gateway):
    answer = ask(one_gateway, "GET", "/farthing/openapi.json")
    assert answer.json() == json.loads(json.dumps(describe(ENDPOINTS))) == DOCUMENT
    assert answer.json()["openapi"] == "3.1.0"
