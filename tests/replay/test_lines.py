"""JSON lines, plain or gzip: objects one at a time, and what is wrong with file and line."""

import gzip

import pytest

from farthing.replay import lines
from farthing.replay.lines import BadLine, lines_of


def written(folder, text, packed=False):
    file = folder / "calls.jsonl"
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    return file


@pytest.mark.parametrize("packed", [False, True])
def test_objects_come_with_their_lines(tmp_path, packed):
    file = written(tmp_path, '{"a": 1}\n\n{"a": null, "b": 2}\n', packed)
    first, second = lines_of(file)
    assert (first.get("a"), second.get("a", "b")) == (1, 2)
    assert second.origin == f"{file}:3"
    assert second.whole() == {"a": None, "b": 2}
    assert first.get("nothing") is None


@pytest.mark.parametrize("wrong", ["[1]", "{", '"text"', "\x00"])
def test_a_line_that_is_no_object_is_named(tmp_path, wrong):
    file = written(tmp_path, '{"a": 1}\n' + wrong + "\n")
    with pytest.raises(BadLine, match=r"calls\.jsonl:2: is no JSON object"):
        list(lines_of(file))


def test_half_a_gzip_file_is_named(tmp_path):
    file = written(tmp_path, '{"a": 1}\n' * 1_000, packed=True)
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(BadLine, match="not complete"):
        list(lines_of(file))


def test_a_line_without_an_end_is_no_line(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "LONGEST_LINE", 100)
    with pytest.raises(BadLine, match="longer than 100 bytes"):
        list(lines_of(written(tmp_path, '{"a": "' + "x" * 200 + '"}\n')))


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(BadLine, match=r"cannot be read"):
        list(lines_of(tmp_path))
