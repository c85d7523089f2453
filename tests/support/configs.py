"""Configurations for tests: a file written and loaded in one step, and the problems it has."""

from pathlib import Path
from textwrap import dedent

from farthing.config.load import load
from farthing.config.problems import BadConfigs
from farthing.config.settings import Settings

ENVIRONMENT = {"OPENAI_API_KEY": "sk-test-openai", "BOT_KEY": "b" * 32}


def load_text(folder: Path, text: str, environment=None, **flags) -> Settings:
    """The settings of a `farthing.toml` with this text, in this folder."""
    file = folder / "farthing.toml"
    file.write_text(dedent(text), "utf-8")
    return load(file, ENVIRONMENT if environment is None else environment, flags)


def problems(folder: Path, text: str, environment=None) -> list[str]:
    """What is wrong with this text, a line each, with the folder left out; [] where nothing is."""
    try:
        load_text(folder, text, environment)
    except BadConfigs as error:
        return [str(problem).replace(f"{folder}/", "") for problem in error.problems]
    return []


def warnings(settings: Settings) -> list[str]:
    """The warnings as lines, with the folder left out."""
    return [str(warning).replace(f"{Path(settings.file).parent}/", "") for warning in settings.warnings]
