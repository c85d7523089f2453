"""`python -m farthing.cli`: the command line."""

from farthing.cli.main import main

main(prog_name="farthing")
