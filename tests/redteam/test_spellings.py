"""The same field written in another way must mean the same to us and to the provider."""

import pytest

from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.gemini.generate import GenerateDialect
from farthing.wire.openai.responses import ResponsesDialect

GEMINI = "gemini-2.5-flash"


def gemini(body: bytes):
    return GenerateDialect(GEMINI).read(body)


@pytest.mark.parametrize("low", [rb"\u005f", rb"\u005F"])
def test_an_underscore_that_json_writes_as_an_escape_hides_no_file(low):
    part = rb'{"file%bdata":{"file%buri":"https://youtu.be/x"}}' % (low, low)
    draft = gemini(b'{"contents":[{"role":"user","parts":[{"text":"hi"},' + part + b"]}]}")
    assert draft.asked.pointers == ("contents[0].parts[1].fileData.fileUri",)
    assert b'"fileData":{"fileUri"' in draft.outbound(model=GEMINI, cap=8)


def test_an_escaped_underscore_hides_no_cap_no_choices_and_no_picture():
    config = rb'"generation\u005fconfig":{"max\u005foutput\u005ftokens":7,"candidate\u005fcount":3}'
    inline = rb'{"inline\u005fdata":{"mime\u005ftype":"image/png","data":"aGk="}}'
    asked = gemini(b'{"contents":[{"parts":[' + inline + b"]}]," + config + b"}").asked
    assert (asked.cap, asked.choices, asked.uncapped) == (7, 3, ())
    assert [part.kind for part in asked.media] == ["image"]


def test_a_field_in_both_spellings_is_refused_however_the_second_is_written():
    body = rb'{"contents":[{"parts":[{"text":"hi"}]}],"cachedContent":"a","cached\u005fcontent":"b"}'
    with pytest.raises(Exception, match="twice"):
        gemini(body)


def test_escapes_in_the_names_of_other_dialects_are_read_before_anything_is_decided():
    responses = ResponsesDialect().read(rb'{"model":"gpt-4o","input":"hi","previous\u005fresponse\u005fid":"r"}')
    assert responses.asked.pointers == ("previous_response_id",)
    messages = MessagesDialect().read(
        rb'{"model":"claude-haiku-4-5","max\u005ftokens":5,"messages":[{"role":"user","content":"hi"}],"mcp\u005fservers":[{}]}'
    )
    assert (messages.asked.cap, messages.asked.uncapped) == (5, ("mcp_servers[0]",))


@pytest.mark.parametrize(
    "tool", ["googleSearch", "google_search", "codeExecution", "urlContext", "googleMaps", "fileSearch"]
)
def test_what_google_runs_and_bills_apart_is_never_taken_for_capped(tool):
    body = b'{"contents":[{"parts":[{"text":"hi"}]}],"tools":[{"%b":{}}]}' % tool.encode()
    assert gemini(body).asked.uncapped


@pytest.mark.parametrize("modalities", [b'["IMAGE"]', b'["TEXT","image"]', b"[3]", b'["VIDEO"]'])
def test_output_at_another_price_is_never_taken_for_text(modalities):
    config = b'"generationConfig":{"responseModalities":' + modalities + b"}"
    asked = gemini(b'{"contents":[{"parts":[{"text":"hi"}]}],' + config + b"}").asked
    assert asked.uncapped == ("generationConfig.responseModalities",)
