"""``python -m fanops.cli``: the ``fanops`` command for the interpreter that runs it."""

from fanops.cli import main

main()
