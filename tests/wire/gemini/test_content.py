"""What contents put into the prompt: bytes of text, media by their own headers, files as pointers. Never base64."""

import base64
import struct

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire.dialect import Media
from farthing.wire.gemini.content import may_sound, plain_base64
from farthing.wire.gemini.generate import GenerateDialect
from support.gemini_wire import asked, call, model, result, user

GEMINI = GenerateDialect("gemini-2.5-flash")
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480) + b"\xff\xef\xbe" * 3000)


def read(*parts, **fields):
    return GEMINI.read(asked(contents=[{"role": "user", "parts": list(parts)}], **fields)).asked


def inline(kind, data):
    return {
        "inlineData": {"mimeType": kind, "data": data if isinstance(data, str) else base64.b64encode(data).decode()}
    }


def test_text_counts_in_bytes_of_utf_8():
    assert read({"text": "wörld"}).text_bytes == 6
    with_system = read({"text": "a"}, systemInstruction=model({"text": "be brief"}))
    assert with_system.text_bytes == 9


def test_every_message_part_and_request_has_room_for_its_template():
    one, two = read({"text": "a"}), read({"text": "a"}, {"text": "b"})
    assert two.overhead_tokens > one.overhead_tokens > 32


@pytest.mark.parametrize("encoded", [PNG.decode(), base64.urlsafe_b64encode(base64.b64decode(PNG)).decode()])
def test_a_picture_is_measured_from_its_header_in_either_alphabet(encoded):
    made = read(inline("image/png", encoded))
    assert made.media == (Media(kind="image", bytes=len(base64.b64decode(PNG)), width=640, height=480),)
    assert made.text_bytes == 0


def test_sound_is_measured_by_its_bytes_and_has_its_own_price():
    made = read(inline("audio/mp3", b"x" * 5000))
    assert made.media == (Media(kind="audio", bytes=5000),)
    assert made.audio_input


def test_a_video_is_bounded_by_the_window_and_may_have_sound():
    made = read(inline("video/mp4", b"x" * 5000))
    assert made.media == (Media(kind="video"),)
    assert made.audio_input


def test_a_pdf_is_a_document_and_a_text_file_is_its_text():
    assert read(inline("application/pdf", b"%PDF-1.4 /Type /Page /Count 1")).media[0].kind == "document"
    made = read(inline("text/plain", "Grüße".encode()))
    assert (made.media, made.text_bytes) == ((), len("Grüße".encode()))
    assert read(inline("text/plain", b"\xff\xfe\x00")).media == (Media(kind="document"),)


def test_a_file_elsewhere_is_a_pointer():
    made = read({"fileData": {"mimeType": "video/mp4", "fileUri": "https://youtu.be/x"}})
    assert made.pointers == ("contents[0].parts[0].fileData.fileUri",)
    assert made.audio_input
    assert not read({"fileData": {"mimeType": "image/png", "fileUri": "files/a"}}).audio_input


def test_calls_results_and_signatures_count():
    body = asked(contents=[user("a"), model({**call(), "thoughtSignature": "s" * 100}), result()])
    assert GEMINI.read(body).asked.text_bytes >= 1 + len("get_order") * 2 + 100 + len('{"order_id":"A-1001"}')


def test_a_picture_inside_a_result_is_a_picture():
    answer = {"functionResponse": {"name": "shoot", "response": {}, "parts": [inline("image/png", PNG.decode())]}}
    assert read(answer).media[0].width == 640


def test_what_a_part_says_of_its_reading_is_no_prompt_and_what_is_unknown_is():
    assert read({"text": "a", "thought": True, "videoMetadata": {"fps": 2}}).text_bytes == 1
    assert read({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "4"}}).text_bytes > 20


@pytest.mark.parametrize(
    ("part", "field"),
    [({"text": 5}, "contents[0].parts[0].text"), ("x", "contents[0].parts[0]"),
     ({"inlineData": {"mimeType": "image/png"}}, "contents[0].parts[0].inlineData.data"),
     ({"fileData": {}}, "contents[0].parts[0].fileData.fileUri"),
     ({"functionCall": {"args": {}}}, "contents[0].parts[0].functionCall.name"),
     ({"functionResponse": {"name": "x", "response": "no"}}, "contents[0].parts[0].functionResponse.response")],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused_by_name(part, field):
    with pytest.raises(BadRequest) as refused:
        read(part)
    assert refused.value.field == field


def test_a_role_of_another_type_is_refused():
    with pytest.raises(BadRequest):
        GEMINI.read(asked(contents=[{"role": 5, "parts": []}]))


def test_base64_of_urls_is_read_as_base64():
    assert plain_base64("a-b_c") == "a+b/c"
    assert may_sound("")
    assert may_sound("video/mp4")
    assert not may_sound("application/pdf")
